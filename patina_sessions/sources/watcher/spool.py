"""Facts on their way from the watcher to the recorder: one small file a batch, whole by rename, removed once logged.

The log has one writer, who holds its lock and knows its numbers; a watcher that wrote it would load half of Patina.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from patina_sessions.errors import PatinaError
from patina_sessions.events import codec
from patina_sessions.model import Fact, FilesChanged, FilesGap
from patina_sessions.paths import Layout
from patina_sessions.system import files

log = logging.getLogger(__name__)


def write(layout: Layout, name: str, facts: Sequence[Fact]) -> None:
    """Set facts aside under a name that nobody had and that sorts after the ones before. Raises `PatinaError`."""
    lines = []
    for fact in facts:
        plain = {"type": codec.type_of(fact.data), "time": fact.time.isoformat(), "key": fact.key}
        lines.append(codec.dump({**plain, "data": codec.as_json(fact.data)}))
    files.make_folder(layout.watched)
    data, path = b"".join(lines), layout.watched / f"{name}.in"
    files.require_room(path, len(data))
    files.write(path, data, durable=False)


def read(layout: Layout) -> tuple[tuple[Fact, ...], tuple[Path, ...]]:
    """Return the facts that wait, oldest first, and the files that hold them."""
    facts: list[Fact] = []
    used: list[Path] = []
    for name in files.names(layout.watched):
        if not name.endswith(".in"):
            continue
        path = layout.watched / name
        used.append(path)
        try:
            facts += [_fact(line) for line in (files.read(path) or b"").splitlines()]
        except (ValueError, KeyError, TypeError):
            log.warning("%s holds no facts; it is dropped", name)
    return tuple(facts), tuple(used)


def waiting(layout: Layout) -> int:
    """Return how many batches nobody has taken yet."""
    try:
        return len(files.names(layout.watched))
    except PatinaError:
        return 0


def _fact(line: bytes) -> Fact:
    plain = json.loads(line)
    kind = {"files.changed": FilesChanged, "files.gap": FilesGap}[plain["type"]]
    data = codec.from_json(kind, plain["data"])
    return Fact(time=datetime.fromisoformat(plain["time"]), data=data, key=plain["key"])
