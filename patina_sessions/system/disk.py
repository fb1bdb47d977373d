"""What every touch of the disk needs: failures told in words, and files that belong where they lie.

Only `system.files` and its neighbours in this room use it, and `doctor`, for its advice.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shlex
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from patina_sessions.errors import PatinaError

FULL = "The disk is full: free some space, then run the command again; nothing was lost."
_HINTS = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: "Your disk quota is used up: free some space, then run the command again; nothing was lost.",
    errno.EROFS: "The file system is read-only: work on a writable copy.",
    errno.EACCES: "Check who owns it and its permissions.",
    errno.EPERM: "Check who owns it and its permissions.",
}

# No such file; a link where none is followed, or that leads in a circle; a pipe that nobody reads.
NONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO)


@contextmanager
def told(path: Path, doing: str) -> Iterator[None]:
    """Turn a failure of the disk into a `PatinaError` that names the file and what to do."""
    try:
        yield
    except OSError as error:
        words = os.strerror(error.errno) if error.errno else str(error)
        raise PatinaError(
            f"cannot {doing} {path}: {words}", _HINTS.get(error.errno or 0, f"Look at it: ls -ld {path}")
        ) from error


def advice(path: Path) -> str:
    """Return what would let this user write a folder that he cannot write."""
    if os.statvfs(path).f_flag & os.ST_RDONLY:
        return _HINTS[errno.EROFS]
    if os.stat(path.parent).st_uid != os.geteuid():
        return f"{path.parent} is another user's: work on a clone of your own."
    if os.stat(path).st_uid != os.geteuid():
        return f"Give it to yourself: sudo chown -R $USER {shlex.quote(str(path))}"
    return f"chmod -R u+rwX {shlex.quote(str(path))}"


def settle(made: int | Path, folder: Path, mode: int, bits: int) -> None:
    """Let what was made here belong where it lies.

    Root working in somebody's repository (sudo, a container) must not leave files that its owner cannot write: his next
    commits were recorded nowhere, without a word (tried). And where a group shares the folder, which its set-gid bit
    tells (git sets it under `core.sharedRepository`), it shares what is private otherwise.
    """
    above = os.stat(folder)
    if above.st_mode & 0o2020 == 0o2020 and not mode & 0o077:
        os.chmod(made, mode | above.st_mode & bits)
    if os.geteuid() == 0 and above.st_uid != 0:
        os.chown(made, above.st_uid, above.st_gid)


def open_or_make(path: Path, flags: int, mode: int) -> int:
    """Open a file that may have to be made."""
    try:
        fd = os.open(path, flags | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    except FileExistsError:
        return os.open(path, flags | os.O_CREAT | os.O_CLOEXEC, mode)
    try:
        settle(fd, path.parent, mode, 0o066)
    except BaseException:
        os.close(fd)
        raise
    return fd


def open_plain(path: Path, flags: int, *, links: bool = False) -> int | None:
    """Open a plain file that is there; return None where none is, or where anything else has its name.

    Looked at first, since opening a device may make it act; without waiting, since a pipe may come in between.
    """
    above = 0 if links else os.O_NOFOLLOW
    try:
        if not stat.S_ISREG(os.stat(path, follow_symlinks=links).st_mode):
            return None
        fd = os.open(path, flags | above | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in NONE:
            return None
        raise
    if stat.S_ISREG(os.fstat(fd).st_mode):
        return fd
    os.close(fd)
    return None


def lock(path: Path, how: int) -> int:
    """Open a file, wait for its lock and return the descriptor.

    Where another file stands in its place by then, that one is the lock. One that is gone may be anybody's work: who
    holds what was removed must look whether there is still something to do.
    """
    while True:
        fd = open_or_make(path, os.O_RDWR, 0o600)
        try:
            fcntl.flock(fd, how)
            if os.path.samestat(os.fstat(fd), os.stat(path)):
                return fd
        except (FileNotFoundError, NotADirectoryError):
            return fd
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)


def write_all(fd: int, data: bytes) -> None:
    """Write the bytes to the last, however many the kernel takes at once."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
