"""An autonomous run from the command to the branch: clone in, run, pack, check, take in, tell. What the command calls.

Whatever happens between the first and the last step, the run's end is told and its work is kept until it is home.
"""

from __future__ import annotations

import logging
import os
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime

from patina_sessions.errors import EngineUnavailable, PatinaError
from patina_sessions.frozen import dataclass
from patina_sessions.model import RunFinished, RunStarted
from patina_sessions.paths import Layout
from patina_sessions.runs import finished, hidden, living
from patina_sessions.runs.living import Alive
from patina_sessions.runs.outcome import OURS, Ended
from patina_sessions.runs.run_log import RunLog
from patina_sessions.runs.yolo import clone, delivery, homecoming, images, orphans, source, stage, ticket
from patina_sessions.runs.yolo.order import Order
from patina_sessions.runs.yolo.source import Source
from patina_sessions.runs.yolo.stage import Place, Say, Voices
from patina_sessions.runs.yolo.ticket import Ticket
from patina_sessions.system import clock, docker
from patina_sessions.system.docker import Engine

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A run that is over. `home` is None where its work waits in its volume."""

    data: RunFinished
    code: int
    ticket: Ticket
    home: homecoming.Home | None
    waits: bool = False  # its work is not home, and kept
    fault: PatinaError | None = None  # why it could not be begun, or not followed
    unrecorded: str = ""  # why its end is not in the log yet, in words


def perform(place: Place, order: Order, run: str, now: datetime, voices: Voices) -> Done:
    """Do it all. Raises `PatinaError` only before the run has begun: from there on its end is told instead."""
    found = source.find(place.repository, reference=order.reference, with_changes=order.with_changes)
    with docker.connect() as engine:
        orphans.end(engine, place.layout)
        made = _ticket(engine, place, order, run, found, now, say=voices.say)
        started = _started(made)
        # Alive before there is a ticket, until what it made is gone: else somebody's next run clears it away meanwhile.
        with living.alive(place.layout, started, now) as alive:
            try:
                ticket.write(place.layout, made)
                # Whatever happens meanwhile, the clone is waited for.
                with ThreadPoolExecutor(1, thread_name_prefix="clone") as beside:
                    into = place.layout.runs / f"{run}.in"
                    cloned = beside.submit(clone.make, place.repository, found, into)
                    return _performed(engine, place, order, made, cloned, started, alive, voices)
            finally:
                delivery.abandon(place.layout, run)
                if (kept := _kept(place.layout, run)) is not None and not (kept.running or kept.end):
                    _forget(engine, place.layout, made)


def _ticket(
    engine: Engine, place: Place, order: Order, run: str, found: Source, now: datetime, *, say: Say
) -> Ticket:
    wanted = order.image or place.settings.text("yolo.image")
    if wanted:
        image = images.named(engine, wanted)
    else:
        text = images.BASE + (order.agent.install if order.agent else "")
        image = stage.ours(engine, place, run, say=say, text=text)
    return Ticket(
        run=run,
        name=order.name,
        command=order.words,
        image=image,
        helper=image,
        volume=f"patina-yolo-{run}",
        container=f"patina-yolo-{run}",
        start=found.start,
        base=found.start,
        branch=found.branch,
        object_format=found.object_format,
        network=order.reach.words,
        began=now.isoformat(),
        loosened=order.loosened,
        left_out=found.left_out,
        limit=order.limit,
        largest=order.largest,
        agent=order.agent.name if order.agent and order.agent.hooks else "",
        pid=os.getpid(),
        hidden=hidden.marks(order.told.values()),
    )


def _performed(
    engine: Engine,
    place: Place,
    order: Order,
    made: Ticket,
    cloned: Future[str],
    started: RunStarted,
    alive: Alive,
    voices: Voices,
) -> Done:
    run_log = _log(place, order, made)
    home: homecoming.Home | None = None
    ended, unrecorded = Ended(code=None, stopped="interrupted"), ""
    details: list[str] | None = None
    fault: PatinaError | None = None
    voices.tell(started)
    alive.over = False  # until its end is told: a kill, or a fault of ours
    began = clock.monotonic()
    try:
        ended, details = stage.played(engine, place, order, made, cloned, started, run_log, voices)
        home, words = _home(engine, place, made, order, say=voices.say)
        details = [*words, *details]
        if home is not None and home.events:
            voices.heard(home.events)
    except PatinaError as error:
        lost = isinstance(error, EngineUnavailable) or _is_kept(place.layout, made)
        ended = Ended(code=None, refused=not lost)
        details = [error.message, *_advice(place, made, error)]
        fault = error
    finally:
        output = run_log.close()
        told = _unfollowed(place.layout, made) if details is None else details
        data, code = finished.compose(
            started, ended, told, output, seconds=clock.monotonic() - began, layout=place.layout
        )
        if home is not None:
            _noted(place.layout, made.run, home, data)
        unrecorded = alive.finish(data, voices.tell)
        if home is not None:
            _settled(engine, place.layout, made.run, home)
    waits = home is None and _is_kept(place.layout, made)
    return Done(
        data=data,
        code=OURS if waits and code == 0 else code,
        ticket=made,
        home=home,
        waits=waits,
        fault=fault,
        unrecorded=unrecorded,
    )


def _started(made: Ticket) -> RunStarted:
    return RunStarted(
        run=made.run,
        kind="yolo",
        command=made.command,
        image=made.image,
        name=made.name,
        where=f"a clone in a volume of its own, network {made.network}",
    )


def _log(place: Place, order: Order, made: Ticket) -> RunLog:
    return RunLog(
        place.layout.runs / f"{made.run}.log",
        limit=int(place.settings.number("runs.max_log")),
        hidden=tuple(order.told.values()),
    )


def _advice(place: Place, made: Ticket, error: PatinaError) -> list[str]:
    kept = _kept(place.layout, made.run)
    hint = [error.hint] if error.hint else []
    return [*hint, *([_kept_words(made)] if kept is not None and kept.running else [])]


def _home(
    engine: Engine, place: Place, made: Ticket, order: Order, *, say: Say
) -> tuple[homecoming.Home | None, list[str]]:
    """Bring the work home; where that fails, say why, and how it can be brought later."""
    if _kept(place.layout, made.run) is None:
        return None, []
    try:
        home = homecoming.bring(
            engine,
            place.layout,
            ticket.one(place.layout, made.run),
            user=user(place),
            settings=place.settings,
            say=say,
            hide=hidden.hider(order.told.values()),
        )
    except PatinaError as error:
        return None, [
            f"Its work is not home: {error.message}",
            *([error.hint] if error.hint else []),
            _kept_words(made),
        ]
    return home, list(home.lines)


def _kept(layout: Layout, run: str) -> Ticket | None:
    return next((one for one in ticket.tickets(layout) if one.run == run), None)


def _is_kept(layout: Layout, made: Ticket) -> bool:
    kept = _kept(layout, made.run)
    return kept is not None and kept.running


def _unfollowed(layout: Layout, made: Ticket) -> list[str]:
    if not _is_kept(layout, made):
        return ["Its program had not begun: there is nothing to bring home"]
    return [f"It could not be followed to its end. {_kept_words(made)}"]


def _kept_words(made: Ticket) -> str:
    return f"What it did is kept: patina yolo recover {made.short}"


def _forget(engine: Engine, layout: Layout, made: Ticket) -> None:
    """Remove what was made for a run that never began: there is no work in it."""
    try:
        homecoming.clear(engine, layout, made)
    except PatinaError as error:
        log.info("run %s: %s", made.run, error.message)


def _noted(layout: Layout, run: str, home: homecoming.Home, data: RunFinished) -> None:
    """Let a kill before the end is told not lose what came home."""
    try:
        homecoming.note(layout, ticket.one(layout, run), home, data)
    except PatinaError as error:  # the disk is full: the run's own file has room for the end
        log.info("run %s: %s", run, error.message)


def _settled(engine: Engine, layout: Layout, run: str, home: homecoming.Home) -> None:
    """Clear away; where the engine is gone meanwhile, the next command does it."""
    try:
        homecoming.settle(engine, layout, ticket.one(layout, run), home)
    except PatinaError as error:
        log.info("run %s: %s", run, error.message)


def user(place: Place) -> tuple[str, str]:
    """Return name and mail of the user, as git stamps them."""
    from patina_sessions.system.git import Git

    with Git(place.layout.git, place.layout.top) as git:
        return git.identity()
