"""What an assistant has to know when it begins: open goals, what stands, the session before, the latest entries.

It goes into the context of a model by way of a hook, whose output is cut off beyond 10,000 characters, or shown as its
first 2,000: so the most needed comes first, no line is cut in the middle, and what was left out is said, with where it
stands. Statements, no orders: an assistant takes orders in a tool's output for an attack, and it is right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from patina_sessions import redact, safe
from patina_sessions.errors import PatinaError
from patina_sessions.journal import archive, grammar
from patina_sessions.journal.grammar import Entry, Journal
from patina_sessions.paths import Layout
from patina_sessions.readers import brief, facts, points, previous
from patina_sessions.readers.facts import Facts
from patina_sessions.readers.page import Block, fill
from patina_sessions.system import files, untrusted

MAX_CHARS = 9_500
_WORDS = 45  # of a decision
_TEST = re.compile(r"Test (?!begun)[a-z][a-z -]{3,20}\Z")
_FAILED = re.compile(r"^Failed:\n((?:- .*(?:\n|\Z))+)", re.MULTILINE)
_UNFILLED = re.compile(r"^\*\*[^*\n]+:\*\*\n\n?(?:-[ \t]*(?:\n|\Z))+\n?(?=\*\*|\Z|\n)", re.MULTILINE)


def context(layout: Layout, *, active: bool, max_chars: int = MAX_CHARS) -> str:
    """Return what is going on: the active session, or the last one where none is active; "" where none ever was."""
    data = (untrusted.read(layout.journal) or files.read(layout.mirror)) if active else None
    if data:
        journal = grammar.parse(data)
        place = layout.journal.relative_to(layout.top).as_posix()
        return fill(_active(journal, place), _entries(journal), place, room=max_chars)
    last = max(previous.finished(layout), key=previous.order, default=None)
    found = archive.locate(layout, last.id) if last else None
    data = untrusted.read(found.path) if found else None
    if last is None or found is None or data is None:
        return ""
    place = f"layer/sessions/{last.id}.md" if found.tree else str(found.path)
    journal = grammar.parse(data)
    return fill(_finished(journal, last, place), _entries(journal), place, room=max_chars)


def of_last(layout: Layout, *, max_words: int) -> str:
    """Return the brief of the last finished session in at most so many words; "" where there is none.

    Where that leaves room, the sessions before it are named.
    """
    known = sorted(previous.finished(layout), key=previous.order, reverse=True)
    found = archive.locate(layout, known[0].id) if known else None
    if found is None:
        return ""
    return brief.and_before(of_file(found.path, max_words=max_words), known[1:], words=max_words)


def of_file(path: Path, *, max_words: int) -> str:
    """Return the brief of one journal file, in at most so many words. Raises `PatinaError` where there is none."""
    data = files.read(path)
    if data is None:
        raise PatinaError(
            f"there is no file {path}", "Name a journal: patina context --from layer/sessions/ID.md"
        )
    journal = grammar.parse(data)
    found = facts.of_journal(journal.field("ID", "id") or path.stem, journal)
    return brief.within(journal, found, str(path), words=max_words)


def _active(journal: Journal, place: str) -> Iterable[Block]:
    found = facts.of_journal(journal.field("ID", "id") or "", journal)
    said = f"Session {safe.line(found.id, limit=60)} is active"
    said += f", begun on branch {safe.code(found.branch)}" if found.branch else ""
    title = safe.line(redact.redact(journal.title))
    yield Block(heading=f"# {title}", lines=(f"{said}. Its journal is {safe.path(place)}.",))
    yield _goals(journal)
    yield Block(heading="## Failing tests", lines=_failing(journal), share=6)
    yield Block(heading="## Decisions, newest first", lines=_decided(journal), share=5)
    yield Block(heading="## Previous session", lines=_lines(journal.previous_context), share=3)


def _finished(journal: Journal, found: Facts, place: str) -> Iterable[Block]:
    said = f"No session is active. The journal of the last one is {safe.path(place)}."
    yield Block(heading="# Last session", lines=(said, "", *brief.brief(journal, found).split("\n")))
    yield _goals(journal)


def _goals(journal: Journal) -> Block:
    goals = ((goal.number, redact.redact(goal.text)) for goal in journal.goals if not goal.done)
    lines = tuple(f"- [ ] {number}. {safe.line(text, limit=500)}" for number, text in goals)
    return Block(heading="## Open goals", lines=lines, share=4)


def _failing(journal: Journal) -> tuple[str, ...]:
    """Return the tests that failed in the last run, or its heading where it names none; nothing where it passed."""
    runs = (entry for entry in reversed(journal.entries) if _TEST.match(entry.what))
    last = next(runs, None)
    if last is None or last.what == "Test passed":
        return ()
    named = _FAILED.search(last.body)
    return _lines(named[1]) if named else (f"- {safe.line(redact.redact(last.what))}",)


def _decided(journal: Journal) -> tuple[str, ...]:
    """Return what was decided in this session; what was decided before it stands in the brief of the one before."""
    said = (p.text for p in reversed(points.of(journal)) if p.kind == "decision")
    lines = dict.fromkeys(short for text in said if (short := brief.short(redact.redact(text), _WORDS)))
    return tuple(f"- {line}" for line in lines)


def _entries(journal: Journal) -> Iterator[Block]:
    """Yield the entries, the latest first; the one that only says that the session began tells nothing new."""
    for entry in reversed(journal.entries):
        if entry.what != "Session Start":
            yield Block(heading=_heading(entry), lines=_lines(entry.body))


def _heading(entry: Entry) -> str:
    words = safe.line(redact.redact(entry.what))
    stamp = " ".join(part for part in (entry.date, entry.time) if part)
    return f"### {stamp} - {words}" if stamp else f"### {words}"


def _lines(text: str) -> tuple[str, ...]:
    """Return a text as safe lines, without the headings of an update that nobody filled."""
    said = _UNFILLED.sub("", text).strip("\n")
    return tuple(safe.block(redact.redact(said)).split("\n")) if said.strip() else ()
