"""Notes, goals and the title: what a person adds to a session while it runs."""

from __future__ import annotations

from datetime import datetime

from patina_sessions import redact
from patina_sessions.errors import PatinaError
from patina_sessions.journal import grammar, render
from patina_sessions.model import Event, GoalAdded, GoalDone, Noted, Renamed
from patina_sessions.recorder.drain import Recording
from patina_sessions.session.active import Here, active
from patina_sessions.system import files, untrusted

TRIES = 8
_EVENT = 32_768  # bytes that an event and what is written beside it take at most


def note(place: Here, text: str, now: datetime) -> Event:
    """Record a note, with the branch and commit it was written at. Raises `NoSession`, and `PatinaError` if empty."""
    if not text.strip():
        raise PatinaError("the note is empty", 'Give it a text: patina note "what you found out"')
    words = redact.redact(text.strip("\n"))
    data = Noted(text=words, branch=place.branch, commit=place.repository.head)
    with active(place, now) as (r, _):
        event = r.add(data)
        r.settle()
    return event


def goal(place: Here, text: str, now: datetime) -> int:
    """Add a goal to the journal's list and return its number."""
    if not text.strip():
        raise PatinaError("the goal is empty", 'Give it a text: patina goal "what is to be reached"')
    data = GoalAdded(text=redact.redact(text.strip()))
    with active(place, now) as (r, _):
        _require_room(r)
        write_goal(r, data.text)
        r.add(data)
        r.settle()
        return len(grammar.parse(untrusted.read(r.layout.journal) or b"").goals)


def _require_room(r: Recording) -> None:
    """Ask for the room of all that will be written before the first of it: file and log are to say the same."""
    size = len(untrusted.read(r.layout.journal) or b"") + _EVENT
    for path in (r.layout.journal, r.layout.snapshot):
        files.require_room(path, size)


def write_goal(r: Recording, text: str) -> None:
    """Put the goal into the file by an exchange, so that what an editor saved meanwhile is still there."""
    from patina_sessions.journal import append

    for _ in range(TRIES):
        before = untrusted.read(r.layout.journal)
        if before is None:
            break
        if append.exchange(r.layout, before, grammar.add_goal(before, text)):
            return
    raise PatinaError(
        f"{r.layout.journal} is being saved again and again", "Close the program that writes it."
    )


def done(place: Here, number: int, now: datetime) -> GoalDone:
    """Tick goal `number`, counted in the file as it is now: one byte is written in place."""
    with active(place, now) as (r, _):
        data = untrusted.read(r.layout.journal) or b""
        goals = grammar.parse(data).goals
        if not 1 <= number <= len(goals):
            there = f"there are {len(goals)}" if goals else "there is none"
            raise PatinaError(f"there is no goal {number}: {there}", "See them: patina session status")
        box = grammar.goal_box(data, number)
        assert box is not None
        offset, ticked = box
        if ticked:
            raise PatinaError(f"goal {number} is done already", "See the others: patina session status")
        _require_room(r)
        files.poke(r.layout.journal, offset, data[offset : offset + 1], b"x")
        event = GoalDone(number=number, text=redact.redact(goals[number - 1].text))
        r.add(event)
        r.settle()
    return event


def retitle(place: Here, title: str, now: datetime) -> Renamed:
    """Give the active session another title; the journal's own heading changes with it."""
    from patina_sessions.journal import append

    data = Renamed(title=redact.redact(title.strip()))
    if not data.title:
        raise PatinaError("the title is empty", 'Give it one: patina rename "a better title"')
    with active(place, now) as (r, _):
        _require_room(r)
        for _ in range(TRIES):
            before = untrusted.read(r.layout.journal) or b""
            if append.exchange(r.layout, before, render.retitle(before, data.title)):
                break
        r.add(data)
        r.settle()
    return data
