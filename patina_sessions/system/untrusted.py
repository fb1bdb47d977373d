"""The door to what lies in the working tree: a stranger may have laid it there.

A clone brings links, an unpacked archive pipes and devices too. To open one may wait for ever, to read one takes all
memory, and what a link leads to may be none of the project's. So only plain files of a sane size are read; a reader
says whether a link to one will do, as it does for a `Makefile` and never for a journal. The git directory is ours, and
read by `files`.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from patina_sessions.system import files
from patina_sessions.system.disk import NONE, open_plain, told

MOST = 64 << 20  # bytes: of a journal of 5,000 entries that is a sixtieth


def read(path: Path, *, links: bool = False, most: int = MOST) -> bytes | None:
    """Return the bytes of a plain file, or None where there is none that is no larger than `most`."""
    return _read(path, links=links, most=most, size=most)


def start(path: Path, size: int, *, links: bool = False) -> bytes | None:
    """Return the first bytes of a plain file, or None where there is none."""
    return _read(path, links=links, most=None, size=size)


def _read(path: Path, *, links: bool, most: int | None, size: int) -> bytes | None:
    with told(path, "read"):
        fd = open_plain(path, os.O_RDONLY, links=links)
        if fd is None:
            return None
        with open(fd, "rb") as stream:
            # What says that it is empty is not read: those of /proc say so, and some of them have no end.
            there = os.fstat(fd).st_size
            return stream.read(min(size, there)) if most is None or there <= most else None


def signature(path: Path) -> tuple[int, int, int, int, int] | None:
    """Return what changes whenever somebody saves the file, of a link its own, or None where nothing has that name."""
    with told(path, "look at"):
        try:
            s = os.lstat(path)
        except OSError as error:
            if error.errno in NONE:
                return None
            raise
    return (s.st_dev, s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns)


def is_plain(path: Path, *, most: int = MOST) -> bool:
    """Tell whether a plain file, no link, that `read` would read whole has that name."""
    try:
        s = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISREG(s.st_mode) and s.st_size <= most


def holds(path: Path, top: Path) -> bool:
    """Tell whether a plain file has that name and no link, not in a folder above it either, leads it out of `top`."""
    return is_plain(path) and files.is_inside(path.parent, top)
