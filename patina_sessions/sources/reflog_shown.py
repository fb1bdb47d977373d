"""The reflog of a repository that keeps it in a reftable: no file, so git is asked to show it.

What git shows lacks the id that a line began at: it is taken from the line before (`Line.derived`). A position is how
many lines were read and a hash over the last few, since one line may equal another.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from patina_sessions.model import Position
from patina_sessions.sources import reflog_lines
from patina_sessions.sources.reflog_lines import Likeness, Line
from patina_sessions.sources.reflog_tail import Numbered, Tail
from patina_sessions.system import clock
from patina_sessions.system.git import Git
from patina_sessions.system.objects import ident, is_id, text

_FORMAT = "--format=%H%x00%gd%x00%gn <%ge>%x00%gs"
_CHAINED = 4  # lines that one hash goes over
_TICK = 0.05  # seconds within which two changes may bear one time
_FIRST = 64  # lines that are asked for at first, and then four times as many


def read(git: Git, git_dir: Path, position: Position) -> Tail:
    """Return what stands after the position; git is asked only if a table has changed since."""
    at = _changed(git_dir)
    if at and at == position.offset:
        return Tail(position=position, looked=False)
    lines, place = _since(git, position)
    cut = place or 0
    return Tail(
        fresh=tuple(_numbered(lines, cut)),
        before=tuple(lines[:cut]),
        position=replace(
            position,
            offset=at,
            digest=_chain(lines, len(lines)) if lines else "",
            head=lines[-1].new if lines[cut:] else position.head,
            count=position.count + len(lines) - cut,
        ),
        lost=place is None and bool(position.digest),
    )


def end(git: Git, git_dir: Path) -> Position:
    """Return the position after the last line."""
    at = _changed(git_dir)
    lines, _ = _shown(git, "HEAD", _FIRST)
    return Position(source="HEAD", offset=at, digest=_chain(lines, len(lines)) if lines else "")


def _changed(git_dir: Path) -> int:
    """Return when the tables were last changed (ns), 0 where that is too short ago to see the next change."""
    try:
        changed = os.stat(git_dir / "reftable" / "tables.list").st_mtime_ns
    except OSError:
        return 0
    return changed if clock.wall() - changed / 1e9 > _TICK else 0


def _since(git: Git, position: Position) -> tuple[list[Line], int | None]:
    """Return the last lines, and how many of them had been read; None where that cannot be seen in all there are."""
    asked = _FIRST
    while True:
        lines, whole = _shown(git, position.source, asked)
        place = _place(lines, position.digest)
        if whole or place is not None:
            return lines, place
        asked *= 4


def _shown(git: Git, ref: str, most: int) -> tuple[list[Line], bool]:
    """Return the last lines, oldest first, and whether these are all."""
    quiet = ("--no-show-signature", "--no-notes", "--no-color", "--no-decorate", "--no-mailmap")
    shown = git.ask("log", "-g", "-z", f"-n{most}", "--date=raw", *quiet, _FORMAT, ref, "--")
    fields = shown.out.split(b"\0")
    entries = [fields[i : i + 4] for i in range(0, len(fields) - 3, 4)]
    lines: list[Line] = []
    old = ""
    for new, selector, who, words in reversed(entries):
        name = text(new)
        if is_id(name):
            by = ident(who + b" " + selector.partition(b"@{")[2].rstrip(b"}"))
            lines.append(Line(old=old or "0" * len(name), new=name, by=by, text=text(words), derived=True))
            old = name
    return lines, len(entries) < most


def _place(lines: Sequence[Line], digest: str) -> int | None:
    """Return how many of the lines had been read when the position was taken, None where that cannot be seen."""
    if not digest:
        return None
    for place in range(len(lines), 0, -1):
        if _chain(lines, place) == digest:
            return place
    return None


def _chain(lines: Sequence[Line], place: int) -> str:
    last = lines[max(0, place - _CHAINED) : place]
    return reflog_lines.digest(repr([(line.new, line.by, line.text) for line in last]).encode())


def _numbered(lines: Sequence[Line], cut: int) -> list[Numbered]:
    count: Counter[Likeness] = Counter()
    numbered = []
    for line in lines:
        numbered.append(Numbered(line=line, ordinal=count[line.likeness]))
        count[line.likeness] += 1
    return numbered[cut:]
