"""A command that goes on in the background: a twin of the process begins it, and parts from the terminal at a moment.

Until that moment the twin speaks where the user looks, and how it ends is how the command ends. From then on it holds
nothing of the user's: no terminal, no pipe, no lock of the shell that called.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from types import FrameType

from patina_sessions import frozen

_STANDARD = 3  # descriptors
_MOST = 65536  # bytes of the word, what a pipe holds
_PASSED_ON = (signal.SIGINT, signal.SIGTERM)


@dataclass(slots=True, kw_only=True)
class Background:
    """The twin, which goes on."""

    word: int  # the pipe to whoever waits
    given: tuple[int, ...]  # what whoever called us had open
    left: bool = False

    def leave(self, word: bytes) -> None:
        """Let the terminal and all else that we were given go, and then say the word to whoever waits, once."""
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in range(_STANDARD):
            os.dup2(nothing, number)
        os.close(nothing)
        for number in self.given:
            os.close(number)
        try:
            os.write(self.word, word[:_MOST])
        except BrokenPipeError:
            pass  # it was killed meanwhile: nobody has to be told
        os.close(self.word)
        self.left = True


@frozen.dataclass(frozen=True, slots=True, kw_only=True)
class Foreground:
    """The one that was called. `word` is what the twin said as it left; without one it has ended, with `code`."""

    word: bytes
    code: int


def part() -> Background | Foreground:
    """Return in both processes: at once in the twin, in the one that was called once that has left or ended.

    The twin has a session of its own: neither Ctrl-C nor the end of the terminal reaches it. While it is waited for,
    Ctrl-C and TERM are handed on to it.
    """
    given = _given()
    reading, writing = os.pipe()
    # A Ctrl-C between the fork and the handing on would end the one and leave the other, and nobody were told.
    held = signal.pthread_sigmask(signal.SIG_BLOCK, _PASSED_ON)
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        os.setsid()
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
        return Background(word=writing, given=given)
    os.close(writing)

    def hand_on(number: int, _frame: FrameType | None) -> None:
        os.kill(pid, number)  # not waited for yet, so the number is the twin's, be it dead

    before = {number: signal.signal(number, hand_on) for number in _PASSED_ON}
    signal.pthread_sigmask(signal.SIG_SETMASK, held)
    try:
        with open(reading, "rb") as pipe:
            word = pipe.read()
        if word:
            return Foreground(word=word, code=0)
        ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        return Foreground(word=b"", code=ended if ended >= 0 else 128 - ended)
    finally:
        for number, call in before.items():
            signal.signal(number, call)


def _given() -> tuple[int, ...]:
    """Return the descriptors that are open beyond the usual three; a lock of the caller's may be among them."""
    found = []
    for name in os.listdir("/dev/fd"):
        number = int(name)
        try:
            os.fstat(number)
        except OSError:
            continue  # the one that listed them
        if number >= _STANDARD and os.get_inheritable(number):
            found.append(number)
    return tuple(found)
