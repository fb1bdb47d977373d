"""The kernel's watches, through watchdog's own door to inotify: one watch a folder, and only what changes content.

watchdog's observer is not used whole: recursive, it watches ignored folders too (16,000 for 1,000), and asks for opened
and closed events, which overflow the kernel's queue (10,000 saves: every event lost); with one watch a folder it starts
a thread for each. What this takes of it has been the same since 2.x: the calls, the constants.
"""

from __future__ import annotations

import ctypes
import os
import struct
from dataclasses import dataclass
from typing import Final

_BYTES: Final = 65536


@dataclass(frozen=True, slots=True)
class Seen:
    """One event: the watch it came from, what, the cookie that ties both halves of a move, and a name in the folder."""

    watch: int
    mask: int
    cookie: int
    name: bytes


class Unavailable(Exception):
    """There are no kernel events, or none for us."""


class Kernel:
    """An inotify instance. Made by `open_kernel`, which says why where there is none."""

    def __init__(self) -> None:
        from watchdog.observers import inotify_c

        constants = inotify_c.InotifyConstants
        self.create, self.delete = int(constants.IN_CREATE), int(constants.IN_DELETE)
        self.left, self.came = int(constants.IN_MOVED_FROM), int(constants.IN_MOVED_TO)
        self.written = int(constants.IN_CLOSE_WRITE)
        self.mode = int(constants.IN_ATTRIB)
        self.self_gone = int(constants.IN_DELETE_SELF) | int(constants.IN_MOVE_SELF)
        self.overflow, self.ignored = int(constants.IN_Q_OVERFLOW), int(constants.IN_IGNORED)
        self.folder = int(constants.IN_ISDIR)
        self._only = int(constants.IN_ONLYDIR) | int(constants.IN_DONT_FOLLOW)
        self.content = self.create | self.delete | self.left | self.came | self.written
        self._add, self._remove = inotify_c.inotify_add_watch, inotify_c.inotify_rm_watch
        self.fd = int(inotify_c.inotify_init())
        if self.fd < 0:
            raise Unavailable(f"the system gives no events: {os.strerror(ctypes.get_errno())}")
        os.set_inheritable(self.fd, False)
        os.set_blocking(self.fd, False)

    def add(self, folder: str, mask: int) -> int:
        """Watch a folder and return the watch's number. Raises `OSError`: ENOSPC where the system has no more."""
        number = int(self._add(self.fd, os.fsencode(folder), mask | self._only))
        if number < 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), folder)
        return number

    def remove(self, watch: int) -> None:
        """Give a watch back. One whose folder is gone was given back by the kernel."""
        self._remove(self.fd, watch)  # type: ignore[arg-type]

    def read(self) -> list[Seen]:
        """Return the events that wait, without waiting for any."""
        found: list[Seen] = []
        try:
            data = os.read(self.fd, _BYTES)
        except BlockingIOError:
            return found
        at = 0
        while at + 16 <= len(data):
            watch, mask, cookie, size = struct.unpack_from("iIII", data, at)
            name = data[at + 16 : at + 16 + size].rstrip(b"\0")
            found.append(Seen(watch, mask, cookie, name))
            at += 16 + size
        return found

    def close(self) -> None:
        """Give everything back."""
        os.close(self.fd)


def open_kernel() -> Kernel:
    """Return the kernel's events. Raises `Unavailable`."""
    try:
        return Kernel()
    except (ImportError, AttributeError) as error:  # another system than Linux, or a C library without it
        raise Unavailable("this system has no inotify") from error
