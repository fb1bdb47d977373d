"""The work of an autonomous run, as it passes from the container to the report. All texts are hostile. Pure."""

from __future__ import annotations

import re

from patina_sessions.frozen import dataclass
from patina_sessions.model import Id

_ID = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """Work that is not below the program's HEAD: another branch, a detached head of a worktree, a stash."""

    id: Id
    name: str  # as the program called it: hostile text


@dataclass(frozen=True, slots=True, kw_only=True)
class Harvest:
    """What the container said of the work. All texts are hostile."""

    result: Id | None = None  # HEAD, with what was not committed on top; None where nothing was made
    salvaged: bool = False  # its last commit holds what was not committed
    head: str = ""  # the branch that HEAD was on; empty where it was detached
    others: tuple[Other, ...] = ()
    dropped: int = 0  # tips beyond those that come back
    left: tuple[str, ...] = ()  # what else did not come back, in words
    size: int = 0  # bytes of all objects, unpacked
    largest: int = 0
    ignored: int = 0  # files that .gitignore keeps out
    notes: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether all of the work came back, but for what the project itself ignores."""
        return not self.left and not self.dropped

    @property
    def something(self) -> bool:
        """Whether there is anything to bring home."""
        return self.result is not None or bool(self.others)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tip:
    """A commit that came home, the branch that was made for it, and what the program called it."""

    id: Id
    ref: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """A commit that came home, as the report tells it. All texts are hostile."""

    id: Id
    author: str
    email: str
    committer_email: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A file that differs between the beginning and the end. Lines are None where git does not count them."""

    path: str
    added: int | None
    deleted: int | None
    mode: str = ""  # as git writes it; empty where the file is gone
    size: int | None = None  # bytes of what is there now
    pointer: bool = False  # it stands for a file in LFS, whose contents did not come along


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What is new in the work."""

    commits: tuple[Brought, ...] = ()  # the newest first, not all of them
    count: int = 0
    changes: tuple[Change, ...] = ()
    beside: tuple[Change, ...] = ()  # in the branches that are not the first: by name and mode alone
    files: int | None = None  # None where they could not be counted
    follows: bool = True  # the end descends from the beginning


def read(said: str) -> Harvest:
    """Return what the helper's lines say. A line that is none of its words is passed over."""
    result: Id | None = None
    others: list[Other] = []
    numbers = {"size": 0, "largest": 0, "ignored": 0, "dropped": 0}
    head, salvaged, notes, left = "", False, list[str](), list[str]()
    for line in said.splitlines():
        word, _, rest = line.partition(" ")
        if word == "result" and _ID.fullmatch(rest):
            result = rest
        elif word == "other" and _ID.fullmatch(rest.partition(" ")[0]):
            others.append(Other(id=rest.partition(" ")[0], name=rest.partition(" ")[2][:200]))
        elif word in numbers and rest.strip().isdigit():
            numbers[word] = int(rest)
        elif word == "head":
            head = rest[:200]
        elif word == "salvaged":
            salvaged = True
        elif word == "note":
            notes.append(rest[:300])
        elif word == "left":
            left.append(rest[:300])
    return Harvest(
        result=result,
        salvaged=salvaged,
        head=head,
        others=tuple(others),
        notes=tuple(notes[:20]),
        left=tuple(left[:20]),
        **numbers,
    )
