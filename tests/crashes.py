"""Dies at a chosen change to the disk: the kill that no stop-watch hits, at every place in turn."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

KILLED = 137

CHANGES = {"os.rename": (0, 1), "os.link": (0, 1), "os.remove": (0,), "os.mkdir": (0,), "os.rmdir": (0,)}


def dies_at(change: int, work: Callable[[], object], *, below: tuple[str, ...] = ("",)) -> bool:
    """Run `work` in a child that is gone just before its change number `change`, from 0; return whether it came there.

    A change is what Python tells an audit hook of: a name that appears, moves or goes, and a file opened for writing.
    Only those under a path that holds one of the strings `below` are counted.
    """
    child = os.fork()
    if not child:
        _watch(change, below)
        code = 1
        try:
            work()
            code = 0
        finally:
            if code:
                sys.excepthook(*sys.exc_info())
            os._exit(code)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, KILLED), "the work failed by itself"
    return code == KILLED


def _watch(change: int, below: tuple[str, ...]) -> None:
    left = change

    def hook(event: str, args: tuple[Any, ...]) -> None:
        nonlocal left
        if event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR):
            names = args[:1]
        elif event in CHANGES:
            names = tuple(args[n] for n in CHANGES[event])
        else:
            return
        paths = [os.fsdecode(n) for n in names if isinstance(n, (str, bytes, Path))]
        if any(part in path for path in paths for part in below):
            if left == 0:
                os._exit(KILLED)
            left -= 1

    sys.addaudithook(hook)
