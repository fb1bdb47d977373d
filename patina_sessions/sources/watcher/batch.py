"""From paths to facts: what became of each file that something happened to, seen once its saving is over.

What became of it is not read off the events. Whether it is there and whether git tracks it says all: an editor's save
is one change by whatever dance of names it came, and what came and went in between is nothing.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from patina_sessions.model import FileChange, FilesChanged
from patina_sessions.sources.watcher import names
from patina_sessions.sources.watcher.git import Asked
from patina_sessions.sources.watcher.pending import Pending

BULK = 100  # files at once: nobody's hand
_KEPT = 20_000  # paths that are remembered


@dataclass(slots=True)
class Teller:
    """Turns what is pending into facts. It remembers which untracked files it has told of, to tell of their end."""

    top: Path
    asked: Asked
    new: dict[str, None] = field(default_factory=dict)
    _vanished: int = 0  # of the last batch: gone, and unknown to git by now
    _tracked: dict[str, bool] = field(default_factory=dict)
    _ignored: dict[str, bool] = field(default_factory=dict)

    def forget(self) -> None:
        """Ask git anew from now on: its index or its rules have changed."""
        self._tracked.clear()
        self._ignored.clear()

    def facts(
        self, pending: Pending, *, since: str, by_git: str | None, midway: bool = False
    ) -> list[FilesChanged]:
        """Return what to tell.

        `by_git` names what git itself did meanwhile: what it left clean was its own doing, and so was what it
        left staged where it has stopped `midway`.
        """
        paths = [*pending.saves, *self._below(pending)]
        changes = self._changes(dict.fromkeys(paths), pending)
        found: list[FilesChanged] = []
        if by_git is not None:
            shown = self.asked.changed() or {}
            dirty = {path for path, letters in shown.items() if not (midway and letters[1] == " ")}
            theirs = [c for c in changes if not (c.status in "MD" and c.path not in dirty)]
            clean = len(changes) - len(theirs) + self._vanished
            changes = theirs
            if clean and by_git != "commit":
                found.append(FilesChanged(since=since, count=clean, bulk=by_git))
        if len(changes) + pending.beyond >= BULK:
            fresh = sum(c.status == "A" for c in changes)
            kind = "archive" if fresh * 10 >= len(changes) * 9 else "sweep"
            found.append(FilesChanged(since=since, count=len(changes) + pending.beyond, bulk=kind))
        elif changes:
            found.append(FilesChanged(since=since, count=len(changes), files=tuple(changes)))
        return found

    def _below(self, pending: Pending) -> list[str]:
        """Return the files that went with a folder."""
        if not pending.gone_folders:
            return []
        inside = self.asked.tracked(sorted(pending.gone_folders))
        starts = tuple(f"{folder}/" for folder in pending.gone_folders)
        return [*inside, *(path for path in self.new if path.startswith(starts))]

    def _changes(self, paths: Iterable[str], pending: Pending) -> list[FileChange]:
        there = {path: self._is_there(path) for path in paths}
        tracked = self._is_tracked(there)
        ignored = self._is_ignored(p for p, is_there in there.items() if is_there and p not in tracked)
        known = tracked | self.new.keys()
        status = {
            path: letter
            for path, is_there in there.items()
            if (
                letter := self._letter(
                    path, is_there=is_there, tracked=path in tracked, ignored=path in ignored
                )
            )
        }
        self._vanished = sum(
            not is_there and path not in status and not names.temporary(path)
            for path, is_there in there.items()
        )
        olds = {
            new: old
            for new, old in pending.came_from.items()
            if status.get(new) == "A" and status.get(old) == "D" and old in known
        }
        self._remember(status)
        moved = set(olds.values())
        return [
            FileChange(
                status="R" if path in olds else letter,
                path=path,
                old_path=olds.get(path),
                added=max(1, pending.saves.get(path, 0)),
            )
            for path, letter in status.items()
            if path not in moved
        ]

    def _letter(self, path: str, *, is_there: bool, tracked: bool, ignored: bool) -> str:
        if tracked:
            return "M" if is_there else "D"
        if is_there:
            return "" if ignored or names.temporary(path) else "A"
        return "D" if path in self.new else ""

    def _remember(self, status: dict[str, str]) -> None:
        for path, letter in status.items():
            if letter == "A":
                self.new[path] = None
            else:
                self.new.pop(path, None)
        while len(self.new) > _KEPT:
            del self.new[next(iter(self.new))]

    def _is_there(self, path: str) -> bool:
        try:
            mode = os.lstat(self.top / path).st_mode
        except (OSError, ValueError):
            return False
        return stat.S_ISREG(mode) or stat.S_ISLNK(mode)

    def _is_tracked(self, paths: Iterable[str]) -> set[str]:
        asked = [path for path in paths if path not in self._tracked]
        found = self.asked.tracked(asked)
        _learn(self._tracked, asked, found)
        return {path for path in paths if self._tracked.get(path, path in found)}

    def _is_ignored(self, paths: Iterable[str]) -> set[str]:
        wanted = list(paths)
        asked = [path for path in wanted if path not in self._ignored]
        found = self.asked.ignored(asked)
        _learn(self._ignored, asked, found)
        return {path for path in wanted if self._ignored.get(path, path in found)}


def _learn(known: dict[str, bool], asked: Iterable[str], found: set[str]) -> None:
    if len(known) > _KEPT:
        known.clear()
    for path in asked:
        if len(known) <= _KEPT:
            known[path] = path in found
