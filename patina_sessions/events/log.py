"""The event log of a worktree: numbered events and what the recorder remembers of its own work, one line each.

Append-only. It is written under the worktree's lock, one write and one fsync for all that belongs together, and a torn
last line (a kill, a full disk) is skipped and reported, never fatal. Beside events stand records:

    {"record":"position",...}   how far a source was read; in the same write as the events that were found
    {"record":"put","in":[..],"gone":[..]}   these entries stand in the journal; a person took those out
    {"record":"out","seqs":[..]}   an old buffer was saved over these: they have to be put again
    {"record":"gone","ids":[..]}   of the commits made in this session, those that no branch has any more
    {"record":"ending","time":..}   `end` has begun
    {"record":"archiving","sha256":..}   a finished journal of these bytes is about to be put in its places
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from patina_sessions.events import codec
from patina_sessions.frozen import dataclass
from patina_sessions.model import Event, Fact, Position
from patina_sessions.paths import Layout
from patina_sessions.system import files

SEGMENT_BYTES = 8 * 1024 * 1024

Record: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A place in the log: everything before it has been read. `check` is the bytes just before, in hex."""

    segment: int = 1
    offset: int = 0
    check: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line that could be read: an event or a record, and the place after it."""

    event: Event | None
    record: Record | None


def segment_path(layout: Layout, number: int) -> Path:
    """Return the path of a segment."""
    return layout.events / f"{number:06d}.jsonl"


def segments(layout: Layout) -> list[int]:
    """Return the numbers of the segments that are there, in order."""
    if not layout.events.is_dir():
        return []
    return sorted(int(p.stem) for p in layout.events.glob("[0-9]*.jsonl") if p.stem.isdigit())


def mark_at(layout: Layout, segment: int, offset: int) -> Mark:
    """Return the mark of a place, with the check of the bytes before it."""
    if not offset:
        return Mark(segment=segment)
    before = files.read_from(segment_path(layout, segment), max(0, offset - 64))[: min(64, offset)]
    return Mark(segment=segment, offset=offset, check=before.hex())


def read(layout: Layout, since: Mark | None = None) -> tuple[list[Line], Mark, int]:
    """Return the lines after a mark, the mark after them, and how many could not be read.

    Whether the mark still fits the log (a segment may have been removed or restored) is for the caller to ask: `fits`.
    """
    there = segments(layout)
    start = since or Mark()
    lines: list[Line] = []
    torn = 0
    end = start
    for number in [n for n in there if n >= start.segment]:
        offset = start.offset if number == start.segment else 0
        data = files.read_from(segment_path(layout, number), offset)
        for raw in data.splitlines(keepends=True):
            line = _line(raw)
            if line is None:
                torn += bool(raw.strip())
            else:
                lines.append(line)
        end = mark_at(layout, number, offset + len(data))
    return lines, end, torn


def fits(layout: Layout, mark: Mark) -> bool:
    """Return whether the log still is what it was up to the mark."""
    return mark_at(layout, mark.segment, mark.offset) == mark


def _line(raw: bytes) -> Line | None:
    try:
        record = json.loads(raw)
        if "record" in record:
            return Line(event=None, record=record)
        return Line(event=codec.decode(record, raw), record=None)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None  # whatever a damaged disk or another program left there


def events(layout: Layout, *, newest_first: bool = False) -> Iterator[Event]:
    """Return every event of the worktree, in order, reading a segment at a time."""
    for number in sorted(segments(layout), reverse=newest_first):
        good = segment(layout, number)
        yield from reversed(good) if newest_first else good


def segment(layout: Layout, number: int) -> list[Event]:
    """Return the events of one segment."""
    raw = files.read(segment_path(layout, number)) or b""
    found = [_line(line) for line in raw.splitlines(keepends=True)]
    return [line.event for line in found if line is not None and line.event is not None]


def was_archived(layout: Layout, data: bytes) -> bool:
    """Tell whether `end` set out to put a finished journal of these bytes in place, however far it came."""
    import hashlib  # see `number_facts`

    wanted = {"record": "archiving", "sha256": hashlib.sha256(data).hexdigest()}
    for number in reversed(segments(layout)):
        for raw in (files.read(segment_path(layout, number)) or b"").splitlines():
            line = _line(raw) if b'"archiving"' in raw else None
            if line is not None and line.record == wanted:
                return True
    return False


def number_facts(
    key: str, facts: Sequence[Fact], *, after: int, seen: frozenset[str] | set[str]
) -> list[Event]:
    """Give facts their numbers and ids; one that was logged already (`seen`, by id) is left out."""
    import hashlib  # costs what click's half does, and most commands log nothing

    source = f"/worktree/{key}"
    numbered: list[Event] = []
    ids = set(seen)
    for fact in facts:
        name = hashlib.sha256(f"{key}\0{fact.key}".encode("utf-8", "surrogateescape")).hexdigest()[:24]
        if name in ids:
            continue
        ids.add(name)
        numbered.append(
            Event(seq=after + 1 + len(numbered), id=name, time=fact.time, source=source, data=fact.data)
        )
    return numbered


def position_record(position: Position) -> Record:
    """Return a source's position as a record of the log."""
    return {"record": "position", **codec.as_json(position)}


def append(layout: Layout, mark: Mark, events: Sequence[Event], records: Sequence[Record]) -> Mark:
    """Append events, then records, in one write, and return the mark after them. The worktree's lock must be held.

    A torn last line is closed first: without that it would swallow the next event.
    """
    segment, path = mark.segment, segment_path(layout, mark.segment)
    if mark.offset >= SEGMENT_BYTES:
        segment, path, mark = segment + 1, segment_path(layout, segment + 1), Mark(segment=segment + 1)
    data = b"".join([codec.encode(e) for e in events] + [codec.dump(r) for r in records])
    if mark.offset and files.read_from(path, mark.offset - 1)[:1] != b"\n":
        data = b"\n" + data
    files.make_folder(layout.events)
    files.append(path, data)
    return mark_at(layout, segment, mark.offset + len(data))


def cut(mark: Mark) -> Mark:
    """Return the mark at the beginning of a new segment: a session has ended."""
    return Mark(segment=mark.segment + 1)
