"""What is wrong with a finished journal: what looks like a secret, and what no reader would understand.

Every file can be read (the grammar loses nothing), so what counts is what a reader of it would miss: its title, its
identity, its beginning, entries that no reader finds, the facts in its last line. A heading without a time is a part of
the entry above it, as people write them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from patina_sessions import redact
from patina_sessions.frozen import dataclass
from patina_sessions.journal import grammar, lines, metadata, render
from patina_sessions.journal.grammar import Journal
from patina_sessions.readers import facts
from patina_sessions.system import untrusted

_CONFLICT = re.compile(rb"^(?:<{7}|\|{7}|>{7}) [^\n]*$", re.MULTILINE)
_SESSION = re.compile(rb"^# Session:", re.MULTILINE)
_BEGINS = re.compile(rb"(?:\xef\xbb\xbf)?# Session:")
_STARTED = re.compile(rb"^\*\*Started\*\*:", re.MULTILINE)
_LIKE_A_TIME = re.compile(rb"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}[ \t]+)?[0-9]{1,2}:[0-9]")
_META = re.compile(rb"^<!-- patina: ", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong, in which line, counted from 1; None where there is no file to have lines."""

    path: str
    line: int | None
    words: str


def of_files(paths: list[Path]) -> list[Fault]:
    """Return what is wrong with these journals, in their order; one that is not there is a fault.

    A folder is all journals in it.
    """
    found = []
    for path in [one for given in paths for one in _each(given)]:
        data = untrusted.read(path, links=True)
        if data is None:
            found.append(Fault(path=str(path), line=None, words="there is no such file"))
        elif path.suffix == ".md" and path.stem.lower() != "readme":
            found += of(str(path), path.stem, data)
    return found


def _each(given: Path) -> list[Path]:
    return sorted(given.glob("*.md")) if given.is_dir() else [given]


def of(path: str, name: str, data: bytes) -> list[Fault]:
    """Return what is wrong with one journal; `name` is its file's, without the ending."""
    journal = grammar.parse(data)
    found = [*_secrets(data), *_conflicts(data), *_structure(data)]
    if _BEGINS.match(data):
        found += [*_beginning(data, journal), *_headings(data)]
    if not journal.title:
        found.append((1, "it has no title: its first heading is to be `# Session: …`"))
    elif not (journal.fields or _SESSION.search(data)):  # older ones have another heading, and fields
        found.append((1, "it is no journal: its first heading is to be `# Session: …`"))
    session = journal.field("ID")
    if session is not None and session != name:
        found.append(
            (
                _line(data, data.find(b"**ID**")),
                f"it says that it is {session[:40]}, and its file says {name}",
            )
        )
    return [Fault(path=path, line=line, words=words) for line, words in sorted(found)]


def _beginning(data: bytes, journal: Journal) -> Iterator[tuple[int, str]]:
    """Name what a head of ours always says; an older one has other fields, and another heading."""
    if not journal.fields.get("ID"):
        yield 1, "it does not say which session it is: **ID**"
    started = journal.fields.get("Started")
    if started is not None and facts.instant(started) is None:
        mark = _STARTED.search(data)
        yield _line(data, mark.start() if mark else 0), "when it was started cannot be read: **Started**"


def _headings(data: bytes) -> Iterator[tuple[int, str]]:
    """Name the headings of entries that have no time: a reader finds no entry there, or no moment of it."""
    alone = False  # in the log, and no entry is there yet that a heading could be a part of
    for mark in lines.scan(data).headings:
        text = mark[lines.TEXT]
        if lines.is_entry(mark) or (len(mark[lines.LEVEL]) == 3 and _LIKE_A_TIME.match(text)):
            alone = False
            if lines.number(mark) is None and not _timed(mark):
                yield _line(data, mark.start(lines.LINE)), "the time of this entry is none"
        elif len(mark[lines.LEVEL]) <= 2:
            alone = text.strip(b"# \t\r").lower() == b"activity log"
        elif alone and len(mark[lines.LEVEL]) == 3:
            words = "an entry of the activity log begins with its time: `### 12:00 - …`"
            yield _line(data, mark.start(lines.LINE)), words


def _timed(heading: lines.Mark) -> bool:
    date, time, _ = lines.moment(heading)
    return time is not None and facts.instant(f"{date or '2000-01-01'}T{time}") is not None


def _secrets(data: bytes) -> list[tuple[int, str]]:
    """Name the kind of what was found, and never a part of it."""
    text = data.decode("utf-8", "surrogateescape")
    return [
        (text.count("\n", 0, one.start) + 1, f"it holds what looks like a secret ({one.kind})")
        for one in redact.find(text)
    ]


def _conflicts(data: bytes) -> list[tuple[int, str]]:
    fences = lines.scan(data).fences
    marks = [mark.start() for mark in _CONFLICT.finditer(data) if not fences.cover(mark.start())]
    return [(_line(data, at), "a conflict of git was left in it") for at in marks]


def _structure(data: bytes) -> list[tuple[int, str]]:
    fence = "a fence is open to the end: a renderer shows what follows as code"
    active = "it is of a session in progress: end it first"
    torn = "the facts in its last line are damaged, or not the last line"
    whole = None if metadata.read(data) is None else metadata.span(data)
    places = [
        *((at, fence) for at in lines.open_fences(data)),
        *((data.find(b"<!-- %d -->" % number), active) for number in render.numbers(data)[:1]),
        *((m.start(), torn) for m in _META.finditer(data) if whole is None or m.start() != whole[0]),
    ]
    return [(_line(data, at), words) for at, words in places]


def _line(data: bytes, at: int) -> int:
    return data.count(b"\n", 0, max(at, 0)) + 1
