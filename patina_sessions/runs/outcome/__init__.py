"""What a run came to, said from its exit code, its streams and its output. Pure: no engine, no clock, no file.

`verdict` knows the closed set of outcomes; `tests` counts what the runners printed; `telling` picks the lines that say
why; the rest of this package are the runners, one a module.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from patina_sessions.frozen import dataclass

Word: TypeAlias = Literal[
    "passed", "failed", "timed out", "interrupted", "out of memory", "engine lost", "output lost"
]

# What `patina build | test | exec` add to the command's own codes: layer/core/formats.md.
TIMED_OUT, OURS, NOT_RUNNABLE, NOT_FOUND, INTERRUPTED, KILLED = 124, 125, 126, 127, 130, 137

_SIGNALS = {
    1: "SIGHUP",
    2: "SIGINT",
    3: "SIGQUIT",
    4: "SIGILL, an illegal instruction",
    6: "SIGABRT, it gave up by itself",
    7: "SIGBUS",
    8: "SIGFPE, a division by zero or the like",
    9: "SIGKILL",
    11: "SIGSEGV, a wrong use of memory",
    13: "SIGPIPE, nobody read its output",
    15: "SIGTERM",
    24: "SIGXCPU, its processor time was used up",
    25: "SIGXFSZ, a file became too large",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What was seen of a run's end. `code` is None where nobody knows it."""

    code: int | None
    stopped: Literal["", "timed out", "interrupted"] = ""  # by us, or by the user through us
    whole: bool = True  # the stream ended where it may end, and not before the command
    answered: bool = True  # the engine was there until the end
    refused: bool = False  # it was not begun, for a reason that its details tell
    out_of_memory: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The outcome, in a word, and the exit code that the user gets."""

    word: Word
    code: int


def verdict(ended: Ended) -> Verdict:
    """Return the outcome. Only exit 0 after a clean end of the stream is passed; an unknown code never is."""
    if ended.stopped == "timed out":
        return Verdict(word="timed out", code=TIMED_OUT)
    if ended.stopped == "interrupted":
        return Verdict(word="interrupted", code=INTERRUPTED)
    if ended.out_of_memory and ended.code != 0:
        return Verdict(word="out of memory", code=KILLED)
    if ended.refused:
        return Verdict(word="failed", code=OURS)
    if not ended.answered or ended.code is None:
        return Verdict(word="engine lost", code=OURS)
    if ended.code != 0:
        return Verdict(word="failed", code=ended.code)
    if not ended.whole:
        return Verdict(word="output lost", code=OURS)
    return Verdict(word="passed", code=0)


def code_words(code: int | None) -> str:
    """Return what an exit code says, in a few words; nothing where it says nothing of its own."""
    if code is None:
        return "unknown"
    if code == NOT_RUNNABLE:
        return "found, but it cannot be run: no permission, or no program"
    if code == NOT_FOUND:
        return "command not found"
    if code == KILLED:
        return "killed (SIGKILL), not for want of memory"
    if code > 128 and code - 128 in _SIGNALS:
        return f"ended by {_SIGNALS[code - 128]}"
    return ""
