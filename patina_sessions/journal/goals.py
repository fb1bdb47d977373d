"""The goals of a journal: the items of the task list in `## Goals`, numbered by their order in the file. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from patina_sessions.frozen import dataclass
from patina_sessions.journal import lines, metadata, render
from patina_sessions.journal.lines import LEVEL, LINE, TEXT

_GOAL = re.compile(rb"[ \t]*(?:[-*+]|[0-9]{1,9}[.)])[ \t]+\[([ xX])\][ \t]+(\S[^\n]*)")
_ITEM = re.compile(rb"[ \t]*(?:[-*+]|[0-9]{1,9}[.)])[ \t]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """One item of the task list; `number` is its place in the file, `box` the offset of the character in its box."""

    number: int
    text: str
    done: bool
    box: int


def found(data: bytes, scan: lines.Scan) -> tuple[Goal, ...]:
    """Return the goals of every section called Goals, fenced code left out."""
    goals: list[Goal] = []
    for start, end in _sections(data, scan):
        for at, line in _lines_between(data, start, end):
            match = _GOAL.match(line)
            if match and not scan.fences.cover(at):
                text = match[2].decode("utf-8", "surrogateescape").strip()
                box = at + match.start(1)
                goals.append(Goal(number=len(goals) + 1, text=text, done=match[1] != b" ", box=box))
    return tuple(goals)


def goal_box(data: bytes, number: int) -> tuple[int, bool] | None:
    """Return the offset of the character in the box of that goal, and whether it is done; None without such a goal."""
    goals = found(data, lines.scan(data))
    return (goals[number - 1].box, goals[number - 1].done) if 0 < number <= len(goals) else None


def add_goal(data: bytes, text: str) -> bytes:
    """Return the journal with one more goal at the end of its list; the section is made where it is missing.

    The text is made safe here. What is in the file stays as it is, byte for byte, around the new lines.
    """
    item = render.goal(text).encode("utf-8", "surrogateescape")
    scan = lines.scan(data)
    sections = _sections(data, scan)
    if sections:
        return _insert(data, _list_end(data, scan, *sections[0]), [item])
    log = next((h for h in scan.headings if is_section(h, b"activity log")), None)
    if log is not None:
        return _insert(data, log.start(LINE), [b"## Goals", item, b""])
    return _insert(data, _end_of_text(data), [*([b""] if data.strip() else []), b"## Goals", item])


def _insert(data: bytes, at: int, block: list[bytes]) -> bytes:
    """Put whole lines there, ended as the file's first line is."""
    newline = b"\r\n" if data[: data.find(b"\n") + 1].endswith(b"\r\n") else b"\n"
    before = newline if at and data[at - 1 : at] != b"\n" else b""
    return data[:at] + before + newline.join([*block, b""]) + data[at:]


def _end_of_text(data: bytes) -> int:
    comment = metadata.span(data)
    return comment[0] if comment else len(data)


def is_section(heading: lines.Mark, name: bytes) -> bool:
    """Say whether the heading begins the section of that lower-case name."""
    return len(heading[LEVEL]) == 2 and heading[TEXT].rstrip(b" \t\r#").strip().lower() == name


def _sections(data: bytes, scan: lines.Scan) -> list[tuple[int, int]]:
    """Return from where to where the texts of the sections called Goals reach."""
    last = _end_of_text(data)
    called = [at for at in scan.high if is_section(scan.headings[at], b"goals")]
    found = [(scan.headings[at].end(), scan.end(at, last)) for at in called]
    return [(start, end) for start, end in found if end >= start]


def _lines_between(data: bytes, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    while start < end:
        stop = data.find(b"\n", start, end) + 1 or end
        yield start, data[start:stop]
        start = stop


def _list_end(data: bytes, scan: lines.Scan, start: int, end: int) -> int:
    """Return where the list of goals ends: after its last item and what belongs to that, else where the text does."""
    place = data.find(b"\n", start, end) + 1 or end
    listed = blank = False
    for at, line in _lines_between(data, place, end):
        fenced = scan.fences.cover(at)
        if _ITEM.match(line) and not fenced:
            listed = True
        elif line.strip() and not fenced and listed and blank and line[:1] not in b" \t":
            break
        blank = not line.strip()
        if not blank:
            place = at + len(line)
    return place
