"""What is wrong with a finished journal: what looks like a secret, and what no reader would understand.

Every file can be read (the grammar loses nothing), so what counts is what a reader of it would miss: its title, its
identity, entries in a fence that nobody closed, the facts in its last line.
"""

from __future__ import annotations

import re
from pathlib import Path

from patina_sessions import redact
from patina_sessions.frozen import dataclass
from patina_sessions.journal import grammar, lines, metadata, render
from patina_sessions.system import untrusted

_CONFLICT = re.compile(rb"^(?:<{7}|\|{7}|>{7}) [^\n]*$", re.MULTILINE)
_SESSION = re.compile(rb"^# Session:", re.MULTILINE)
_META = re.compile(rb"^<!-- patina: ", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong, in which line, counted from 1."""

    path: str
    line: int
    words: str


def of_files(paths: list[Path]) -> list[Fault]:
    """Return what is wrong with these journals, in their order; one that is not there is a fault."""
    found = []
    for path in paths:
        data = untrusted.read(path, links=True)
        if data is None:
            found.append(Fault(path=str(path), line=1, words="there is no such file"))
        elif path.suffix == ".md" and path.stem.lower() != "readme":
            found += of(str(path), path.stem, data)
    return found


def of(path: str, name: str, data: bytes) -> list[Fault]:
    """Return what is wrong with one journal; `name` is its file's, without the ending."""
    journal = grammar.parse(data)
    found = [*_secrets(data), *_conflicts(data), *_structure(data)]
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
