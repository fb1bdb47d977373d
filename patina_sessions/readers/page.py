"""A page of limited size, the most needed first: whole lines only, and a word about what found no room. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from patina_sessions import safe
from patina_sessions.frozen import dataclass

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_SCRAP = 4  # lines: less of an entry tells nothing
_LATEST = "## Latest entries, newest first"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A heading and what stands below it; it may take one part in `share` of the page, so that others have room too."""

    heading: str
    lines: Sequence[str] = ()
    share: int = 1

    @property
    def name(self) -> str:
        return self.heading.lstrip("# ").lower()

    @property
    def all(self) -> list[str]:
        return [self.heading, *self.lines]


def fill(blocks: Iterable[Block], entries: Iterable[Block], place: str, *, room: int) -> str:
    """Return the blocks, then the entries, in at most `room` characters.

    The last line says what was left out and that all of it stands in `place`; where not even that fits, it is left out.
    """
    told = [block for block in blocks if block.lines]
    listed = list(entries)
    reserved = len(_notice([block.name for block in told], len(listed), place, room // 3))
    left = room - reserved - 2
    page: list[str] = []
    cut: list[str] = []
    for block in told:
        kept = fitting(block.all, min(left, room // block.share) - 1)
        if len(kept) < len(block.all):
            cut.append(block.name)
            # A heading alone tells nothing, but the title does.
            kept = kept if len(kept) > 1 or not page else []
        left -= _put(page, kept)
    missing = _latest(page, listed, left)
    if cut or missing:
        _put(page, [_notice(cut, missing, place, reserved)])
    text = "\n\n".join(page) + "\n" if page else ""
    return text if len(text) <= room else ""


def _latest(page: list[str], entries: Sequence[Block], left: int) -> int:
    """Put as many entries on the page as find room, the last one in part, and return how many are not whole."""
    if not entries or left < 2 * len(_LATEST):
        return len(entries)
    left -= _put(page, [_LATEST])
    for shown, entry in enumerate(entries):
        kept = fitting(entry.all, left - 1)
        if len(kept) < len(entry.all):
            _put(page, kept if len(kept) >= _SCRAP else [])
            return len(entries) - shown
        left -= _put(page, kept)
    return 0


def _put(page: list[str], lines: Sequence[str]) -> int:
    """Add a paragraph, if there is any, and return how many characters it takes."""
    text = "\n".join(lines).rstrip("\n")
    if text:
        page.append(text)
    return len(text) + 2 if text else 0


def fitting(lines: Sequence[str], room: int) -> list[str]:
    """Return the first lines that fit in so many characters; fenced code is taken whole or not at all."""
    taken = 0
    fence = ""
    for at, line in enumerate(lines):
        room -= len(line) + 1
        if room < 0:
            break
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence):
            fence = ""
        if not fence:
            taken = at + 1
    return list(lines[:taken])


def _notice(cut: Sequence[str], missing: int, place: str, room: int) -> str:
    """Say what is missing, or where that takes more than `room`, only where it stands."""
    entries = [f"{missing} of the entries" if missing > 1 else "one of the entries"] if missing else []
    words = ", ".join([*(f"parts of “{name}”" for name in cut), *entries])
    said = f"({words[:1].upper()}{words[1:]} found no room here; all of it is in {safe.path(place)}.)"
    return said if len(said) <= room else f"(More is in {safe.path(place)}.)"
