"""Whether anything can have happened since the sources were last asked: told by a few files, before a source is loaded.

It may say "perhaps" too often and must never say "no" wrongly. Sources cost a command more than all else that it does.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from patina_sessions.paths import Layout
from patina_sessions.recorder.state import State
from patina_sessions.sources import remotes
from patina_sessions.system import clock, files, untrusted

_TICK = 0.05  # seconds within which two changes of a file may bear one time


def holds(layout: Layout, state: State) -> bool:
    """Tell whether the state is what a look at everything would leave: in git, in the spools and in the journal."""
    journal = untrusted.signature(layout.journal)
    return (
        state.still is not None
        and not (state.due or state.lost)
        and not (state.carry.replay or state.carry.turns.open)  # whose end no file may tell
        and journal == state.signature
        and (journal is None) == (state.session is None)
        and token(layout) == state.still
    )


def token(layout: Layout) -> str | None:
    """Return what is another one whenever a source may have something new; None where one has to look."""
    if _waiting(layout):
        return None
    head = files.read(layout.git / "HEAD") or b""  # not kept itself: the name of a branch may be a secret
    said: list[str] = []
    if head.startswith(b"ref: "):
        ref = os.fsdecode(head[5:].strip())
        said.append(repr(None if ".." in ref else files.read(layout.common.git / ref)))
    for path in _changing(layout):
        seen = files.signature(path)
        if seen is not None and abs(clock.wall() - seen[3] / 1e9) < _TICK:
            return None
        said.append(f"{path} {seen}")
    return "\n".join(said)


def _waiting(layout: Layout) -> bool:
    """Tell whether something was put aside for the recorder, or a run may have died."""
    spools = (layout.common.spool, layout.watched)
    return any(files.names(spool) for spool in spools) or any(
        name.endswith(".lock") for name in files.names(layout.runs)
    )


def _changing(layout: Layout) -> Iterator[Path]:
    yield layout.git / "HEAD"
    yield layout.git / "logs" / "HEAD"
    yield layout.common.git / "packed-refs"
    # Each change of a ref or a reflog writes it anew.
    for place in dict.fromkeys((layout.git, layout.common.git)):
        yield place / "reftable" / "tables.list"
    yield from map(Path, remotes.tree(layout.common.git / "refs" / "remotes"))
