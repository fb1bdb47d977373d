"""The door to the disk: every byte that Patina writes to a file goes through here; `untrusted` reads the tree.

Nothing is truncated in place, nothing is followed through a symbolic link that we did not make, and every failure of
the disk becomes a `PatinaError` that names the file and what to do.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from patina_sessions.system.disk import lock, open_or_make, open_plain, settle, told, write_all

MARGIN = 65536  # bytes of a disk that stay free: what one event needs beside its line


def read(path: Path) -> bytes | None:
    """Return the file's bytes, or None where there is no such file."""
    with told(path, "read"):
        try:
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None


def read_from(path: Path, offset: int) -> bytes:
    """Return the bytes of the file from `offset` on; nothing where there is no such file."""
    with told(path, "read"):
        try:
            with open(path, "rb") as stream:
                stream.seek(offset)
                return stream.read()
        except (FileNotFoundError, NotADirectoryError):
            return b""


def signature(path: Path) -> tuple[int, int, int, int, int] | None:
    """Return what changes whenever somebody saves the file, or None where there is none."""
    with told(path, "look at"):
        try:
            s = os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
    return (s.st_dev, s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns)


def is_inside(path: Path, top: Path) -> bool:
    """Tell whether a path, once links are followed, lies below `top`: a clone may bring a link in place of a folder."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(top))


def make_folder(path: Path, mode: int = 0o700) -> None:
    """Make the folder and those above it, unless they are there."""
    with told(path, "make"):
        if path.is_dir():
            return
        if not path.parent.is_dir():
            make_folder(path.parent, mode)
        try:
            path.mkdir(mode=mode)
        except FileExistsError:
            return
        settle(path, path.parent, mode, 0o2077)


def write(path: Path, data: bytes, *, mode: int = 0o600, durable: bool = True) -> None:
    """Put the file in place whole, by rename, so that a reader sees the old bytes or the new ones."""
    _put(path, (data,), mode, durable=durable)


def pour(path: Path, pieces: Iterable[str], *, mode: int = 0o666) -> int:
    """Put a file in place in the same way, out of pieces of text as they come; return how many bytes it has."""
    return _put(path, (piece.encode("utf-8", "replace") for piece in pieces), mode, durable=False)


def _put(path: Path, pieces: Iterable[bytes], mode: int, *, durable: bool) -> int:
    with told(path, "write"):
        beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        fd = open_or_make(beside, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW, mode)
        size = 0
        try:
            for data in pieces:
                write_all(fd, data)
                size += len(data)
            if durable:
                os.fsync(fd)
        except BaseException:
            os.close(fd)
            os.unlink(beside)
            raise
        os.close(fd)
        os.replace(beside, path)
        return size


def create(path: Path, data: bytes = b"", *, mode: int = 0o600) -> bool:
    """Make the file, unless one is there; return whether we made it."""
    with told(path, "write"):
        try:
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        except FileExistsError:
            return False
        try:
            settle(fd, path.parent, mode, 0o066)
            write_all(fd, data)
            os.fsync(fd)
        except BaseException:
            os.unlink(path)
            raise
        finally:
            os.close(fd)
        return True


def replace(path: Path, data: bytes) -> None:
    """Put new bytes in the place of a file that is there, by rename; its mode and its owner stay."""
    with told(path, "write"):
        old = os.stat(path, follow_symlinks=False)
        beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            write_all(fd, data)
            if os.geteuid() == 0:
                os.chown(fd, old.st_uid, old.st_gid)
            # Before it has its name: a hook that cannot run is passed over.
            os.chmod(fd, stat.S_IMODE(old.st_mode))
            os.fsync(fd)
            os.replace(beside, path)
        except BaseException:
            os.unlink(beside)
            raise
        finally:
            os.close(fd)


def publish(path: Path, data: bytes, *, mode: int = 0o644) -> bool:
    """Put a whole file in place unless one is there; return whether it was ours. A kill leaves no half of it."""
    with told(path, "write"):
        beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        write(beside, data, mode=mode)
        try:
            os.link(beside, path)
        except FileExistsError:
            return False
        finally:
            os.unlink(beside)
        return True


def append(path: Path, data: bytes, *, durable: bool = True, mode: int = 0o600, margin: int = MARGIN) -> None:
    """Add the bytes at the end of the file in one write; the file is made where it is missing.

    Room is asked for first: a short write on a full disk would leave half an entry. `margin`: bytes left to others.
    """
    with told(path, "write"):
        require_room(path, len(data), margin)
        fd = open_or_make(path, os.O_WRONLY | os.O_APPEND, mode)
        try:
            write_all(fd, data)
            if durable:
                os.fsync(fd)
        finally:
            os.close(fd)


def append_existing(path: Path, data: bytes) -> bool:
    """Add the bytes at the end of a plain file that is there, in one write; return False where there is none."""
    with told(path, "write"):
        require_room(path, len(data))
        fd = open_plain(path, os.O_WRONLY | os.O_APPEND)
        if fd is None:
            return False
        try:
            write_all(fd, data)
            os.fsync(fd)
        finally:
            os.close(fd)
        return True


def require_room(path: Path, size: int, margin: int = MARGIN) -> None:
    """Raise `PatinaError` unless the disk has room for `size` bytes more in that file, and a margin."""
    with told(path, "write"):
        s = os.statvfs(path.parent)
        if s.f_blocks and (s.f_bavail if os.geteuid() else s.f_bfree) * s.f_frsize < size + margin:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def poke(path: Path, offset: int, old: bytes, new: bytes) -> bool:
    """Replace bytes of the same length in place, if they are what we think; return whether that was done."""
    with told(path, "write"):
        fd = open_plain(path, os.O_RDWR)
        if fd is None:
            return False
        try:
            if len(old) != len(new) or os.pread(fd, len(old), offset) != old:
                return False
            os.pwrite(fd, new, offset)
            os.fsync(fd)
        finally:
            os.close(fd)
        return True


def move(source: Path, target: Path) -> bool:
    """Rename a file over another; return False where the source is gone."""
    with told(source, "move"):
        try:
            os.replace(source, target)
        except FileNotFoundError:
            return False
        return True


def remove(path: Path) -> None:
    """Remove a file, if it is there."""
    with told(path, "remove"):
        path.unlink(missing_ok=True)


def remove_folder(path: Path) -> bool:
    """Remove a folder if it is there and empty; return whether it is gone."""
    try:
        path.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def remove_tree(path: Path) -> None:
    """Remove a folder of ours and all below it, if it is there."""
    import shutil

    with told(path, "remove"):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)


def set_time(path: Path, seconds: float) -> None:
    """Set the time of change of a file, in seconds since 1970; make it, empty, where it is not there."""
    create(path)
    with told(path, "write"):
        os.utime(path, (seconds, seconds))


def set_mode(path: Path, mode: int) -> None:
    """Set the permission bits of a file."""
    with told(path, "set the mode of"):
        os.chmod(path, mode)


def mode_of(path: Path) -> int:
    """Return the permission bits of a file."""
    with told(path, "look at"):
        return stat.S_IMODE(os.stat(path).st_mode)


@contextmanager
def locked(path: Path, *, shared: bool = False) -> Iterator[None]:
    """Hold the lock of that file, waiting for it as long as it takes.

    The system itself gives it back when the holder dies (flock), so that nobody's death blocks anybody.
    """
    with told(path, "lock"):
        fd = lock(path, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(fd)


def try_lock(path: Path) -> int | None:
    """Take the lock if nobody has it and return its descriptor, to be kept open; None where somebody has it."""
    with told(path, "lock"):
        fd = open_or_make(path, os.O_RDWR, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return None
        return fd


def names(folder: Path) -> list[str]:
    """Return the names in a folder, sorted; none where there is no such folder."""
    with told(folder, "read"):
        try:
            return sorted(os.listdir(folder))
        except (FileNotFoundError, NotADirectoryError):
            return []
