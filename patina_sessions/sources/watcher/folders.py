"""Which folders cost a watch: those that git would track. A new one joins, one that leaves gives its watch back."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from patina_sessions.errors import PatinaError
from patina_sessions.sources.watcher.git import Asked, above
from patina_sessions.sources.watcher.kernel import Kernel, Seen
from patina_sessions.sources.watcher.pending import Pending

log = logging.getLogger(__name__)

RULES = ".gitignore"


class Folders:
    """The watched folders of a working tree, by path relative to it; the top itself is the empty path."""

    def __init__(
        self,
        kernel: Kernel,
        asked: Asked,
        top: Path,
        *,
        most: int,
        only: tuple[str, ...],
        not_ours: tuple[Path, ...],
    ) -> None:
        self._kernel = kernel
        self._asked = asked
        self._top = top
        self._most = most
        self._only = only
        self._not_ours = {str(path.relative_to(top)) for path in not_ours if path.is_relative_to(top)}
        self._path: dict[int, str] = {}
        self._watch: dict[str, int] = {}
        self._left: tuple[int, str, bool] | None = None  # the first half of a move: cookie, path, a folder?
        self._kept: set[str] = set()
        self.short: str | None = None  # why not every folder is watched
        self.rules_changed = False
        self.gone = False  # the top itself is gone, or has another name

    def __len__(self) -> int:
        return len(self._watch)

    @property
    def between(self) -> bool:
        """Whether the second half of a move may still come."""
        return self._left is not None

    def begin(self) -> None:
        """Watch what git would track, from the top down. Raises `PatinaError` where git does not answer."""
        self.rules_changed = False
        self._kept = {folder for path in self._asked.kept() for folder in above(path)}
        roots = [root for root in self._only or ("",) if os.path.isdir(self._top / root)]
        for _ in self._join(roots, ask="" not in roots):
            pass

    def reconsider(self) -> None:
        """Look at the whole tree again, after a change of the rules or a loss of events.

        Raises `PatinaError` where git does not answer: then the folders of before are watched on, for another look.
        """
        watched, paths = self._watch, self._path
        self._watch, self._path = {}, {}
        self.short = None
        try:
            self.begin()
        except PatinaError:
            self._watch, self._path = {**watched, **self._watch}, {**paths, **self._path}
            self.rules_changed = True
            raise
        for path in watched.keys() - self._watch.keys():
            if watched[path] not in self._path:
                self._kernel.remove(watched[path])

    def take(self, seen: Seen, pending: Pending) -> bool:
        """Take one event into what is pending; return whether its watch is one of these."""
        folder = self._path.get(seen.watch)
        if folder is None:
            return False
        kernel, mask = self._kernel, seen.mask
        if mask & (kernel.self_gone | kernel.ignored):
            self._folder_gone(seen.watch, folder, mask)
            return True
        name = os.fsdecode(seen.name)
        path = f"{folder}/{name}" if folder else name
        if mask & kernel.came and self._left is not None and self._left[0] == seen.cookie:
            (_, old, _), self._left = self._left, None
            self._moved(old, path, bool(mask & kernel.folder), pending)
            return True
        if mask & kernel.mode:
            if not mask & kernel.folder and name != ".git":
                pending.brush(path)
            return True
        self.settle(pending)
        if mask & kernel.left:
            self._left = (seen.cookie, path, bool(mask & kernel.folder))
        elif mask & kernel.folder:
            self._folder_event(folder, path, name, mask, pending)
        elif name == ".git":
            self._nested(folder)
        else:
            self.rules_changed |= name == RULES
            pending.touch(path, int(bool(mask & (kernel.written | kernel.came))))
        return True

    def settle(self, pending: Pending) -> None:
        """Give up waiting for the second half of a move: it went where nobody watches."""
        if self._left is None:
            return
        (_, path, is_folder), self._left = self._left, None
        if is_folder:
            self._drop(path)
            pending.lose(path)
        else:
            pending.touch(path)
            self.rules_changed |= path.rpartition("/")[2] == RULES

    def _folder_event(self, folder: str, path: str, name: str, mask: int, pending: Pending) -> None:
        if name == ".git":
            self._nested(folder)
        elif mask & self._kernel.delete:
            self._drop(path)
        elif self._wanted(path):
            for file in self._join([path], ask=True):
                pending.touch(file)

    def _folder_gone(self, watch: int, folder: str, mask: int) -> None:
        if not folder:
            self.gone |= bool(mask & self._kernel.self_gone)
        elif self._watch.get(folder) == watch:
            del self._watch[folder]
        if mask & self._kernel.ignored:
            self._path.pop(watch, None)

    def _nested(self, folder: str) -> None:
        """Leave a folder that has become a repository of its own: it is another's business."""
        if folder:
            self._drop(folder)

    def _moved(self, old: str, new: str, is_folder: bool, pending: Pending) -> None:  # noqa: FBT001 - the kernel's word
        if not is_folder:
            pending.move(old, new)
            self.rules_changed |= RULES in (old.rpartition("/")[2], new.rpartition("/")[2])
            return
        self._drop(old)
        pending.lose(old)
        if self._wanted(new):
            for file in self._join([new], ask=True):
                pending.move(old + file.removeprefix(new), file)

    def _wanted(self, path: str) -> bool:
        return not self._only or any(path == root or path.startswith(f"{root}/") for root in self._only)

    def _drop(self, folder: str) -> None:
        start = f"{folder}/"
        for path in [p for p in self._watch if p == folder or p.startswith(start)]:
            watch = self._watch.pop(path)
            self._path.pop(watch, None)
            self._kernel.remove(watch)

    def _join(self, folders: Iterable[str], *, ask: bool) -> Iterator[str]:
        """Watch these folders and what is below them, a level at a time; yield the files that are there."""
        level = list(folders)
        while level:
            if ask:
                level = self._ours(level)
            below: list[str] = []
            for folder in level:
                if self._add(folder):
                    yield from self._contents(folder, below)
            level, ask = below, True

    def _ours(self, folders: list[str]) -> list[str]:
        inside = [f for f in folders if f not in self._not_ours]
        mine = [f for f in inside if not os.path.lexists(self._top / f / ".git")]
        ignored = self._asked.ignored(f for f in mine if f not in self._kept)
        return [f for f in mine if f not in ignored]

    def _add(self, folder: str) -> bool:
        if self.short is not None:
            return False
        if len(self._watch) >= self._most:
            self.short = f"there are more than {self._most} folders (watch.max_folders)"
            return False
        kernel = self._kernel
        mask = kernel.content | kernel.mode | (0 if folder else kernel.self_gone)
        try:
            watch = kernel.add(str(self._top / folder), mask)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                self.short = "the system has no more watches (fs.inotify.max_user_watches)"
            return False  # gone again, or not ours to read
        self._watch[folder] = watch
        self._path[watch] = folder
        return True

    def _contents(self, folder: str, below: list[str]) -> Iterator[str]:
        """Yield the files of a folder, and add its folders to those below. It is watched already: nothing slips."""
        try:
            with os.scandir(self._top / folder) as found:
                entries = list(found)
        except OSError:
            return
        if folder and any(entry.name == ".git" for entry in entries):
            # It came between the look at the folder and its watch, so no event tells of it.
            self._nested(folder)
            return
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.name == ".git":
                continue
            if entry.is_dir(follow_symlinks=False):
                below.append(path)
            else:
                yield path
