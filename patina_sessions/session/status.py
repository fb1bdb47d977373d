"""What is going on: the active session in numbers, for people, programs and the bare `patina`."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from patina_sessions.errors import PatinaError
from patina_sessions.frozen import dataclass
from patina_sessions.journal import grammar
from patina_sessions.model import Id, Session
from patina_sessions.recorder.drain import peek, recording
from patina_sessions.recorder.state import State
from patina_sessions.session import switch
from patina_sessions.session.active import Here
from patina_sessions.sources.watcher import process as watcher
from patina_sessions.sources.watcher.process import Report
from patina_sessions.system import untrusted


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The state of a worktree. Without an active session `session` is None and `last` names the last one."""

    session: Session | None
    branch: str | None
    head: Id | None
    journal: str | None  # relative to the top level
    goals: tuple[grammar.Goal, ...]
    idle_seconds: float
    last: str | None
    outside: int  # commits made since the last session's end
    watcher: Report
    off: str | None  # how Patina is switched off here
    unrecorded: str | None  # why nothing could be recorded just now: a read-only folder, a full disk


def status(place: Here, now: datetime) -> Status:
    """Record what is unrecorded and return what the event log and the journal say."""
    state, unrecorded = _state(place, now)
    session = state.current()
    journal = place.layout.journal
    data = untrusted.read(journal) if session else None
    return Status(
        session=session,
        branch=place.repository.branch,
        head=place.repository.head,
        journal=journal.relative_to(place.layout.top).as_posix() if data else None,
        goals=grammar.parse(data).goals if data else (),
        idle_seconds=(now - session.last_event).total_seconds() if session else 0.0,
        last=state.ended,
        outside=state.outside,
        watcher=_watcher(place),
        off=switch.why(place.layout),
        unrecorded=unrecorded,
    )


def _watcher(place: Here) -> Report:
    said = watcher.report(place.layout)
    if said.alive:
        return said
    off = not watcher.wanted(place.layout, place.settings)
    return replace(said, ended="it is switched off" if off else "one has just been called")


def _state(place: Here, now: datetime) -> tuple[State, str | None]:
    """Return the state after a drain; where nothing can be written, as it was, and why."""
    try:
        with recording(place.layout, place.settings, now) as r:
            r.take()
            return r.state, None
    except PatinaError as error:
        return peek(place.layout, place.settings), error.message
