"""What a killed patina or a lost engine left is brought home later, and told then."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from patina_sessions.errors import PatinaError
from patina_sessions.frozen import dataclass
from patina_sessions.model import RunFinished
from patina_sessions.paths import Layout
from patina_sessions.runs import hidden, history
from patina_sessions.runs.outcome import Ended, verdict
from patina_sessions.runs.request import size
from patina_sessions.runs.yolo import homecoming, ticket
from patina_sessions.runs.yolo.stage import Place, Voices
from patina_sessions.runs.yolo.ticket import Ticket
from patina_sessions.runs.yolo.work import Tip
from patina_sessions.system import docker, files
from patina_sessions.system.docker import Engine, Gone
from patina_sessions.system.git import Git


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """Work that is home at last."""

    run: str
    tips: tuple[Tip, ...]
    lines: tuple[str, ...]


def named(layout: Layout, name: str) -> Ticket:
    """Return the ticket of a run whose work waits. Raises where it does not."""
    found = ticket.one(layout, name)
    if ticket.alive(layout, found.run):
        raise PatinaError(f"the run {found.run} goes on", f"Wait, or stop it: patina yolo stop {found.run}")
    return found


def recover(place: Place, one: Ticket, voices: Voices, *, max_size: str, max_file: str) -> Recovered:
    """Bring the work of a run home. Where that fails, it is kept as it was."""
    lock = ticket.lock_of_recovery(place.layout, one.run)
    with docker.connect() as engine, files.locked(lock):
        try:
            one = named(place.layout, one.run)  # another may have been at it, or at home, meanwhile
            larger = replace(
                one,
                limit=size(max_size) if max_size else one.limit,
                largest=size(max_file) if max_file else one.largest,
            )
            return _recovered(engine, place, larger, voices)
        finally:
            # It stays as long as the ticket does: of two who wait for one that is taken away, both would have it.
            if files.signature(ticket.path(place.layout, one.run)) is None:
                files.remove(lock)


def _recovered(engine: Engine, place: Place, one: Ticket, voices: Voices) -> Recovered:
    layout = place.layout
    if not one.running:
        homecoming.clear(engine, layout, one)
        return Recovered(
            run=one.run,
            tips=(),
            lines=("There is nothing to bring home: it had not begun, or its work is home",),
        )
    told = next((run.ended for run in history.runs(layout) if run.id == one.run), None)
    before = told if one.rest else None
    ended = _ended(engine, one)
    with Git(layout.git, layout.top) as git:
        user = git.identity()
    home = homecoming.bring(
        engine,
        layout,
        one,
        user=user,
        settings=place.settings,
        say=voices.say,
        hide=hidden.finder(one.hidden),
    )
    if home.events:
        voices.heard(home.events)
    end = RunFinished(
        run=one.run,
        kind="yolo",
        command=one.command,
        outcome=before.outcome if before else verdict(ended).word,
        exit_code=before.exit_code if before else ended.code,
        seconds=before.seconds if before else _seconds(layout, one),
        image=one.image,
        details=("Brought home by patina yolo recover", *home.lines),
        log=f"{one.run}.log" if files.signature(layout.runs / f"{one.run}.log") else None,
    )
    if end != told:  # else a kill came between the telling and the clearing away
        voices.tell(end)
    homecoming.settle(engine, layout, one, home)
    return Recovered(run=one.run, tips=home.tips, lines=home.lines)


def _ended(engine: Engine, one: Ticket) -> Ended:
    """Return how the program ended, which may have gone on without us; what still runs is ended now."""
    try:
        ending = engine.ending(one.container)
    except Gone:
        return Ended(code=None, stopped="interrupted")
    if ending.code is None:
        return Ended(code=None, stopped="interrupted")
    return Ended(code=ending.code, out_of_memory=ending.out_of_memory)


def _seconds(layout: Layout, one: Ticket) -> float:
    wrote = files.signature(layout.runs / f"{one.run}.log")
    began = datetime.fromisoformat(one.began).timestamp()
    return max(0.0, round(wrote[3] / 1e9 - began, 1)) if wrote else 0.0
