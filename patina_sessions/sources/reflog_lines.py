"""A line of a reflog, and what its words say. Pure.

The words are a hint, never proof: they hold arguments and whole subjects, other programs write their own, and
`GIT_REFLOG_ACTION` puts anything before the colon. So they are matched at both ends, and what made a commit is decided
by the commit itself (`reflog_made`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias, cast

from patina_sessions.frozen import dataclass
from patina_sessions.model import Id
from patina_sessions.system.objects import Ident, ident, text

_LINE = re.compile(
    rb"([0-9a-f]{40}|[0-9a-f]{64}) ([0-9a-f]{40}|[0-9a-f]{64}) ([^\t]*)(?:\t(.*))?\Z", re.DOTALL
)

Verb: TypeAlias = Literal[
    "commit", "amend", "merge", "cherry-pick", "revert", "am",  # these make a commit, as a rule
    "step",  # of a replay; it makes one, as a rule
    "start", "finish", "abort",  # of a replay
    "checkout", "reset", "forward", "push",  # HEAD moves
    "still",  # HEAD is born, or its branch renamed
    "other",
]  # fmt: skip

Likeness: TypeAlias = tuple[Id, Id, int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line: HEAD went from `old` to `new`. `derived`: the log lacks `old`, it is where the last line ended."""

    old: Id
    new: Id
    by: Ident
    text: str
    derived: bool = False

    @property
    def born(self) -> bool:
        """Tell whether HEAD had no commit before."""
        return not self.old.strip("0")

    @property
    def gone(self) -> bool:
        """Tell whether HEAD has no commit afterwards: the first half of the renaming of a branch."""
        return not self.new.strip("0")

    @property
    def likeness(self) -> Likeness:
        """What two lines have in common that only their place tells apart."""
        # Where a line is only shown, its old id is a guess: the oldest that is asked for has none, and a branch's own
        # copy of HEAD's line may stand after another one.
        return ("" if self.derived else self.old, self.new, self.by.seconds, self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a line's text says. `sure`: only git writes this, so that a commit's own subject cannot look like it."""

    verb: Verb
    action: str = ""  # what stands before the phase of a replay: `rebase`, `pull --rebase origin main`
    sure: bool = True
    pull: bool = False
    left: str | None = None  # checkout: the branch that was left
    target: str | None = None  # checkout, reset: what was asked for; finish, abort: the branch returned to


def parse(raw: bytes) -> Line | None:
    """Read one line without its newline; None where it is none."""
    match = _LINE.match(raw)
    if match is None:
        return None
    old, new, by, message = match.groups()
    return Line(old=text(old), new=text(new), by=ident(by), text=text(message or b""))


def digest(raw: bytes) -> str:
    """Return the hash by which a line is found again, wherever a rewritten reflog has it now."""
    return hashlib.sha256(raw).hexdigest()[:32]


_MAKERS: dict[str | None, Verb] = {
    None: "commit",
    "initial": "commit",
    "amend": "amend",
    "merge": "merge",
    "cherry-pick": "cherry-pick",
    "rebase": "step",  # `git commit` after a conflict, in place of `rebase --continue`
}
_COMMIT = re.compile(r"commit(?: \(([a-z-]+)\))?: ")
_CHECKOUT = re.compile(r"checkout: moving from (\S+) to (.*)\Z", re.DOTALL)
_RESET = re.compile(r"reset: moving to (.*)\Z", re.DOTALL)
_PHASE = re.compile(
    r"(.+?)(?: \((start|finish|abort|pick|reword|edit|squash|fixup|continue|merge|reset|break|exec|drop|noop)\)"
    r"| (finish)ed): ?(.*)\Z",
    re.DOTALL,
)
_MARKS = ("(start)", "(finish)", "(abort)", " finished: ")
_RETURN = re.compile(r"returning to (\S+)\Z")
_TOLD = {  # what git says after the phase, so that a subject is seldom taken for it
    "start": re.compile(r"checkout \S+\Z"),
    "finish": re.compile(r"returning to \S+\Z|refs/heads/\S+ onto [0-9a-f]+\Z"),
    "abort": re.compile(r"returning to \S+\Z|updating HEAD\Z"),
}
_ABORTED = re.compile(r"[\w-]+ --abort\Z")
_BORN = re.compile(r"initial pull\Z|pull\b[^()]*: storing head\Z")
_UPSTREAM = re.compile(r"rebase\b[^:]*: checkout (.+)\Z")
_FORWARD = re.compile(r"(?:(cherry-pick|merge|pull|rebase)\b.*|.*): [Ff]ast-forward\Z", re.DOTALL)
_MERGED = re.compile(r"(?:(merge|pull)\b.*|.*): Merge made by (?:the '[^']*' strategy|[a-z]+)\b", re.DOTALL)
_STILL = ("Branch: renamed ", "clone: from ")
_REPLAY = re.compile(r"rebase(?: -\S+)*\Z|(pull)\b")


def places(lines: Sequence[Line]) -> Iterator[tuple[Line, Words]]:
    """Give those lines that say where HEAD is, or begin or end a replay, with their words; the last one first.

    Of hundreds of lines few do, and a look for a literal costs a tenth of a match.
    """
    for line in reversed(lines):
        if "moving from " in line.text or any(mark in line.text for mark in _MARKS):
            yield line, read(line.text)


def read(message: str) -> Words:
    """Say what the text of a line says."""
    made = _COMMIT.match(message)
    if made is not None and made[1] in _MAKERS:
        return Words(verb=_MAKERS[made[1]], action="rebase" if made[1] == "rebase" else "")
    for reader in (_plain, _phase, _joined):
        words = reader(message)
        if words is not None:
            return words
    return Words(verb="other", sure=False, pull=message.startswith("pull"))


def _plain(message: str) -> Words | None:
    if match := _CHECKOUT.match(message):
        return Words(verb="checkout", left=match[1], target=match[2])
    if match := _RESET.match(message):
        return Words(verb="reset", target=match[1])
    if message.startswith(_STILL):
        return Words(verb="still")
    if message == "push":
        return Words(verb="push")
    if _ABORTED.match(message):
        return Words(verb="reset", sure=message == "am --abort")
    if _BORN.match(message):
        return Words(verb="still", sure=False)
    if message == "cherry-pick: fast-forward":
        return Words(verb="forward")
    for verb in ("cherry-pick", "revert", "am"):
        if message.startswith(f"{verb}: "):
            return Words(verb=verb)
    return None


def _phase(message: str) -> Words | None:
    if match := _PHASE.match(message):
        return _replay(match[1], match[2] or match[3], match[4])
    if match := _UPSTREAM.match(message):
        return Words(verb="checkout", target=match[1])
    return None


def _replay(action: str, phase: str, rest: str) -> Words | None:
    known = _REPLAY.match(action)
    if known is None and phase in _TOLD and _TOLD[phase].match(rest) is None:
        return None
    target = _RETURN.match(rest)
    return Words(
        verb=cast("Verb", phase) if phase in _TOLD else "step",
        action=action,
        sure=known is not None,
        pull=known is not None and known[1] is not None,
        target=None if target is None else target[1],
    )


def _joined(message: str) -> Words | None:
    if match := _FORWARD.match(message):
        action = message[: message.rfind(": ")]
        return Words(verb="forward", action=action, sure=match[1] is not None, pull=match[1] == "pull")
    if match := _MERGED.match(message):
        return Words(verb="merge", sure=match[1] is not None, pull=match[1] == "pull")
    return None
