"""A session as a page of the report: its facts, goals and log, each commit with the place of its diff. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from markupsafe import Markup

from patina_sessions.frozen import dataclass
from patina_sessions.journal import grammar
from patina_sessions.model import Id
from patina_sessions.readers.columns import length
from patina_sessions.readers.report import prose
from patina_sessions.readers.report.diffs import Place
from patina_sessions.readers.report.moments import Moment
from patina_sessions.readers.report.told import Told
from patina_sessions.system.history import Known

MOST = 400_000  # characters of rendered log in one session's page
# What the recorder writes below the heading of a commit: the diff says it too, and more.
_FILES_ONLY = re.compile(
    r"(?:On (`+).+?\1, )?[\d,]+ files?(?:, [+−\d ]+)?"
    r"(?:\n- (?:new|changed|deleted|renamed|copied|type changed|… and).*)*\n*\Z"
)
_TOLD_ELSEWHERE = {"goals", "activity log", "session classification", "previous session context"}
_FACTS = ("ID", "Started", "LLM", "Git Branch", "Session Tag", "Starting Commit")


class Change(NamedTuple):
    """A commit whose diff may be opened; `place` is None where this repository does not have it."""

    id: Id
    subject: str
    paths: tuple[str, ...]
    place: Place | None


class Item(NamedTuple):
    """One entry of the log, or a section that a person wrote between them."""

    anchor: str
    kind: str
    badge: str  # a word for how a run ended
    time: str
    day: str  # said where it is another one than that of the item before
    at: str  # the moment for machines
    what: Markup
    body: Markup
    change: Change | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A session's page."""

    anchor: str
    id: str
    title: str
    active: bool
    facts: tuple[tuple[str, str], ...]
    goals: tuple[tuple[bool, Markup], ...]
    context: Markup
    items: tuple[Item, ...]
    left_out: int  # entries that found no room
    others: tuple[Change, ...]  # commits that no entry of the log names
    before: Told | None
    after: Told | None


def of(
    told: Told,
    *,
    before: Told | None,
    after: Told | None,
    known: Mapping[Id, Known],
    places: Mapping[Id, Place],
    full: Mapping[str, Id],
    worked: int,
) -> Chapter:
    """Return a session's page; `full` has the full id of each beginning of one that a heading shows."""
    changes = {commit: _change(commit, known, places) for commit in told.commits}
    items, left_out = _cut(_items(told, changes, full))
    named = {item.change.id for item in items if item.change}
    return Chapter(
        anchor=told.anchor,
        id=told.facts.id,
        title=told.facts.title or told.facts.id,
        active=told.active,
        facts=tuple(_facts(told, worked)),
        goals=tuple((goal.done, prose.line(goal.text)) for goal in told.journal.goals),
        context=prose.html(told.journal.previous_context),
        items=items,
        left_out=left_out,
        others=tuple(change for commit, change in changes.items() if commit not in named),
        before=before,
        after=after,
    )


def _change(commit: Id, known: Mapping[Id, Known], places: Mapping[Id, Place]) -> Change:
    there = known.get(commit)
    return Change(
        id=commit,
        subject=there.subject if there else "",
        paths=there.paths if there else (),
        place=places.get(commit) if there else None,
    )


def _facts(told: Told, worked: int) -> Iterator[tuple[str, str]]:
    one = told.facts
    began, ended = told.began, one.ended.astimezone(one.zone) if one.ended else None
    if began is not None:
        same = ended is not None and ended.date() == began.date()
        until = f" to {ended:%H:%M}" if same else f" to {ended:%d %B %Y, %H:%M}" if ended else ""
        yield "When", f"{began:%A, %d %B %Y, %H:%M}{until}" + (" and still running" if told.active else "")
    if worked:
        yield "Worked", length(worked)
    branch = one.branch or told.journal.field("Git Branch")
    assistant = one.llm if one.llm != "none" else None
    named = (
        ("Kind", one.work_type),
        ("Branch", branch),
        ("Assistant", assistant),
        ("Author", _name(one.author)),
    )
    yield from ((name, value) for name, value in named if value)
    commits = len(told.commits) or one.commits
    if commits:
        yield "Commits", f"{commits:,}"
    if one.files:
        yield "Files", f"{one.files:,}"
    yield "Id", one.id
    yield from ((n, v) for n, v in told.journal.fields.items() if n not in _FACTS and v and len(v) < 500)


def _name(author: str | None) -> str | None:
    return author.partition(" <")[0] if author else None


# ------------------------------------------------------------------------------------------------------------ the log


def _items(told: Told, changes: Mapping[Id, Change], full: Mapping[str, Id]) -> Iterator[Item]:
    """Yield entries and hand-written sections in the order of the file."""
    waiting = iter(told.moments)
    day: str | None = f"{told.began:%Y-%m-%d}" if told.began else None
    shown: set[Id] = set()
    for number, part in enumerate(told.journal.parts):
        if part.kind == "section":
            yield from _section(told, part, number)
        elif part.kind == "entry" and (moment := next(waiting, None)) is not None:
            item = _entry(told, moment, _named(moment, changes, full, shown), day)
            day = item.at[:10] or day
            yield item


def _named(
    moment: Moment, changes: Mapping[Id, Change], full: Mapping[str, Id], shown: set[Id]
) -> Change | None:
    """Return the commit that an entry's heading names, if it is one of the session's, at its first entry."""
    commit = full.get(moment.commit or "", "")
    if commit not in changes or commit in shown:
        return None
    shown.add(commit)
    return changes[commit]


def _section(told: Told, part: grammar.Part, number: int) -> Iterator[Item]:
    """Yield what a person wrote into a section of their own, or below the heading of the log."""
    body = prose.html(part.body) if part.name.lower() not in _TOLD_ELSEWHERE or _is_log(part) else Markup("")
    if body:
        what = Markup("") if _is_log(part) else prose.line(part.name)
        yield Item(
            anchor=f"{told.anchor}-p{number}",
            kind="section",
            badge="",
            time="",
            day="",
            at="",
            what=what,
            body=body,
            change=None,
        )


def _is_log(part: grammar.Part) -> bool:
    return part.name.lower() == "activity log"


def _entry(told: Told, moment: Moment, change: Change | None, day: str | None) -> Item:
    at = moment.at
    iso = at.isoformat() if at else ""
    today = iso[:10]
    body = moment.body
    if change is not None and change.place is not None and _FILES_ONLY.match(body):
        body = ""
    return Item(
        anchor=f"{told.anchor}-e{moment.number}",
        kind=moment.kind,
        badge=moment.run.outcome if moment.run else "",
        time=iso[11:16],
        day=f"{at:%A, %d %B %Y}" if at and today != day else "",
        at=iso,
        what=prose.line(moment.what),
        body=prose.html(body) if body else Markup(""),
        change=change,
    )


def _cut(items: Iterator[Item]) -> tuple[tuple[Item, ...], int]:
    """Return the items that find room, and how many there are beyond them."""
    kept: list[Item] = []
    size = left_out = 0
    for item in items:
        size += len(item.body) + len(item.what) + 200
        if size > MOST:
            left_out += 1
        else:
            kept.append(item)
    return tuple(kept), left_out


def full(commits: Sequence[Id], moments: Sequence[Moment]) -> dict[str, Id]:
    """Return the full id of each beginning of one that headings show, among a session's own commits."""
    found: dict[str, Id] = {}
    for moment in moments:
        name = moment.commit
        if name is not None:
            fits = [commit for commit in commits if commit.startswith(name)]
            if len(fits) == 1:
                found[name] = fits[0]
    return found


def when(moment: datetime | None) -> str:
    """Return a day for a table."""
    return f"{moment:%Y-%m-%d}" if moment else "unknown"
