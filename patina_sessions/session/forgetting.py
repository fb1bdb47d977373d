"""What a text, or what a session was, is taken out of: as functions from bytes to bytes. Pure.

A text stands in a journal as `safe` has left it, and in a log as JSON writes it; each of these forms is looked for, and
the beginning of one before the mark of a cut: a heading has room for 200 characters. Lines of the event log are changed
inside their texts only, so that a text that looks like JSON cannot break one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable
from typing import Any

from patina_sessions import safe
from patina_sessions.events import codec
from patina_sessions.journal import grammar

MARK = "[forgotten]"
FORGOTTEN = "patina.forgotten"  # a type of event that nobody knows, so it is kept and passed over
LEAST_CUT = 8  # bytes of a form that are left of it before a cut
_CUTS = ("…".encode(), b"\\u2026")
_LONG = 10**9
_SECTIONS = frozenset({"Goals", "Previous Session Context", "Activity Log", "Session Classification"})
_FIELDS = frozenset({"id", "started", "starting commit", "session tag"})
_NAMED = _FIELDS | {"llm", "git branch"}
_FACTS = ("v", "kept", "started", "ended", "tz", "head", "commits", "rewrites", "whole")
# Fields that are not text: what is what, and the ties to git.
_FIXED = frozenset(
    "agent_session by how id key kind new old outcome parents phase previous rewrites run session sha256 since status"
    " tag tree what".split()
)


def forms(text: str) -> tuple[bytes, ...]:
    """Return every way in which the text may stand in a file of ours, the longest first."""
    plain = {
        text,
        safe.visible(text),
        safe.line(text, limit=_LONG),
        safe.line(text, limit=_LONG).lstrip("\\"),
    }
    escaped = {json.dumps(form, ensure_ascii=plainly)[1:-1] for form in plain for plainly in (True, False)}
    comment = {form.replace("--", "\\u002d\\u002d") for form in escaped}
    found = {form.encode("utf-8", "surrogateescape") for form in (*plain, *escaped, *comment) if form}
    return tuple(sorted(found, key=lambda form: (-len(form), form)))


def without(data: bytes, given: Iterable[bytes]) -> tuple[bytes, int]:
    """Return a file's bytes with a mark in the place of each form, and how many there were."""
    count = 0
    for form in given:
        if seen := data.count(form):
            data = data.replace(form, MARK.encode())
            count += seen
        data, seen = _without_cut(data, form)
        count += seen
    return data, count


def _without_cut(data: bytes, form: bytes) -> tuple[bytes, int]:
    """Return the bytes with a mark in the place of what a cut left of the form."""
    head, kept, count = form[:LEAST_CUT], bytearray(), 0
    done = at = 0
    while len(form) > LEAST_CUT and (found := data.find(head, at)) >= 0:
        end = found + len(head)
        while end - found < len(form) and data[end : end + 1] == form[end - found : end - found + 1]:
            end += 1
        at = found + 1
        if data.startswith(_CUTS, end):
            kept += data[done:found] + MARK.encode()
            done = at = end
            count += 1
    return bytes(kept) + data[done:], count


def beginnings(given: Iterable[bytes]) -> tuple[bytes, ...]:
    """Return an extended regular expression for the lines in which a cut may have left something of each form."""
    found = []
    for form in given:
        head = form.decode("utf-8", "replace")[:LEAST_CUT]
        if len(form) > LEAST_CUT and "\ufffd" not in head:
            literal = "".join(f"\\{c}" if c in "\\^$.[]|()*+?{}" else c for c in head)
            found += [literal.encode() + b".*" + re.escape(cut) for cut in _CUTS]
    return tuple(dict.fromkeys(found))


def bones(data: bytes) -> tuple[object, ...]:
    """Return what a journal is read by: its id and times, the names of what is ours in it, the facts about commits."""
    journal = grammar.parse(data)
    facts = journal.archived
    named = [(part.kind, part.name) for part in journal.parts if part.name in _SECTIONS]
    return (
        [name for name in journal.fields if name.casefold() in _NAMED],
        [value for name, value in journal.fields.items() if name.casefold() in _FIELDS],
        named,
        [(entry.date, entry.time, entry.number) for entry in journal.entries],
        len(journal.goals),
        None if facts is None else (sorted(facts), [facts.get(name) for name in _FACTS]),
    )


def log_without(data: bytes, given: Iterable[bytes]) -> tuple[bytes, int]:
    """Return a segment of the event log with a mark in the place of each form inside its texts."""
    wanted = tuple(given)
    lines = []
    total = 0
    for raw in data.splitlines(keepends=True):
        line, count = _line_without(raw, wanted)
        lines.append(line)
        total += count
    return b"".join(lines), total


def _line_without(raw: bytes, wanted: tuple[bytes, ...]) -> tuple[bytes, int]:
    try:
        record = json.loads(raw)
    except ValueError:
        return without(raw, wanted)  # torn: nobody reads it as JSON
    count = 0

    def clean(value: Any, name: str = "") -> Any:
        nonlocal count
        if isinstance(value, dict):
            return {k: clean(v, k) for k, v in value.items()}
        if isinstance(value, list):
            return [clean(v, name) for v in value]
        if not isinstance(value, str) or name in _FIXED:
            return value
        new, seen = without(value.encode("utf-8", "surrogateescape"), wanted)
        count += seen
        return new.decode("utf-8", "surrogateescape")

    if not isinstance(record, dict) or "data" not in record:
        return raw, 0  # a record of how far was read: no text of anybody
    cleaned = {**record, "data": clean(record["data"])}
    return (codec.dump(cleaned), count) if count else (raw, 0)


def log_without_events(data: bytes, numbers: Container[int]) -> tuple[bytes, int]:
    """Return a segment in which the events of these numbers say no more than that they were.

    Their numbers and times stay, since numbers have no gaps; a type that nobody knows is kept and passed over.
    """
    lines = []
    count = 0
    for raw in data.splitlines(keepends=True):
        record = _event(raw)
        if record is None or record.get("seq") not in numbers or record["type"] == FORGOTTEN:
            lines.append(raw)
            continue
        kept = {k: v for k, v in record.items() if k in ("specversion", "id", "source", "time", "seq")}
        lines.append(codec.dump({**kept, "type": FORGOTTEN, "data": {}}))
        count += 1
    return b"".join(lines), count


def _event(raw: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(raw)
    except ValueError:
        return None
    return record if isinstance(record, dict) and "type" in record else None
