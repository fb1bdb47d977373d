"""What was said in a journal, point by point, and which points tell most of it in a few words. Pure.

A point is a bullet, a paragraph or a commit's subject. What Patina wrote about git and runs is left out: its numbers
are in the archive's comment. The weights were found on 171 pairs of consecutive journals of another project: which
words of a session does the next one's own summary use? They hold on either half of the pairs; those of commits and of
what has no label were mended on other projects (layer/core/brief.md).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, TypeAlias

from patina_sessions.frozen import dataclass
from patina_sessions.journal.grammar import Entry, Journal

Kind: TypeAlias = Literal["work", "decision", "pattern", "challenge", "next", "said", "commit"]

_KINDS: tuple[tuple[Kind, str], ...] = (
    ("work", r"work|accompl|achiev|complet|progress|implemented|built|done|fixed|summary|result|final"),
    ("decision", r"decision|decided|rationale"),
    ("challenge", r"challenge|problem|issue|obstacle|blocker"),
    ("pattern", r"pattern|insight|lesson|learn|discover|observ|finding|realiz"),
    ("next", r"next|pending|remaining|to.?do"),
)
_WEIGHTS: dict[Kind, float] = {
    "work": 1.6,
    "decision": 1.1,
    "next": 0.9,
    "pattern": 0.8,
    "said": 1.0,
    "challenge": 0.7,
    "commit": 1.0,
}
_LATE = 0.5  # the last entry counts half as much again as the first
_SHORT = 5  # words that a point costs beside its own, so that not only scraps are chosen
_LETTERS = 10  # of a long word
_MOST = 400  # points that are looked at, the last ones: a journal may hold thousands of commits

_LABEL = re.compile(r"\*\*([^*]+)\*\*:?|\*\*([^*]+):\*\*|#{2,6}[ \t]+(.+?)[ \t]*#*")
_BULLET = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?(.*)")
_FENCE = re.compile(r"\s*(?:[-*+][ \t]+)?(```+|~~~+)")
_COMMIT = re.compile(
    r"(?:Commit|Amend|Merge|Cherry-pick|Revert|Patch applied) (?:([0-9a-f]{7,40}) → )?([0-9a-f]{7,40}): (.+)"
)
_MACHINE = re.compile(
    r"Session Start|(?:Build|Test|Exec|YOLO run) [a-z][a-z -]{3,20}$|(?:Goal (?:done|added)|Renamed): "
    r"|(?:Checkout|Reset|Rebase|Pull|Fast-forward|HEAD moved|Push to )\b.*(?:→|: new, at|given up)"
)
_STANDING = {
    *("previous session context", "goals", "activity log", "session classification", "design source"),
    *("user prompts", "beliefs captured", "session metrics"),
}
_WORD = re.compile(r"\w(?:[\w.-]*\w)?")
_STOP = frozenset(
    "the and for that this with from are was were has have had not but all any can into its our out per via you your"
    " they them then than when what which who will would could should been being also only one two more most some no"
    " about after before over under need used using use".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One thing that was said; `place` is that of its entry in the journal."""

    kind: Kind
    place: int
    text: str


def of(journal: Journal) -> list[Point]:
    """Return what was said in the journal, in its order."""
    found: list[Point] = []
    entries = {entry.offset: entry for entry in journal.entries}
    amended = _amended(journal)
    for place, part in enumerate(journal.parts):
        if part.kind == "entry":
            found += _of_entry(place, entries[part.offset], amended)
        elif part.kind == "section" and re.sub(r"[\s:(]+\d*\)?$", "", part.name).lower() not in _STANDING:
            found += _of_text(place, part.name, part.body)
    return [point for point in found if len(point.text) > 2][-_MOST:]


def commits(journal: Journal) -> int:
    """Return how many commits the journal tells of; those that were amended away do not count."""
    amended = _amended(journal)
    found = (_COMMIT.fullmatch(entry.what) for entry in journal.entries)
    return sum(1 for commit in found if commit and commit[2] not in amended)


def _amended(journal: Journal) -> set[str | None]:
    found = (_COMMIT.fullmatch(entry.what) for entry in journal.entries)
    return {commit[1] for commit in found if commit}


def _of_entry(place: int, entry: Entry, amended: set[str | None]) -> Iterator[Point]:
    commit = _COMMIT.fullmatch(entry.what)
    if commit:
        if commit[2] not in amended:
            yield Point(kind="commit", place=place, text=commit[3])
    elif not _MACHINE.match(entry.what):
        yield from _of_text(place, "", entry.body)


def _of_text(place: int, label: str, text: str) -> Iterator[Point]:
    """Take a text apart; what git says in an update is left out."""
    for name, block in _blocks(label, text):
        if "git activity" not in name.lower():
            yield from (Point(kind=_kind(name), place=place, text=said) for said in _points(block))


def _blocks(label: str, text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the lines below each label of a text, fenced code left out."""
    block: list[str] = []
    fence = ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if fence or mark:
            fence = "" if mark and fence and mark[1].startswith(fence) else fence or (mark[1] if mark else "")
            block.append("")
            continue
        named = _LABEL.fullmatch(line.strip())
        if named:
            yield label, block
            label, block = (named[1] or named[2] or named[3]).strip(" :"), []
        else:
            block.append(line)
    yield label, block


def _kind(label: str) -> Kind:
    return next((kind for kind, words in _KINDS if re.search(words, label, re.IGNORECASE)), "said")


def _points(lines: Iterable[str]) -> list[str]:
    """Return the bullets and paragraphs, each as one line."""
    found: list[str] = []
    open_ = False
    for line in lines:
        bullet = _BULLET.match(line)
        if not line.strip():
            open_ = False
        elif bullet or not open_:
            found.append(bullet[1].strip() if bullet else line.strip())
            open_ = True
        else:
            found[-1] += " " + line.strip()
    return found


def words(text: str) -> set[str]:
    """Return the words of a text that carry meaning, in lower case; of letters like `a` or `of` not one does."""
    found = set(_WORD.findall(text.lower()))
    return {word for word in found if (len(word) > 2 or not word.isascii()) and word not in _STOP}


def size(text: str) -> int:
    """Return for how many words a text counts; not every script puts blanks between them."""
    return max(len(text.split()), len(text) // _LETTERS)


def choose(points: Sequence[Point], known: str, *, room: int) -> list[Point]:
    """Return the points that together tell most, `room` words at most, in the order of the journal.

    Taken one by one: that which adds most of what the journal often says, for its length; what `known` or an earlier
    choice says already adds nothing.
    """
    said = [words(point.text) or {point.text} for point in points]
    often = Counter(word for one in said for word in one)
    last = max((point.place for point in points), default=1) or 1
    lengths = [size(point.text) + 1 for point in points]  # its bullet is read too
    worth = [_WEIGHTS[p.kind] * (1 + _LATE * p.place / last) for p in points]
    told = words(known)
    left, chosen = set(range(len(points))), []
    while left := {i for i in left if lengths[i] <= room}:
        gains = {
            i: worth[i] * sum(often[word] for word in said[i] - told) / (lengths[i] + _SHORT)
            for i in sorted(left)
        }
        best = max(gains, key=gains.__getitem__)
        if not gains[best]:
            break
        left.remove(best)
        room -= lengths[best]
        told |= said[best]
        chosen.append(best)
    return [points[i] for i in sorted(chosen)]


def with_commits(points: Sequence[Point], chosen: Sequence[Point], *, room: int) -> list[Point]:
    """Return what was chosen with the commits that say nothing new, as many as there is room for: a list is whole."""
    taken = set(map(id, chosen))
    room -= sum(size(point.text) + 1 for point in chosen)
    for point in points:
        length = size(point.text) + 1
        if point.kind == "commit" and id(point) not in taken and length <= room:
            taken.add(id(point))
            room -= length
    return [point for point in points if id(point) in taken]
