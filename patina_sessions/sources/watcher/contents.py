"""What is in the files that were told of, as digests: a touch, or a save of the same bytes, changes nothing.

A file that nothing is known of is as git's index has it, so git is asked whether it differs. One that was told of may
differ from the index all day long: of that one a digest is kept. Where neither tells, the file counts as changed.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from patina_sessions.sources.watcher.git import Asked
from patina_sessions.system import clock

FIRST = 200  # files that are read where many are found changed; the others are kept as not known
LARGE = 16_000_000  # bytes; a larger file is not read
_KEPT = 20_000  # paths that are remembered
_GONE = b""


class Contents:
    """Digests by path, with git's idea of a mode; None is a file that differs from the index, nobody knows how."""

    def __init__(self, top: Path, asked: Asked) -> None:
        self._top = top
        self._asked = asked
        self._modes: bool | None = None
        self._known: dict[str, bytes | None] = {}

    def __contains__(self, path: str) -> bool:
        return path in self._known

    def found(self, paths: Iterable[str], *, before: float, pending: Collection[str] = ()) -> None:
        """Take note of files that `git status` shows, unless they were changed at or after `before` or something is
        `pending` for them: then what they were is not known.
        """
        read = 0
        for path in paths:
            if path in self._known or path in pending:
                continue
            read += 1
            self._keep(path, self._digest(path, before=before) if read <= FIRST else None)

    def git_left(self, shown: Collection[str], clean: Iterable[str] = ()) -> None:
        """Forget what git has settled: it is as the index has it again."""
        for path in clean:
            self._known.pop(path, None)
        for path in [p for p, known in self._known.items() if known is None and p not in shown]:
            del self._known[path]

    @property
    def unsure(self) -> bool:
        """Whether git could settle anything."""
        return None in self._known.values()

    def undone(self, clean: Iterable[str]) -> list[str]:
        """Return those that git has put back, of files that are as HEAD has them while HEAD has not moved."""
        return [p for p in clean if p in self._known and not self._same(p, brushed=False)]

    def same(
        self, letters: Mapping[str, str], *, brushed: Collection[str], dirty: set[str] | None
    ) -> set[str]:
        """Return those of the files that are there whose content is what it was.

        To those `brushed` nothing happened that could change more than a mode. `dirty` are those that differ from
        the index, where that was asked already.
        """
        there = [path for path, letter in letters.items() if letter in "MA"]
        found = {path for path in there if path in self._known and self._same(path, brushed=path in brushed)}
        unknown = [path for path in there if path not in self._known]
        tracked = [path for path in unknown if letters[path] == "M"]
        if dirty is None and tracked:
            dirty = self._asked.differing(tracked)
        found |= {path for path in tracked if path not in (dirty or ())}
        return found | {path for path in unknown if letters[path] == "A" and path in brushed}

    def told(self, letters: Mapping[str, str], olds: Mapping[str, str], *, by_name: bool) -> None:
        """Take note of what is told now: by name, with its content."""
        for path, letter in letters.items():
            gone = letter == "D"
            self._keep(path, _GONE if gone else self._digest(path) if by_name else None)
        for old in olds.values():
            self._keep(old, _GONE)

    def _same(self, path: str, *, brushed: bool) -> bool:
        known = self._known[path]
        return brushed if known is None else known == self._digest(path)

    def _keep(self, path: str, digest: bytes | None) -> None:
        self._known.pop(path, None)
        self._known[path] = digest
        if len(self._known) > _KEPT:
            del self._known[next(iter(self._known))]

    def _digest(self, path: str, *, before: float | None = None) -> bytes | None:
        """Return the digest of a file, None where it cannot be had or the file was changed at or after `before`."""
        whole = f"{self._top}/{path}"
        try:
            found = os.lstat(whole)
            if before is not None and found.st_ctime >= before:
                return None
            if stat.S_ISLNK(found.st_mode):
                return _hash(b"link", os.fsencode(os.readlink(whole)))
            if not stat.S_ISREG(found.st_mode) or found.st_size > LARGE:
                return None
            with open(whole, "rb", buffering=0) as stream:
                data = stream.read(LARGE)
        except FileNotFoundError:
            return _GONE if before is None else None
        except (OSError, ValueError):
            return None
        return _hash(b"run" if self._runs(found.st_mode) else b"file", data)

    def _runs(self, mode: int) -> bool:
        if self._modes is None:
            self._modes = self._asked.modes()
        return self._modes and bool(mode & stat.S_IXUSR)


def long_ago() -> float:
    """Return the time before which a file must have been changed to be settled: a file's clock is a coarse one."""
    return clock.wall() - 1.0


def _hash(kind: bytes, data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16, person=kind).digest()
