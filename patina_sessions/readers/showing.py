"""`patina show`: one journal, as its bytes, as an object, or as text for a terminal."""

from __future__ import annotations

from typing import Any

from patina_sessions.errors import PatinaError
from patina_sessions.frozen import dataclass
from patina_sessions.journal import archive, grammar
from patina_sessions.paths import Layout
from patina_sessions.readers import facts, listing
from patina_sessions.system import files, untrusted


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A journal and its bytes; `row` says which one it is."""

    row: listing.Row
    data: bytes


def find(layout: Layout, session: str | None = None) -> Found:
    """Return the journal that the beginning of an id means; without one the active one, else the last.

    Raises `PatinaError` where none, or more than one, is meant.
    """
    active = _active(layout)
    if session is None:
        found = active or _last(layout)
        if found is None:
            raise PatinaError("there is no session yet", "Start one: patina session start TITLE")
        return found
    known = archive.ids(layout)
    chosen = archive.choose(session, [*known, active.row.facts.id] if active else known)
    if active and chosen == active.row.facts.id:
        return active
    return _finished(layout, chosen)


def _active(layout: Layout) -> Found | None:
    data = untrusted.read(layout.journal) or files.read(layout.mirror)
    if not data:
        return None
    found = facts.of_active(data)
    if archive.locate(layout, found.id) is not None:
        return None  # an editor saved once more after the end
    path = layout.journal.relative_to(layout.top).as_posix()
    return Found(row=listing.Row(facts=found, active=True, path=path), data=data)


def _last(layout: Layout) -> Found | None:
    rows = [row for row in listing.rows(layout, everything=True) if not row.active]
    return _finished(layout, rows[0].facts.id) if rows else None


def _finished(layout: Layout, session: str) -> Found:
    where = archive.locate(layout, session)
    data = untrusted.read(where.path) if where else None
    if where is None or data is None:
        raise PatinaError(f"the journal of session {session} is gone", "See the others: patina list --all")
    path = where.path.relative_to(layout.top).as_posix() if where.tree else None
    return Found(row=listing.Row(facts=facts.of(session, data), path=path), data=data)


def as_json(found: Found) -> dict[str, Any]:
    """Return a journal as the object that `--json` prints."""
    journal = grammar.parse(found.data)
    plain = listing.plain
    return {
        **listing.as_json(found.row),
        "previous_context": plain(journal.previous_context) or None,
        "goals": [{"number": g.number, "text": plain(g.text), "done": g.done} for g in journal.goals],
        "entries": [
            {"date": e.date, "time": e.time, "what": plain(e.what), "body": plain(e.body)}
            for e in journal.entries
        ],
        "classification": {plain(name): plain(value) for name, value in journal.classification.items()},
    }


def text(found: Found, *, color: bool, width: int | None = None) -> str:
    """Return a journal as text for a terminal of that width; without `color` it holds no escape sequence at all."""
    from patina_sessions.readers import terminal

    return terminal.text(found.data, color=color, width=width)
