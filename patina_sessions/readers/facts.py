"""What a finished journal is, in a few facts, whichever generation it is of. Pure.

The facts come from the archive's comment where there is one, and then only the head and the end of the file are
looked at; an older journal is read whole. What it does not say is None: unknown beats a guess.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from patina_sessions.journal import metadata
from patina_sessions.model import Id

if TYPE_CHECKING:  # a list of journals that are known already reads none
    from patina_sessions.journal.grammar import Entry, Head, Journal

_ID = re.compile(r"(\d{8})-(\d{6})(?!\d)")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})\b")
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})")
_ROUNDING = 30  # minutes
_SECTION = re.compile(rb"^## ", re.MULTILINE)


class Facts(NamedTuple):
    """The facts of a finished session; moments are in UTC, `zone` is where it was written.

    A tuple, since a list makes thousands of them.
    """

    id: str
    title: str
    llm: str | None = None
    author: str | None = None
    branch: str | None = None
    started: datetime | None = None
    ended: datetime | None = None
    zone: timezone = UTC
    commits: int | None = None
    files: int | None = None
    work_type: str | None = None
    head: Id | None = None  # where HEAD was at its end
    kept: bool = True  # False: nothing happened in it
    reconstructed: bool = (
        False  # made by `patina import` of what is left of the past: nobody set a goal in it
    )

    @property
    def seconds(self) -> int | None:
        """How long it took."""
        if self.started is None or self.ended is None or self.ended < self.started:
            return None
        return int((self.ended - self.started).total_seconds())


def of(session: str, data: bytes) -> Facts:
    """Return the facts of the journal of that id, by the cheapest way that the file allows."""
    from patina_sessions.journal import front, grammar

    meta = metadata.read(data)
    if meta is None:
        return of_journal(session, grammar.parse(data))
    first = _SECTION.search(data, front.span(data))
    last = data.rfind(b"\n## Session Classification")
    where = metadata.span(data)
    assert where is not None
    end = data[last + 1 :] if last >= 0 else data[where[0] :]
    short = data[: first.start()] + end if first else data
    counted = data.count(b"\n### ") > 1
    return of_journal(session, grammar.parse(short), entries=counted)


def of_active(data: bytes) -> Facts:
    """Return the facts of a running session: how it began; how long and what it came to is not known yet."""
    from patina_sessions.journal import grammar

    journal = grammar.parse(data)
    found = of_journal(journal.field("ID", "id") or "", journal)
    return found._replace(ended=None, commits=None, files=None, work_type=None)


def of_journal(session: str, journal: Journal, *, entries: bool | None = None) -> Facts:
    """Return the facts of a journal that was read already; `entries` says whether it has any but its start."""
    meta: Mapping[str, Any] = journal.archived or {}
    classification = journal.classification
    started = begun(session, meta, journal.head)
    ended = instant(meta.get("ended"))
    if ended is None and started is not None and not meta:
        ended = _last_entry(started, journal.entries)
    commits, files = _sequence(meta, "commits"), _sequence(meta, "files")
    busy = len(journal.entries) > 1 if entries is None else entries
    return Facts(
        id=session,
        title=journal.title,
        llm=journal.field("LLM", "llm"),
        author=author(meta),
        branch=branch(meta, journal.head),
        started=started,
        ended=ended,
        zone=zone(meta.get("tz")),
        commits=_number(classification.get("Commits")) if commits is None else len(commits),
        files=_number(classification.get("Files Changed")) if files is None else len(files),
        work_type=classification.get("Work Type") or None,
        head=_words(meta.get("head")),
        kept=meta.get("kept") is not False and (not meta or bool(commits or meta.get("runs") or busy)),
        reconstructed=meta.get("reconstructed") is True,
    )


def author(meta: Mapping[str, Any]) -> str | None:
    """Return whose session it was."""
    return _words(meta.get("author"))


def begun(session: str, meta: Mapping[str, Any], head: Head) -> datetime | None:
    """Return when the session of that id began."""
    return instant(meta.get("started")) or _started(session, head)


def branch(meta: Mapping[str, Any], head: Head) -> str | None:
    """Return the branch on which it was made."""
    said = _words(meta.get("branch")) or head.field("Git Branch", "git.branch", "Branch")
    return None if said == "detached" else said


def _sequence(meta: Mapping[str, Any], name: str) -> Sequence[Any] | None:
    value = meta.get(name)
    return value if isinstance(value, list) else None


def _words(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _number(text: str | None) -> int | None:
    found = re.match(r"\d{1,9}(?!\d)", text or "")
    return int(found[0]) if found else None


def instant(value: object) -> datetime | None:
    """Return a moment in UTC; one without a zone is taken for UTC, one that no calendar of ours holds for none."""
    try:
        moment = datetime.fromisoformat(value.strip()) if isinstance(value, str) else None
        moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC) if moment else None
    except (ValueError, OverflowError):
        return None
    return moment if moment and 1971 <= moment.year <= 9000 else None


def zone(text: object) -> timezone:
    """Return a zone as `+0200` or `+02:00` names it; UTC where it is something else."""
    found = _OFFSET.fullmatch(text) if isinstance(text, str) else None
    if found is None or int(found[2]) > 23 or int(found[3]) > 59:
        return UTC
    minutes = int(found[2]) * 60 + int(found[3])
    return timezone(timedelta(minutes=-minutes if found[1] == "-" else minutes))


def _started(session: str, head: Head) -> datetime | None:
    moment = instant(head.field("Started", "created", "Initialized on"))
    if moment is not None:
        return moment
    date = instant(head.field("Date"))
    clock = _CLOCK.match(head.field("Time") or "")
    if date is not None and clock and int(clock[1]) < 24 and int(clock[2]) < 60:
        return date + timedelta(hours=int(clock[1]), minutes=int(clock[2]))
    named = _ID.match(session)
    return date or (instant(f"{named[1]}T{named[2]}") if named else None)


def _last_entry(started: datetime, entries: Sequence[Entry]) -> datetime | None:
    """Return when an older journal's last entry was written.

    Its headings hold the clock of some zone that the file does not name, so only the way from the first to the last
    is used. A time that is earlier than the one before it is of the next day, unless only by minutes: people write
    down `16:00` at 15:55.
    """
    clocks = [(entry.date, _minutes(entry.time)) for entry in entries]
    way, before = 0, None
    for date, minutes in clocks:
        if minutes is None:
            continue
        if before is not None and before[1] is not None:
            days = _days(before[0], date)
            step = minutes - before[1]
            way += step + 1440 * (days if days is not None else step < -_ROUNDING)
        before = (date or (before[0] if before else None), minutes)
    return started + timedelta(minutes=way) if before is not None and way >= 0 else None


def _minutes(time: str | None) -> int | None:
    if time is None:
        return None
    hours, _, minutes = time.partition(":")
    return int(hours) * 60 + int(minutes)


def _days(before: str | None, date: str | None) -> int | None:
    if before is None or date is None:
        return None
    try:
        return (datetime.fromisoformat(date) - datetime.fromisoformat(before)).days
    except ValueError:
        return None
