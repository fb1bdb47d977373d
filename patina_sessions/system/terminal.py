"""The user's terminal and its signals: made raw for a command with a terminal of its own, and given back as it was."""

from __future__ import annotations

import os
import signal
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from patina_sessions.errors import PatinaError

INPUT, OUTPUT = 0, 1


def both_ends() -> bool:
    """Whether a person sits at both ends: standard input and output are terminals."""
    return is_terminal(INPUT) and is_terminal(OUTPUT)


def is_terminal(descriptor: int) -> bool:
    """Whether the descriptor is a terminal; a closed one is none."""
    try:
        return os.isatty(descriptor)
    except OSError:
        return False


def size() -> tuple[int, int]:
    """Return rows and columns of the terminal."""
    try:
        found = os.get_terminal_size(OUTPUT)
    except OSError:
        return 24, 80
    return found.lines or 24, found.columns or 80


@contextmanager
def raw() -> Iterator[None]:
    """Let every key through as it is; the terminal is as it was afterwards."""
    before = termios.tcgetattr(INPUT)
    try:
        tty.setraw(INPUT)
        yield
    finally:
        termios.tcsetattr(INPUT, termios.TCSADRAIN, before)


@contextmanager
def heard(stop: Callable[[], None], resized: Callable[[], None]) -> Iterator[None]:
    """Call `stop` for every Ctrl-C, TERM and HUP, and `resized` when the window changes, instead of dying of them.

    HUP stays ignored where it was (nohup).
    """
    wanted = {
        signal.SIGINT: stop,
        signal.SIGTERM: stop,
        signal.SIGHUP: stop,
        signal.SIGWINCH: resized,
    }
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {}
    for number, call in wanted.items():
        if signal.getsignal(number) is signal.SIG_IGN and number is signal.SIGHUP:
            continue
        before[number] = signal.signal(number, _caller(call))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _caller(call: Callable[[], None]) -> Callable[[int, FrameType | None], None]:
    def heard(_number: int, _frame: FrameType | None) -> None:
        call()

    return heard


def typed() -> Iterator[bytes]:
    """Yield what comes on standard input until it ends."""
    while True:
        try:
            data = os.read(INPUT, 65536)
        except OSError:
            return
        if not data:
            return
        yield data


def umask() -> int:
    """Return the process's umask."""
    found = os.umask(0o077)
    os.umask(found)
    return found


def variable(name: str) -> str:
    """Return a variable of the environment. Raises where it is not set."""
    value = os.environ.get(name)
    if value is None:
        raise PatinaError(f"{name} is not set in your environment", f"Set it: export {name}=…")
    return value


def has(name: str) -> bool:
    """Return whether a variable is set and not empty."""
    return bool(os.environ.get(name))
