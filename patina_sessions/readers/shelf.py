"""The facts of all finished journals, without reading them again: a cache beside the full-text index.

A journal is read again when its file's signature is not what it was. Where there are few they are just read. The cache
may be deleted at any time; one that cannot be kept is done without.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from typing import TYPE_CHECKING, Any

from patina_sessions.journal import archive
from patina_sessions.journal.archive import Archived
from patina_sessions.paths import Layout
from patina_sessions.readers import facts
from patina_sessions.readers.facts import Facts
from patina_sessions.system import untrusted

if TYPE_CHECKING:
    import sqlite3

FEW = 64  # journals that are read as fast as a database is opened


def all_facts(layout: Layout) -> Iterator[tuple[Archived, Facts]]:
    """Yield each finished journal, by id, with its facts; one that is gone meanwhile is left out."""
    there = archive.all(layout)
    if len(there) <= FEW:
        yield from ((one, found) for one in there if (found := _read(one)) is not None)
        return
    from patina_sessions.readers import index

    yield from index.ask(layout.common.index, lambda db: _kept(db, there))


def _kept(db: sqlite3.Connection, there: Sequence[Archived]) -> list[tuple[Archived, Facts]]:
    """Return the facts of these journals; those that changed are read, and kept for the next time."""
    from patina_sessions.readers import index

    stored = _known(db)
    known = {one.place: stored[name] for one in there if (name := index.named(one.place)) in stored}
    changed = [one for one in there if one.place not in known or known[one.place][0] != one.signature]
    fresh = {one.place: found for one in changed if (found := _read(one)) is not None}
    gone = stored.keys() - {index.named(place) for place in known}
    if fresh or gone:
        read = [one for one in changed if one.place in fresh]
        rows = [(index.named(one.place), one.signature, _said(fresh[one.place])) for one in read]
        index.put_facts(db, gone, rows)
    missing = {one.place for one in changed if one.place not in fresh}
    return [
        (one, fresh[one.place] if one.place in fresh else _told(one.id, known[one.place][1]))
        for one in there
        if one.place not in missing
    ]


def _known(db: sqlite3.Connection) -> dict[str, tuple[str, list[Any]]]:
    """Return signature and row by the file's path: all rows are decoded at once, which takes a third of the time."""
    stored = db.execute("SELECT path, signature, said FROM fact").fetchall()
    try:
        rows = json.loads(f"[{','.join(said for _, _, said in stored)}]")
        return {path: (seen, row) for (path, seen, _), row in zip(stored, rows, strict=True)}
    except ValueError:
        return {}


def _read(one: Archived) -> Facts | None:
    data = untrusted.read(one.path)
    return facts.of(one.id, data) if data is not None else None


def _said(given: Facts) -> str:
    """Return facts as JSON, in their own order; bytes that are no UTF-8 come back as they were."""
    moments = [m.timestamp() if m else None for m in (given.started, given.ended)]
    stored = given._replace(started=moments[0], ended=moments[1], zone=_seconds(given.zone))  # type: ignore[arg-type]
    return json.dumps(stored[1:], separators=(",", ":"))


def _told(session: str, row: list[Any]) -> Facts:
    title, llm, author, branch, started, ended, zone, *more = row
    return Facts(session, title, llm, author, branch, _moment(started), _moment(ended), _zone(zone), *more)


def _seconds(zone: timezone) -> float:
    return zone.utcoffset(None).total_seconds()


@cache
def _zone(seconds: float) -> timezone:
    return timezone(timedelta(seconds=seconds)) if seconds else UTC


def _moment(seconds: float | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds is not None else None
