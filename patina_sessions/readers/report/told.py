"""Sessions as the report tells them: facts, journal and moments, each journal read once.

A report is made to be looked at by others too, so what a person wrote into a journal is redacted here as well.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from patina_sessions import redact
from patina_sessions.errors import PatinaError
from patina_sessions.frozen import dataclass
from patina_sessions.journal import archive, grammar
from patina_sessions.journal.grammar import Entry, Journal
from patina_sessions.model import Id
from patina_sessions.paths import Layout
from patina_sessions.readers import facts, listing, previous
from patina_sessions.readers.facts import Facts
from patina_sessions.readers.report import moments
from patina_sessions.readers.report.moments import Moment
from patina_sessions.system import files, untrusted

_SLOW = 2  # minutes that a session's first entry may be later than its start
_PLAIN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,60}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One session. `commits` are full ids, or what the headings of an active journal have of them."""

    facts: Facts
    journal: Journal
    moments: tuple[Moment, ...]
    commits: tuple[Id, ...]
    active: bool = False

    @property
    def anchor(self) -> str:
        """The name of its place in the page: of letters, digits, `-` and `_`, whatever its file is called."""
        return anchor(self.facts.id)

    @property
    def began(self) -> datetime | None:
        """When it began, in the zone in which it was written."""
        return self.facts.started.astimezone(self.facts.zone) if self.facts.started else None


def anchor(session: str) -> str:
    """Return the anchor of a session's id."""
    if _PLAIN_ID.fullmatch(session):
        return f"s-{session}"
    return f"s-x{hashlib.sha256(session.encode('utf-8', 'surrogateescape')).hexdigest()[:16]}"


def with_commits(told: Told, commits: tuple[Id, ...]) -> Told:
    """Return the session with these ids for its commits."""
    return replace(told, commits=commits)


def one(layout: Layout, session: str, now: datetime) -> Told:
    """Return the session that the beginning of an id means. Raises `PatinaError` where none, or more than one, is."""
    active = _active(layout, now)
    known = archive.ids(layout)
    chosen = archive.choose(session, [*known, active.facts.id] if active else known)
    if active and chosen == active.facts.id:
        return active
    data = archive.read(layout, chosen)
    if data is None:
        raise PatinaError(f"the journal of session {chosen} is gone", "See the others: patina list --all")
    return _finished(chosen, data)


def all_of_them(layout: Layout, now: datetime, *, since: datetime | None = None) -> list[Told]:
    """Return the sessions that began since then, the earliest first, the active one last.

    A session in which nothing happened is left out, as `patina list` leaves it out.
    """
    found = [one for one in _read(layout) if since is None or _began(one) >= since]
    active = _active(layout, now)
    in_order = sorted(found, key=lambda one: previous.order(one.facts))
    return in_order + ([active] if active else [])


def _began(one: Told) -> datetime:
    return one.facts.started or datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def _read(layout: Layout) -> Iterator[Told]:
    for where in archive.all(layout):
        data = untrusted.read(where.path)
        if data is None:
            continue
        told = _finished(where.id, data)
        if told.facts.kept or where.tree:
            yield told


def _finished(session: str, data: bytes) -> Told:
    journal = _parsed(data)
    return _told(facts.of_journal(session, journal), journal)


def _active(layout: Layout, now: datetime) -> Told | None:
    """Return the session that runs in this worktree; its end is not known yet, so it ends now."""
    row = next(iter(listing.active(layout)), None)
    data = untrusted.read(layout.journal) or files.read(layout.mirror)
    if row is None or not data:
        return None
    told = _told(row.facts._replace(zone=facts.zone(now.strftime("%z"))), _parsed(data))
    return replace(told, active=True)


def _parsed(data: bytes) -> Journal:
    text = data.decode("utf-8", "surrogateescape")
    clean = redact.redact(text)
    return grammar.parse(data if clean is text or clean == text else clean.encode("utf-8", "surrogateescape"))


def _told(known: Facts, journal: Journal) -> Told:
    meta = journal.archived or {}
    if "tz" not in meta and known.zone == UTC:
        zone = _of_its_clock(known.started, journal.entries)
        known = known._replace(zone=zone)
    runs = meta.get("runs")
    started = known.started.astimezone(known.zone) if known.started else None
    there = tuple(moments.of(journal.entries, started=started, runs=_runs(runs)))
    return Told(facts=known, journal=journal, moments=there, commits=_commits(meta.get("commits"), there))


def _of_its_clock(started: datetime | None, entries: Sequence[Entry]) -> timezone:
    """Return the zone of a journal that names none: its first entry was written when it began, by a clock of that zone.

    A zone lies whole quarters of an hour from Greenwich. A first entry that does not fit came later, and says nothing.
    """
    clock = entries[0].time if entries else None
    if started is None or clock is None:
        return UTC
    hours, minutes = map(int, clock.split(":"))
    ahead = (hours * 60 + minutes - started.hour * 60 - started.minute + 720) % 1440 - 720
    quarters = round(ahead / 15)
    return timezone(timedelta(minutes=15 * quarters)) if abs(ahead - 15 * quarters) <= _SLOW else UTC


def _runs(listed: object) -> list[dict[str, Any]]:
    return [run for run in listed if isinstance(run, dict)] if isinstance(listed, list) else []


def _commits(listed: object, there: tuple[Moment, ...]) -> tuple[Id, ...]:
    """Return the ids that the archive's comment lists, else those of the headings, each once."""
    if isinstance(listed, list):
        ids = [row[0] for row in listed if isinstance(row, list) and row and isinstance(row[0], str)]
    else:
        ids = [one.commit for one in there if one.commit is not None]
    return tuple(dict.fromkeys(name for name in ids if re.fullmatch(r"[0-9a-f]{7,64}", name)))
