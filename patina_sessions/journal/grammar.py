"""The grammar of a journal: lossless and by lines, for all three generations of the format. Pure.

`render(parse(data)) == data` for every file. Nothing here raises because of what a file holds; a reader takes what it
finds. The functions that the recorder uses look for one thing and build no model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any, Literal, TypeAlias

from patina_sessions import safe
from patina_sessions.frozen import dataclass
from patina_sessions.journal import front, goals, lines, metadata

Generation: TypeAlias = Literal["fields", "front-matter", "free"]
Kind: TypeAlias = Literal["head", "section", "entry", "metadata"]

_FIELD = re.compile(r"\*\*([^*:]+)\*\*:[ \t]*(.*)")
_PLAIN_FIELD = re.compile(r"([A-Z][\w ]{0,40}): (.+)")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
# Between the time of an entry and its words; a stretch of time (`13:50-14:20 — …`) counts by its beginning.
_SEPARATOR = re.compile(r"\s*(?:[-–—]\s*[0-9]{1,2}:[0-9]{2}\s*(?=[-–—:]\s))?[-–—:](?:\s+|\Z)")
_BOM = b"\xef\xbb\xbf"

Goal: TypeAlias = goals.Goal
goal_box = goals.goal_box
add_goal = goals.add_goal


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of the file: the head, a section from its heading to the next, an entry, or the archive's comment."""

    kind: Kind
    offset: int
    raw: bytes
    heading: lines.Mark | None = field(default=None, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The words of its heading, without the number; empty for the head and the comment."""
        if self.heading is None:
            return ""
        words = self.heading[lines.TEXT]
        if lines.number(self.heading) is not None:
            start, _ = lines.number_span(self.heading)
            words = words[: start - self.heading.start(lines.TEXT)]
        said = text(words).strip()
        closed = said.rstrip("#")  # `## Goals ##` is `## Goals`, but `C#` is `C#`
        return closed.rstrip() if closed[-1:] in ("", " ", "\t") else said

    @property
    def level(self) -> int:
        """The level of its heading; 0 for the head and the comment."""
        return len(self.heading[lines.LEVEL]) if self.heading else 0

    @property
    def body(self) -> str:
        """The text below its heading, without the empty lines around it."""
        below = self.raw[self.heading.end() - self.offset :] if self.heading else self.raw
        return text(below).strip("\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of the activity log, wherever in the file it stands."""

    date: str | None
    time: str | None
    what: str
    body: str
    number: int | None
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a journal says of itself before its first section."""

    generation: Generation
    title: str
    fields: Mapping[str, str]

    def field(self, *names: str) -> str | None:
        """Return the first of these fields that is there and says something."""
        return next((self.fields[name] for name in names if self.fields.get(name)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """A journal as its parts, in the order of the file, and what they say."""

    parts: tuple[Part, ...]
    head: Head
    goals: tuple[Goal, ...]
    entries: tuple[Entry, ...]
    archived: Mapping[str, Any] | None  # the facts in the archive's comment

    @property
    def title(self) -> str:
        """What its heading calls it."""
        return self.head.title

    @property
    def fields(self) -> Mapping[str, str]:
        """What its head says, by name."""
        return self.head.fields

    @property
    def generation(self) -> Generation:
        """Which of the three formats it is written in."""
        return self.head.generation

    def section(self, name: str) -> str | None:
        """Return the text of the first section of that name, or None where there is none."""
        wanted = name.casefold()
        return next((p.body for p in self.parts if p.kind == "section" and p.name.casefold() == wanted), None)

    @property
    def sections(self) -> dict[str, str]:
        """The text of each section by its name, in order; of two with one name, the first."""
        found: dict[str, str] = {}
        for part in self.parts:
            if part.kind == "section":
                found.setdefault(part.name, part.body)
        return found

    @property
    def previous_context(self) -> str:
        """What the journal says of the session before it, without comments."""
        return _COMMENT.sub("", self.section("Previous Session Context") or "").strip()

    @property
    def classification(self) -> dict[str, str]:
        """The lines of `## Session Classification`, by their names."""
        said = (self.section("Session Classification") or "").split("\n")
        found = (line.lstrip("-* ").partition(":") for line in said)
        return {name.strip(): value.strip() for name, colon, value in found if colon}

    def field(self, *names: str) -> str | None:
        """Return the first of these fields that is there and says something."""
        return self.head.field(*names)


def text(data: bytes) -> str:
    """Return bytes of a journal as text that can be turned back: UTF-8, the rest by surrogateescape, lines by LF."""
    return data.decode("utf-8", "surrogateescape").replace("\r\n", "\n")


def parse(data: bytes) -> Journal:
    """Read a journal of any generation, whatever it holds."""
    found = lines.scan(data)
    matter = _matter(data, found)
    parts = tuple(_parts(data, found, matter))
    return Journal(
        parts=parts,
        head=_head(data[:matter], parts[0].raw),
        goals=goals.found(data, found),
        entries=tuple(_entry(part) for part in parts if part.kind == "entry"),
        archived=metadata.read(data),
    )


def head(data: bytes, found: lines.Scan) -> Head:
    """Return what `parse` says of the head, without looking at what follows it."""
    matter = _matter(data, found)
    return _head(data[:matter], next(_parts(data, found, matter)).raw)


def _head(matter: bytes, raw: bytes) -> Head:
    words = text(raw.removeprefix(_BOM))
    fields = front.fields(text(matter.removeprefix(_BOM))) if matter else {}
    generation: Generation = "front-matter" if fields else "free"
    for name, value in _fields(words).items():
        fields.setdefault(name, value)
    if generation == "free" and {"ID", "Started", "Starting Commit"} & fields.keys():
        generation = "fields"
    return Head(generation=generation, title=_title(words, fields), fields=fields)


def render(journal: Journal) -> bytes:
    """Return the bytes of a journal: those it was read from, unless a part was exchanged."""
    return b"".join(part.raw for part in journal.parts)


def _matter(data: bytes, found: lines.Scan) -> int:
    """Return how many bytes the front matter takes; dashes around an entry make none, no entry is ever hidden."""
    end = front.span(data)
    within = (heading for heading in found.headings if heading.start(lines.LINE) < end)
    hides = end > 0 and any(lines.is_entry(heading) for heading in within)
    return 0 if hides else end


def _parts(data: bytes, found: lines.Scan, matter: int) -> Iterator[Part]:
    comment = metadata.span(data)
    end = comment[0] if comment else len(data)
    kind: Kind = "head"
    start, heading = 0, None
    titled = False
    for mark in found.headings:
        if mark.start(lines.LINE) < matter or mark.start(lines.LINE) >= end:
            continue
        if not titled and len(mark[lines.LEVEL]) == 1 and kind == "head":
            titled = True  # the title belongs to the head
            continue
        if (entry := lines.is_entry(mark)) or len(mark[lines.LEVEL]) <= 2:
            yield Part(kind=kind, offset=start, raw=data[start : mark.start(lines.LINE)], heading=heading)
            kind, start, heading = "entry" if entry else "section", mark.start(lines.LINE), mark
    yield Part(kind=kind, offset=start, raw=data[start:end], heading=heading)
    if comment:
        yield Part(kind="metadata", offset=end, raw=data[end:])


def _fields(head: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in head.split("\n"):
        match = _FIELD.match(line) or _PLAIN_FIELD.match(line)
        if match:
            found.setdefault(match[1].strip(), match[2].strip())
    return found


def _title(head: str, fields: Mapping[str, str]) -> str:
    for line in head.split("\n"):
        if line.startswith("# "):
            return line[2:].strip().removeprefix("Session:").strip()
    return fields.get("title", "")


def _entry(part: Part) -> Entry:
    assert part.heading is not None
    date, time, end = lines.moment(part.heading)
    words = part.name[end:] if time else part.name
    separator = _SEPARATOR.match(words) if time else None
    return Entry(
        date=date,
        time=time,
        what=words[separator.end() if separator else 0 :].strip(),
        body=part.body,
        number=lines.number(part.heading),
        offset=part.offset,
    )


def retitle(data: bytes, title: str) -> bytes:
    """Return the journal with another title in its heading, made safe; nothing else changes."""
    line = b"# Session: " + safe.line(title).encode("utf-8", "surrogateescape")
    found = lines.scan(data)
    start = _matter(data, found) or (len(_BOM) if data.startswith(_BOM) else 0)
    for heading in found.headings:
        if heading.start(lines.LINE) < start:
            continue
        if lines.is_entry(heading) or len(heading[lines.LEVEL]) == 2:
            break  # the title belongs to the head, and that is over
        if len(heading[lines.LEVEL]) == 1:
            end = heading.end() - heading[0].endswith(b"\r")
            return data[: heading.start(lines.LINE)] + line + data[end:]
    return data[:start] + line + b"\n" + data[start:]
