"""`patina session update`: git's numbers since the last one, and what the person or the assistant has to say."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from patina_sessions import redact
from patina_sessions.errors import PatinaError
from patina_sessions.events import log
from patina_sessions.frozen import dataclass
from patina_sessions.model import Event, Id, Made, Rebased, Session, Started, Updated
from patina_sessions.recorder.words import HEADINGS
from patina_sessions.session import boundaries
from patina_sessions.session.active import Here, active
from patina_sessions.sources.watcher import process as watcher
from patina_sessions.system import clock, own
from patina_sessions.system.git import Git
from patina_sessions.system.objects import text

NAMES = tuple(name for name, _ in HEADINGS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What an update has recorded, and what to remind of."""

    event: Event
    data: Updated
    uncommitted: int
    reminder: str | None
    since: tuple[str, ...] = ()  # subjects of what was committed here since the last update


def points(given: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Return the points of the four headings, redacted, without empty ones."""
    return {name: tuple(redact.redact(p.strip()) for p in given.get(name, ()) if p.strip()) for name in NAMES}


def from_json(text: str) -> dict[str, tuple[str, ...]]:
    """Return the points in `{"work": ["…"], "decision": […], …}`. Raises `PatinaError` on anything else."""
    hint = 'Give an object such as {"work": ["…"], "decision": ["…"], "challenge": [], "pattern": []}.'
    try:
        plain: Any = json.loads(text)
    except ValueError as error:
        raise PatinaError(f"the input is not JSON: {error}", hint) from error
    if not isinstance(plain, dict):
        raise PatinaError("the input is no JSON object", hint)
    given: dict[str, list[str]] = {}
    for name, value in plain.items():
        if name == "schema":
            continue
        texts = [value] if isinstance(value, str) else value
        if name not in NAMES or not isinstance(texts, list) or not all(isinstance(v, str) for v in texts):
            raise PatinaError(
                f"the input's {name!r} is not a list of texts under one of {', '.join(NAMES)}", hint
            )
        given[name] = texts
    return points(given)


def _since(place: Here, session: Session, counted: set[Id]) -> tuple[str, ...]:
    """Return the subjects of what was committed here since the last update, or the start, as it stands now."""
    subjects: dict[Id, str] = {}
    for event in log.events(place.layout):
        data = event.data
        if isinstance(data, Updated | Started):
            subjects.clear()
        elif event.seq > session.seq and isinstance(data, Made | Rebased) and data.commit is not None:
            subjects[data.commit.id] = data.commit.subject
        if isinstance(data, Rebased) and data.rewrites:
            # What was told of in an earlier update is told of, whatever became of it.
            told = {new for old, new in data.rewrites if old not in subjects}
            subjects = {i: s for i, s in subjects.items() if i not in told}
    return tuple(subject for commit, subject in subjects.items() if commit in counted)


def _uncommitted(git: Git) -> int:
    """Return how many files `git status` shows, without what Patina put there itself."""
    staged, unstaged, untracked = git.status_counts()
    if untracked:
        shown = git.ask("status", "--porcelain", "-z", "--", *own.PLACES, here=True).out.split(b"\0")
        names = [text(item[3:]) for item in shown if item.startswith(b"?? ")]
        untracked -= len(own.alone(names, lambda: text(git.ask(*own.LIST, here=True).out).split("\0")))
    return staged + unstaged + untracked


def update(place: Here, given: Mapping[str, tuple[str, ...]], now: datetime) -> Update:
    """Record an update with the points given; without any, the four headings are there to be filled."""
    watcher.ask(place.layout)
    with active(place, now) as (r, session):
        r.recount()  # a branch may be gone that HEAD was not on
        counted = r.state.counted()
        since = _since(place, session, counted)
        with Git(place.layout.git, place.layout.top) as git:
            uncommitted = _uncommitted(git)
            last = git.commit(place.repository.head) if place.repository.head else None
        data = Updated(
            number=session.updates + 1,
            since=session.last_update.isoformat(),
            commits=len(counted),
            files_changed=uncommitted,
            last_commit=clock.local(last.committed).isoformat() if last else None,
            work=given.get("work", ()),
            decision=given.get("decision", ()),
            challenge=given.get("challenge", ()),
            pattern=given.get("pattern", ()),
        )
        event = r.add(data)
        r.settle()
        boundaries.mark(place, session.id, f"update-{data.number}", place.repository.head)
    most = place.settings.number("session.remind_files")
    reminder = f"{uncommitted} files are not committed yet" if uncommitted >= most else None
    return Update(event=event, data=data, uncommitted=uncommitted, reminder=reminder, since=since)
