"""From paths to facts: what became of each file that something happened to, seen once its saving is over.

What became of it is not read off the events. Whether it is there and whether git tracks it says all: an editor's save
is one change by whatever dance of names it came, and what came and went in between is nothing.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from patina_sessions.model import FileChange, FilesChanged
from patina_sessions.sources.watcher import names
from patina_sessions.sources.watcher.contents import Contents, long_ago
from patina_sessions.sources.watcher.git import Asked, Shown
from patina_sessions.sources.watcher.pending import Pending

BULK = 100  # files at once: nobody's hand
_KEPT = 20_000  # paths that are remembered


@dataclass(slots=True)
class Teller:
    """Turns what is pending into facts. It remembers which untracked files it has told of, to tell of their end."""

    top: Path
    asked: Asked
    new: dict[str, None] = field(default_factory=dict)
    _contents: Contents = field(init=False)
    _vanished: dict[str, None] = field(
        default_factory=dict
    )  # of the last batch: gone, and unknown to git by now
    _tracked: dict[str, bool] = field(default_factory=dict)
    _ignored: dict[str, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._contents = Contents(self.top, self.asked)

    def begin(self, shown: Iterable[str], *, before: float, pending: Collection[str]) -> None:
        """Take note of what was changed before anybody watched, and is not pending."""
        self._contents.found(shown, before=before, pending=pending)

    def after(self, by_git: str) -> None:
        """Take note that git did something that is not pending: a reset leaves files to be worked on."""
        if by_git == "reset" or self._contents.unsure:
            self._git_did(by_git, self.asked.changed(), ())

    def forget(self) -> None:
        """Ask git anew from now on: its index or its rules have changed."""
        self._tracked.clear()
        self._ignored.clear()

    def facts(
        self, pending: Pending, *, since: str, by_git: str | None, midway: bool = False
    ) -> list[FilesChanged]:
        """Return what to tell.

        `by_git` names what git itself did meanwhile: what it left clean was its own doing, and so was what it
        left staged where it has stopped `midway`. Raises `PatinaError` where git does not answer; then nothing is
        remembered of it either.
        """
        paths = dict.fromkeys((*pending.saves, *self._below(pending)))
        letters, olds = self._became(paths, pending)
        became = dict(letters)
        for new, old in olds.items():
            letters[new] = "R"
            letters.pop(old, None)
        found: list[FilesChanged] = []
        dirty: set[str] | None = None
        if by_git is not None:
            shown = self.asked.changed()
            self._renamed(letters, olds, pending, shown)
            if not midway:
                letters |= self._staged(letters, shown)
            dirty = {path for path, said in shown.letters.items() if not (midway and said[1] == " ")}
            # A commit takes nothing away, nor does what leaves HEAD where it was: that was somebody's hand.
            its = "M" if by_git in ("restore", "commit") else "MD"
            clean = [p for p, letter in letters.items() if letter in its and p not in dirty]
            for path in clean:
                del letters[path]
            done = self._contents.undone(clean) if by_git == "restore" else [*clean, *self._vanished]
            count = len(done)
            if count and by_git != "commit":
                found.append(FilesChanged(since=since, count=count, bulk=by_git))
            self._git_did(by_git, shown, clean, paths)
        for path in self._contents.same(letters, brushed=pending.brushed, dirty=dirty):
            del letters[path]
        self._remember(became)
        self._contents.told(letters, olds, by_name=len(letters) + pending.beyond < BULK)
        count = len(letters) + pending.beyond
        if count >= BULK:
            fresh = sum(letter == "A" for letter in letters.values())
            kind = "archive" if fresh * 10 >= len(letters) * 9 else "sweep"
            found.append(FilesChanged(since=since, count=count, bulk=kind))
        elif letters:
            files = tuple(_change(path, letter, olds, pending) for path, letter in letters.items())
            found.append(FilesChanged(since=since, count=count, files=files))
        return found

    def _git_did(
        self, by_git: str, shown: Shown, clean: Iterable[str], pending: Collection[str] = ()
    ) -> None:
        self._contents.git_left(shown.letters, clean)
        if by_git == "reset":
            self._contents.found(shown.letters, before=long_ago(), pending=pending)

    def _staged(self, letters: dict[str, str], shown: Shown) -> dict[str, str]:
        """Return what is new or gone and stands so in the index: git tracks the one, and no longer the other."""
        said = shown.letters
        new = {p: "A" for p, letter in letters.items() if letter == "M" and said.get(p, "")[:1] == "A"}
        gone = {p: "D" for p in self._vanished if said.get(p, "")[:1] == "D"}
        return {**{p: letter for p, letter in new.items() if p not in self._contents}, **gone}

    def _renamed(self, letters: dict[str, str], olds: dict[str, str], pending: Pending, shown: Shown) -> None:
        """Say which of the files have another name in the index too: git no longer tracks the old one.

        Git says it where the contents are alike, the kernel where it heard both names.
        """
        for new in [path for path, letter in letters.items() if letter in "MA"]:
            old = shown.came_from.get(new) if shown.letters.get(new, "")[:1] == "R" else None
            heard = pending.came_from.get(new)
            if old is None and heard is not None and shown.letters.get(heard, "")[:1] == "D":
                old = heard if shown.letters.get(new, "")[:1] == "A" else None
            if old is None or old in letters or old not in pending.saves or self._is_there(old):
                continue
            letters[new], olds[new] = "R", old
            self._vanished.pop(old, None)

    def _below(self, pending: Pending) -> list[str]:
        """Return the files that went with a folder."""
        if not pending.gone_folders:
            return []
        inside = self.asked.tracked(sorted(pending.gone_folders))
        starts = tuple(f"{folder}/" for folder in pending.gone_folders)
        return [*inside, *(path for path in self.new if path.startswith(starts))]

    def _became(self, paths: Iterable[str], pending: Pending) -> tuple[dict[str, str], dict[str, str]]:
        """Return a letter for each path that is worth telling, and where the renamed ones came from."""
        there = {path: self._is_there(path) for path in paths}
        tracked = self._is_tracked(there)
        ignored = self._is_ignored(p for p, is_there in there.items() if is_there and p not in tracked)
        known = tracked | self.new.keys()
        letters: dict[str, str] = {}
        self._vanished = {}
        for path, is_there in there.items():
            letter = self._letter(path, is_there=is_there, tracked=path in tracked, ignored=path in ignored)
            if letter:
                letters[path] = letter
            elif not is_there and not names.temporary(path):
                self._vanished[path] = None
        olds = {
            new: old
            for new, old in pending.came_from.items()
            if letters.get(new) == "A" and letters.get(old) == "D" and old in known
        }
        return letters, olds

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
            mode = os.lstat(
                f"{self.top}/{path}"
            ).st_mode  # a Path for each of 10,000 files costs more than this
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


def _change(path: str, letter: str, olds: dict[str, str], pending: Pending) -> FileChange:
    saves = max(1, pending.saves.get(path, 0))
    return FileChange(status=letter, path=path, old_path=olds.get(path), added=saves)
