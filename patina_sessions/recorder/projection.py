"""From events to entries: which facts stand in the journal, and where several are told as one. Pure.

`step` is a fold: given what it carries and the next event of the log, it returns what it carries on and the entries
that are due now. The same log always gives the same entries, so that one that was lost can be written again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from patina_sessions import model, safe
from patina_sessions.frozen import dataclass
from patina_sessions.model import Entry, Event
from patina_sessions.recorder import run_words, turns, words, worked
from patina_sessions.recorder.turns import Turns
from patina_sessions.recorder.worked import Work

_NOTHING = Work()
_NO_TURNS = Turns()


@dataclass(frozen=True, slots=True, kw_only=True)
class Carry:
    """What the projection remembers between two events."""

    day: str = ""  # of the entry before, so that one on a later day carries its date
    zone: str = ""  # of the entry before, as +0100, so that one in another zone says so
    replay: tuple[Event, ...] = ()  # the steps of a rebase that is not over
    work: Work = _NOTHING  # files worked on that no entry has told of
    steps: int = 0  # checkouts of a bare commit id since the last named one: a bisect, a script
    turns: Turns = _NO_TURNS  # what coding agents are at


def step(carry: Carry, event: Event, *, files: int) -> tuple[Carry, tuple[Entry, ...]]:
    """Take one event; `files` is how many files of a commit are named."""
    if carry.replay and _closes_unsaid(event):
        carry, before = _close(carry)
        carry, after = step(carry, event, files=files)
        return carry, before + after
    if carry.turns.open and turns.tells(event.data):
        none_open, overs = turns.closed(carry.turns)
        carry, before = _turns_told(replace(carry, turns=none_open), event, overs)
        carry, after = step(carry, event, files=files)
        return carry, before + after
    if carry.work and worked.tells(event.data):
        carry, before = _work_told(carry, event)
        carry, after = _step(carry, event, files)
        return carry, before + after
    return _step(carry, event, files)


def project(events: Iterable[Event], *, files: int, carry: Carry | None = None) -> tuple[Carry, list[Entry]]:
    """Take events in the order of the log and return all entries that they give."""
    carried = carry or Carry()
    entries: list[Entry] = []
    for event in events:
        carried, due = step(carried, event, files=files)
        entries += due
    return carried, entries


def _step(carry: Carry, event: Event, files: int) -> tuple[Carry, tuple[Entry, ...]]:
    match event.data:
        case model.Started():
            zone = event.time.strftime("%z")
            return Carry(day=_day(event.time), zone=zone, turns=turns.carried_over(carry.turns)), ()
        case model.Made():
            return _entry(carry, event, words.made(event.data, limit=files))
        case model.Rebased():
            return _rebase_step(carry, event, event.data)
        case model.Moved():
            return _moved(carry, event, event.data)
        case model.Pushed():
            return _entry(carry, event, words.pushed(event.data))
        case model.Noted():
            return _entry(carry, event, words.noted(event.data))
        case model.Updated():
            since = datetime.fromisoformat(event.data.since)
            return _entry(carry, event, words.updated(event.data, since=since, now=event.time))
        case model.GoalDone():
            return _entry(carry, event, (f"Goal done: {safe.line(event.data.text)}", ""))
        case model.GoalAdded():
            return _entry(carry, event, (f"Goal added: {safe.line(event.data.text)}", ""))
        case model.Renamed():
            return _entry(carry, event, (f"Renamed: {safe.line(event.data.title)}", ""))
        case model.RunStarted() if event.data.still:
            return _entry(carry, event, run_words.run_began(event.data))
        case model.RunFinished():
            return _entry(carry, event, run_words.run_finished(event.data))
        case model.FilesChanged() | model.FilesGap():
            return replace(carry, work=worked.taken(carry.work, event)), ()
        case model.AgentEvent() if turns.is_worktree(event.data):
            return _entry(carry, event, turns.worktree(event.data))
        case model.AgentEvent():
            now_open, over = turns.taken(carry.turns, event, event.data)
            return _turns_told(replace(carry, turns=now_open), event, over)
        case model.Ended() | model.Discarded() | model.RunStarted() | model.Unknown():
            return carry, ()
        case _:
            assert_never(event.data)


def _day(time: datetime) -> str:
    return time.strftime("%Y-%m-%d")


def _entry(carry: Carry, event: Event, told: tuple[str, str]) -> tuple[Carry, tuple[Entry, ...]]:
    what, body = told
    day, zone = _day(event.time), event.time.strftime("%z")
    dated = bool(carry.day) and day > carry.day
    zoned = bool(carry.zone) and zone != carry.zone
    entry = Entry(seq=event.seq, time=event.time, what=what, body=body, dated=dated, zoned=zoned)
    return replace(carry, day=max(day, carry.day), zone=zone), (entry,)


def _work_told(carry: Carry, event: Event) -> tuple[Carry, tuple[Entry, ...]]:
    """Tell of the files worked on before the event that comes now, under the number of the last that told of one."""
    work, carry = carry.work, replace(carry, work=_NOTHING)
    told = worked.told(work, event)
    return (carry, ()) if told is None else _entry(carry, replace(event, seq=work.seq), told)


def _turns_told(carry: Carry, event: Event, overs: Iterable[turns.Over]) -> tuple[Carry, tuple[Entry, ...]]:
    entries: list[Entry] = []
    for over in overs:
        carry, due = _entry(carry, replace(event, seq=over.turn.seq), turns.told(over))
        entries += due
    return carry, tuple(entries)


def _moved(carry: Carry, event: Event, data: model.Moved) -> tuple[Carry, tuple[Entry, ...]]:
    # A step of a bisect or of a script goes to a bare commit id; twenty of them are no twenty entries.
    if data.how == "checkout" and data.branch is None and _bare(data.target):
        return replace(carry, steps=carry.steps + 1), ()
    steps = carry.steps if data.how == "checkout" else 0
    if data.how == "checkout" and steps:
        carry = replace(carry, steps=0)
    return _entry(carry, event, words.moved(data, steps=steps))


def _bare(target: str | None) -> bool:
    return target is None or (len(target) >= 40 and all(c in "0123456789abcdef" for c in target))


def _rebase_step(carry: Carry, event: Event, data: model.Rebased) -> tuple[Carry, tuple[Entry, ...]]:
    if not carry.replay and data.phase in ("map", "closed"):
        return carry, ()  # its entry stands already: `finish` came before git's map
    carry = replace(carry, replay=(*carry.replay, event))
    if data.phase in ("abort", "map", "closed"):
        return _close(carry)
    return carry, ()


def _closes_unsaid(event: Event) -> bool:
    """Tell whether this event shows that the rebase before it is over: a new one, or the session's end."""
    return isinstance(event.data, model.Ended) or (
        isinstance(event.data, model.Rebased) and event.data.phase == "start"
    )


def _close(carry: Carry) -> tuple[Carry, tuple[Entry, ...]]:
    steps = [e.data for e in carry.replay if isinstance(e.data, model.Rebased)]
    last = carry.replay[-1]
    return _entry(replace(carry, replay=()), last, words.rebased(steps))
