"""The new lines of a reflog, found from a position that survives the reflog being rewritten.

A position is an offset, the hash of the line that ends there, and the id it ended at: `git reflog expire`, `delete`
and `gc` rewrite the file under any offset. Reading costs the same at the tenth and the five-thousandth line: one block
before the position and what is new.
"""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from patina_sessions.errors import PatinaError
from patina_sessions.frozen import dataclass
from patina_sessions.model import Position
from patina_sessions.sources import reflog_lines
from patina_sessions.sources.reflog_lines import Likeness, Line

WINDOW = 65536  # what is read before a position: enough to see the branch, the replay and equal lines
LAST = 262144  # of other reflogs, which are only looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """A line and its place among equal lines shortly before it, which together are its key."""

    line: Line
    ordinal: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """What is new in a reflog. `lost`: the position is not in it any more, and `fresh` are all the lines there are."""

    fresh: tuple[Numbered, ...] = ()
    before: tuple[Line, ...] = ()  # the lines just before them
    position: Position
    lost: bool = False
    size: int | None = None  # of the file when it was read, None where there is none
    looked: bool = True  # False: it was plain without a look that nothing can have changed

    @property
    def last(self) -> Line | None:
        """The last line there is."""
        return self.fresh[-1].line if self.fresh else self.before[-1] if self.before else None


def read(path: Path, position: Position) -> Tail | None:
    """Return what stands after the position; None where there is no such reflog."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return _read(fd, position)
        finally:
            os.close(fd)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise PatinaError(f"cannot read {path}: {error.strerror}", f"Look at it: ls -ld {path}") from error


def _read(fd: int, position: Position) -> Tail:
    start = max(0, position.offset - WINDOW)
    data = _bytes_from(fd, start)
    cut = position.offset - start
    if not _ends_with(data[:cut], position, whole=len(data) >= cut):
        start, data = 0, _bytes_from(fd, 0)
        place = _place(data, position.digest)
        if place is None:
            return _tail(data, 0, 0, position, lost=True)
        cut = place
    return _tail(data, start, cut, position, lost=False)


def _bytes_from(fd: int, offset: int) -> bytes:
    size = os.fstat(fd).st_size
    return os.pread(fd, max(0, size - offset), offset)


def _ends_with(before: bytes, position: Position, *, whole: bool) -> bool:
    if not position.digest:
        return position.offset == 0
    if not whole or not before.endswith(b"\n"):
        return False
    return reflog_lines.digest(before[before.rfind(b"\n", 0, -1) + 1 : -1]) == position.digest


def _place(data: bytes, digest: str) -> int | None:
    """Return where the line with that hash ends, looking from the end; None where there is none."""
    end = data.rfind(b"\n") + 1
    while digest and end:
        begin = data.rfind(b"\n", 0, end - 1) + 1
        if reflog_lines.digest(data[begin : end - 1]) == digest:
            return end
        end = begin
    return None


def _tail(data: bytes, start: int, cut: int, position: Position, *, lost: bool) -> Tail:
    whole = data.rfind(b"\n") + 1  # git may be in the middle of writing the last line
    if start:
        data, start, cut, whole = _whole_lines(data, start, cut, whole)
    # Where nothing is new the last line is enough: to see whether HEAD has moved without one.
    begin = 0 if whole > cut else data.rfind(b"\n", 0, max(0, whole - 1)) + 1
    lines = list(_lines(data[:whole], begin))
    before = [line for place, line in lines if place < cut]
    fresh = list(_numbered(lines, cut))
    raw = data[data.rfind(b"\n", 0, max(0, whole - 1)) + 1 : max(0, whole - 1)]
    return Tail(
        fresh=tuple(fresh),
        before=tuple(before),
        position=Position(
            source=position.source,
            offset=start + whole,
            digest=reflog_lines.digest(raw) if whole else "",
            head=next((n.line.new for n in reversed(fresh) if not n.line.gone), position.head),
            count=position.count + len(fresh),
        ),
        lost=lost,
        size=start + len(data),
    )


def _whole_lines(data: bytes, start: int, cut: int, whole: int) -> tuple[bytes, int, int, int]:
    first = data.find(b"\n") + 1
    return data[first:], start + first, max(0, cut - first), max(0, whole - first)


def _lines(data: bytes, begin: int) -> Iterator[tuple[int, Line]]:
    """Give the lines from `begin` on that can be read, each with the place where it begins."""
    while (end := data.find(b"\n", begin)) >= 0:
        line = reflog_lines.parse(data[begin:end])
        if line is not None:
            yield begin, line
        begin = end + 1


def _numbered(lines: Iterable[tuple[int, Line]], cut: int) -> Iterator[Numbered]:
    """Give the lines from `cut` on, each with how many equal ones stand in the window before it.

    So the number depends on the file alone, not on when it was read.
    """
    near: deque[tuple[int, Likeness]] = deque()
    count: Counter[Likeness] = Counter()
    for begin, line in lines:
        while near and near[0][0] < begin - WINDOW + 1024:
            count[near.popleft()[1]] -= 1
        if begin >= cut:
            yield Numbered(line=line, ordinal=count[line.likeness])
        near.append((begin, line.likeness))
        count[line.likeness] += 1


def last_lines(path: Path, most: int = LAST, *, end: int | None = None) -> list[Line]:
    """Return the lines at the end of any reflog, or before `end`, oldest first; none where it cannot be read."""
    try:
        with open(path, "rb") as stream:
            until = stream.seek(0, os.SEEK_END) if end is None else end
            begin = stream.seek(max(0, until - most))
            data = stream.read(until - begin)
    except OSError:
        return []
    return [line for _, line in _lines(data, 0)]


def first_line(path: Path) -> Line | None:
    """Return the oldest line of a reflog, None where there is none."""
    try:
        with open(path, "rb") as stream:
            return reflog_lines.parse(stream.readline(WINDOW).rstrip(b"\n"))
    except OSError:
        return None


def end(path: Path, source: str = "HEAD") -> Position:
    """Return the position after the last whole line of a reflog."""
    nothing = Position(source=source)
    try:
        with open(path, "rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            begin = stream.seek(max(0, size - WINDOW))
            data = stream.read(size - begin)
    except OSError:
        return nothing
    whole = data.rfind(b"\n") + 1
    if not whole:
        return nothing
    raw = data[data.rfind(b"\n", 0, whole - 1) + 1 : whole - 1]
    line = reflog_lines.parse(raw)
    head = None if line is None or line.gone else line.new
    return replace(nothing, offset=begin + whole, digest=reflog_lines.digest(raw), head=head)


def size(path: Path) -> int | None:
    """Return how long a reflog is, None where there is none."""
    try:
        return os.stat(path).st_size
    except OSError:
        return None
