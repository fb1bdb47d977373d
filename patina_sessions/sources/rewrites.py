"""The spool of git's post-rewrite hook: which commit became which, in its own words. The reflog lacks this.

The hook puts its standard input aside whole, under a name that appears when it is complete, and the recorder removes it
once the fact is logged. What is torn, huge or nobody's is a value here, and goes the same way.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from patina_sessions.frozen import dataclass
from patina_sessions.model import Fact, Id, Rebased
from patina_sessions.system import clock
from patina_sessions.system.objects import is_id, text

NAME = re.compile(r"rewrite-(rebase|amend)-[0-9]+-*\.(in|tmp)\Z")
_MOST = 8 * 1024 * 1024  # bytes of a map that are read: a rebase of 90,000 commits
_TORN = 3600  # seconds after which a file without its last name is what a killed hook left


@dataclass(frozen=True, slots=True, kw_only=True)
class Spooled:
    """What the spool held. The files are to be removed once the facts are logged.

    Whose worktree a map belongs to it does not say: that is the one whose reflog has the new ids.
    """

    by_file: tuple[tuple[Path, Fact | None], ...] = ()  # None: nothing in it that is to be told

    @property
    def facts(self) -> tuple[Fact, ...]:
        """All maps, whosever they are."""
        return tuple(fact for _, fact in self.by_file if fact is not None)

    @property
    def files(self) -> tuple[Path, ...]:
        """All files that were read to their end."""
        return tuple(path for path, _ in self.by_file)


def read(spool: Path, *, now: datetime) -> Spooled:
    """Return the maps that wait in the spool, oldest first; of an amend the reflog tells all, so its map is no fact."""
    waiting = sorted(_waiting(spool), key=lambda found: (found[1].st_mtime_ns, found[0].name))
    found: list[tuple[Path, Fact | None]] = []
    for path, state in waiting:
        if path.name.endswith(".tmp"):
            if clock.wall() - state.st_mtime > _TORN:
                found.append((path, None))
            continue
        found.append((path, _fact(path, state, now) if path.name.startswith("rewrite-rebase-") else None))
    return Spooled(by_file=tuple(found))


def replaced(facts: Iterable[Fact]) -> dict[Id, tuple[Id, ...]]:
    """Return for every new commit of these maps the ones that it replaces, as `reflog.read` takes it."""
    olds: dict[Id, list[Id]] = {}
    for fact in facts:
        for old, new in fact.data.rewrites if isinstance(fact.data, Rebased) else ():
            olds.setdefault(new, []).append(old)
    return {new: tuple(old) for new, old in olds.items()}


def _waiting(spool: Path) -> list[tuple[Path, os.stat_result]]:
    try:
        names = [name for name in os.listdir(spool) if NAME.match(name)]
    except OSError:
        return []
    found = []
    for name in names:
        try:
            state = os.lstat(spool / name)
        except OSError:
            continue
        if stat.S_ISREG(state.st_mode):  # a pipe would be waited for
            found.append((spool / name, state))
    return found


def _fact(path: Path, state: os.stat_result, now: datetime) -> Fact | None:
    pairs = _pairs(path)
    if not pairs:
        return None
    key = hashlib.sha256(repr((state.st_mtime_ns, pairs)).encode()).hexdigest()[:32]
    time = min(clock.local(int(state.st_mtime)), now)
    return Fact(time=time, data=Rebased(phase="map", rewrites=pairs), key=key)


def _pairs(path: Path) -> tuple[tuple[Id, Id], ...]:
    """Read `old new [more]` a line; a line of another form, or one cut off, is passed over."""
    try:
        with open(path, "rb") as stream:
            data = stream.read(_MOST)
    except OSError:
        return ()
    words = (text(line).split(" ", 2) for line in data.split(b"\n"))
    return tuple((w[0], w[1]) for w in words if len(w) > 1 and is_id(w[0]) and is_id(w[1]))
