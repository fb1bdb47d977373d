"""Which commits of the history a recorded session tells of already, so that no other is made of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice

from patina_sessions.errors import PatinaError
from patina_sessions.journal import archive
from patina_sessions.recorder.drain import drain, peek
from patina_sessions.session.active import Here
from patina_sessions.session.history import Past
from patina_sessions.system import clock, untrusted
from patina_sessions.system.git import Git

_AT_ONCE = 256  # commits whose patches git is asked for in one go
_SLACK = timedelta(days=1).total_seconds()  # between an author's clock and that of the session's beginning


class Recorded:
    """The commits of the recorded sessions, and their patches, by which one is known after a rebase."""

    def __init__(self, place: Here) -> None:
        self._ids: set[str] = set()
        self._patches: set[str] = set()
        self._since = float("inf")
        self._sessions = f"{place.layout.sessions.relative_to(place.layout.top).as_posix()}/"
        with suppress(PatinaError):  # what cannot be recorded now is not known to be
            drain(place.layout, place.settings, clock.now())
        state = peek(place.layout, place.settings)
        if state.session is not None:
            self._ids.update(state.made)
        for one in archive.all(place.layout):
            meta = archive.metadata_of(untrusted.read(one.path) or b"") or {}
            if meta.get("reconstructed") is not True:
                self._add(meta.get("commits"), meta.get("rewrites"), meta.get("started"))

    def _add(self, commits: object, rewrites: object, started: object) -> None:
        made = [row for row in _rows(commits) if row and row[0]]
        self._ids.update(row[0] for row in made)
        self._ids.update(name for row in _rows(rewrites) for name in row)
        patches = {row[1] for row in made if len(row) > 1 and row[1]}
        begun = _moment(started)
        if patches and begun is not None:
            self._patches |= patches
            self._since = min(self._since, begun - _SLACK)

    def others(self, past: Iterable[Past], git: Git) -> Iterator[Past]:
        """Yield the commits that no recorded session tells of, and that are no commit of a journal alone."""
        waiting = iter(past)
        while batch := list(islice(waiting, _AT_ONCE)):
            left = [one for one in batch if one.id not in self._ids and not self._is_journal(one)]
            late = [one.id for one in left if one.authored >= self._since]
            patches = git.patch_ids(late) if late else {}
            yield from (one for one in left if patches.get(one.id) not in self._patches)

    def _is_journal(self, one: Past) -> bool:
        return bool(one.files) and all(path.startswith(self._sessions) for _, _, path in one.files)


def _rows(value: object) -> list[list[str]]:
    """Return the rows of words of a journal's comment, whatever a stranger wrote there."""
    rows = value if isinstance(value, list) else []
    return [row for row in rows if isinstance(row, list) and all(isinstance(word, str) for word in row)]


def _moment(value: object) -> float | None:
    try:
        return datetime.fromisoformat(value).timestamp() if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None
