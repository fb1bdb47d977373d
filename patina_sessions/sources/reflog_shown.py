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

from patina_sessions.model import Id, Position
from patina_sessions.sources import reflog_lines
from patina_sessions.sources.reflog_lines import Likeness, Line
from patina_sessions.sources.reflog_tail import Numbered, Tail
from patina_sessions.system import clock
from patina_sessions.system.git import Git
from patina_sessions.system.objects import ident, is_id, text

_FORMAT = "--format=%H%x00%gD%x00%gn <%ge>%x00%gs"
_CHAINED = 4  # lines that one hash goes over
_TICK = 0.05  # seconds within which two changes may bear one time
_FIRST = 64  # lines that are asked for at first, and then four times as many


def read(git: Git, git_dir: Path, position: Position) -> Tail:
    """Return what stands after the position; git is asked only if a table has changed since."""
    at = changed(git_dir)
    if not _is_fresh(at) and at == position.offset:
        return Tail(position=position, looked=False)
    found, place = _since(git, position)
    return _tail(found, place, replace(position, offset=0 if _is_fresh(at) else at))


def tail(found: Sequence[Line], position: Position) -> Tail:
    """Return what stands after the position among lines that were shown."""
    return _tail(found, _place(found, position.digest), position)


def _tail(found: Sequence[Line], place: int | None, position: Position) -> Tail:
    cut = place or 0
    if (
        place is None and found and position.head is not None
    ):  # expired: what there is goes on from where we were
        found = [replace(found[0], old=position.head), *found[1:]]
    return Tail(
        fresh=tuple(numbered(found, cut)),
        before=tuple(found[:cut]),
        position=replace(
            position,
            digest=_chain(found, len(found)) if found else "",
            head=found[-1].new if found[cut:] else position.head,
            count=position.count + len(found) - cut,
        ),
        lost=place is None and bool(position.digest),
    )


def end(git: Git, git_dir: Path) -> Position:
    """Return the position after the last line."""
    at = changed(git_dir)
    found, _ = lines(git, "HEAD", _FIRST)
    return Position(
        source="HEAD", offset=0 if _is_fresh(at) else at, digest=_chain(found, len(found)) if found else ""
    )


def changed(git_dir: Path) -> int:
    """Return when the tables were last changed (ns), 0 where there are none."""
    try:
        return os.stat(git_dir / "reftable" / "tables.list").st_mtime_ns
    except OSError:
        return 0


def _is_fresh(at: int) -> bool:
    """Tell whether that is too short ago to see the next change by its time."""
    return not at or abs(clock.wall() - at / 1e9) < _TICK


def _since(git: Git, position: Position) -> tuple[list[Line], int | None]:
    """Return the last lines, and how many of them had been read; None where that cannot be seen in all there are."""
    asked = _FIRST
    while True:
        found, whole = lines(git, position.source, asked)
        place = _place(found, position.digest)
        if whole or place is not None:
            return found, place
        asked *= 4


def lines(git: Git, ref: str, most: int) -> tuple[list[Line], bool]:
    """Return the last lines, oldest first, and whether these are all."""
    entries, whole = _entries(git, ref, most)
    return [line for _, line in entries], whole


def first_line(git: Git) -> Line | None:
    """Return the oldest line of HEAD's reflog, None where there is none, or so many that this worktree is not new."""
    found, whole = lines(git, "HEAD", _FIRST)
    if not whole or not found:
        return None
    began = beginning(git, "HEAD", len(found))
    return found[0] if began is None else replace(found[0], old=began)


def remote_lines(git: Git, most: int) -> dict[str, list[Line]]:
    """Return the last lines of all remote-tracking branches together, by their full names, oldest first."""
    found: dict[str, list[Line]] = {}
    for name, line in _entries(git, "--remotes", most)[0]:
        if not name.endswith("/HEAD"):  # of one that only points elsewhere git shows the other's
            found.setdefault(name, []).append(line)
    return found


def beginning(git: Git, ref: str, count: int) -> Id | None:
    """Return where the oldest of a reflog's `count` lines began: git tells it of that one alone."""
    return git.resolve(f"{ref}@{{{count}}}")


def _entries(git: Git, what: str, most: int) -> tuple[list[tuple[str, Line]], bool]:
    quiet = ("--no-show-signature", "--no-notes", "--no-color", "--no-decorate", "--no-mailmap")
    shown = git.ask("log", "-g", "-z", f"-n{most}", "--date=raw", *quiet, _FORMAT, what, "--")
    fields = shown.out.split(b"\0")
    entries = [fields[i : i + 4] for i in range(0, len(fields) - 3, 4)]
    found: list[tuple[str, Line]] = []
    old: dict[str, Id] = {}
    for new, selector, who, words in reversed(entries):
        name, ref = text(new), text(selector.rpartition(b"@{")[0])
        if is_id(name):
            by = ident(who + b" " + selector.rpartition(b"@{")[2].rstrip(b"}"))
            began = old.get(ref, "0" * len(name))
            found.append((ref, Line(old=began, new=name, by=by, text=text(words), derived=True)))
            old[ref] = name
    return found, len(entries) < most


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


def numbered(lines: Sequence[Line], cut: int) -> list[Numbered]:
    """Return the lines from `cut` on, each with how many equal ones stand before it."""
    count: Counter[Likeness] = Counter()
    result = []
    for line in lines:
        result.append(Numbered(line=line, ordinal=count[line.likeness]))
        count[line.likeness] += 1
    return result[cut:]
