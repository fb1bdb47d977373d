"""A session that an agent began becomes a person's, while nobody has said anything in it."""

from __future__ import annotations

from collections.abc import Sequence

from patina_sessions.events import log
from patina_sessions.journal import append, render
from patina_sessions.model import GoalAdded, GoalDone, Noted, Renamed, Updated
from patina_sessions.recorder.drain import Recording
from patina_sessions.session import note
from patina_sessions.system import untrusted

_SAID = (Noted, Updated, Renamed, GoalAdded, GoalDone)


def possible(r: Recording) -> bool:
    """Tell whether the active session was begun for an agent and nobody has said anything in it."""
    session = r.state.session
    if session is None or session.by != "agent":
        return False
    for event in log.events(r.layout, newest_first=True):
        if event.seq <= session.seq:
            break
        if isinstance(event.data, _SAID):
            return False
    return True


def take(r: Recording, title: str, goals: Sequence[str]) -> None:
    """Give it the person's title and goals; what it has stays."""
    for _ in range(note.TRIES):
        before = untrusted.read(r.layout.journal)
        if before is None or append.exchange(r.layout, before, render.retitle(before, title)):
            break
    r.add(Renamed(title=title))
    for goal in goals:
        note.write_goal(r, goal)
        r.add(GoalAdded(text=goal))
    r.settle()
