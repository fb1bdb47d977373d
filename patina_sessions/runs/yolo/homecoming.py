"""The way home of a run's work: its container ended, packed in a clean one, checked, taken in.

It can be begun again at any point: what is there already is found, and nothing is removed before the work is home and
told. Only then `settle` clears it away.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from patina_sessions.errors import PatinaError
from patina_sessions.frozen import dataclass
from patina_sessions.model import AgentEvent, RunFinished
from patina_sessions.paths import Layout
from patina_sessions.redact import redact
from patina_sessions.runs import labels
from patina_sessions.runs.yolo import (
    contents,
    delivery,
    gate,
    harvest,
    heard,
    report,
    sandbox,
    tally,
    ticket,
)
from patina_sessions.runs.yolo.agent import stopped
from patina_sessions.runs.yolo.ticket import Ticket
from patina_sessions.runs.yolo.work import Contents, Harvest, Tip
from patina_sessions.settings import Settings
from patina_sessions.sources.agents import Keep
from patina_sessions.system import files
from patina_sessions.system.docker import Engine

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Work that is home: the branches that were made, what is new in them, and how it is told."""

    tips: tuple[Tip, ...]
    contents: Contents
    harvest: Harvest
    lines: tuple[str, ...]
    events: tuple[AgentEvent, ...] = ()


def bring(
    engine: Engine,
    layout: Layout,
    one: Ticket,
    *,
    user: tuple[str, str],
    settings: Settings,
    say: Say,
    hide: Callable[[str], str],
) -> Home:
    """Bring the work home, and return what came. All of it is kept until it is told, and `settle` is called.

    `hide` takes out of a text what was handed on to the program.
    """
    end(engine, one)
    one = ticket.stamped(layout, one)
    reached = gate.contacted(engine, one)
    say("Packing what it did")
    bundle = layout.runs / f"{one.run}.bundle"
    marks = {**labels.common(layout.top, layout.key), labels.KIND: "yolo", labels.RUN: one.run}
    tips: tuple[Tip, ...] = ()
    inside = Contents()
    try:
        with harvest.helper(engine, one, marks) as container:
            found = harvest.pack(engine, container, one, hide=hide)
            if found.something:
                harvest.carry(engine, container, one, found, bundle)
            events = heard.read(engine, container, one, _keeping(settings), hide=hide)
        if found.something:
            with delivery.looked_at(layout, one, bundle, found) as (quarantine, ids):
                order = sorted(ids.items(), key=lambda item: item[0] != "result")
                inside = contents.contents(quarantine, one, [tip for _, tip in order])
                tips = delivery.deliver(layout, one, quarantine, found)
    finally:
        delivery.abandon(layout, one.run)
    told = (*report.lines(one, found, tips, inside, user=user), *map(redact, tally.told(reached)))
    lines = tuple(map(hide, told))
    return Home(tips=tips, contents=inside, harvest=found, lines=lines, events=events)


def _keeping(settings: Settings) -> Keep:
    return Keep(
        top=sandbox.TREE,
        prompts=settings.text("agent.prompts"),
        detail=settings.text("journal.agent_detail"),
    )


def end(engine: Engine, one: Ticket) -> None:
    """End whatever still runs of it. Raises `PatinaError` where that cannot be seen to be so."""
    engine.kill(one.container)
    if not stopped(engine, one.container):
        engine.stop(one.container)
        if not stopped(engine, one.container):
            raise PatinaError(f"the container {one.container} does not stop", "Ask the engine: docker ps")


def note(layout: Layout, one: Ticket, home: Home, told: RunFinished) -> Ticket:
    """Note that the work is home, and how the run ended, in one write: a kill loses neither, and doubles neither."""
    noted = replace(
        one, running=one.running and not home.harvest.whole, rest=not home.harvest.whole, end=told
    )
    ticket.write(layout, noted)
    return noted


def settle(engine: Engine, layout: Layout, one: Ticket, home: Home) -> None:
    """Clear away what was made for a run whose work is home and told, all but what did not come along."""
    if home.harvest.whole:
        clear(engine, layout, one)
    else:
        leave(engine, layout, one)


def leave(engine: Engine, layout: Layout, one: Ticket) -> None:
    """Remove what was made for a run but its volume, since not all in there came home; the ticket says so."""
    ticket.write(layout, replace(one, rest=True, end=None))
    _remove(engine, layout, one, volume=False)


def clear(engine: Engine, layout: Layout, one: Ticket) -> None:
    """Remove all that was made for a run, its work with it, and at last the ticket."""
    if one.running:
        # A kill from here on leaves nothing that could be brought home, only what is to be removed.
        ticket.write(layout, replace(one, running=False))
    _remove(engine, layout, one, volume=True)
    ticket.remove(layout, one.run)


def _remove(engine: Engine, layout: Layout, one: Ticket, *, volume: bool) -> None:
    for seen in engine.containers((labels.ANY, f"{labels.RUN}={one.run}")):
        engine.remove(str(seen["Id"]))
    if volume:
        engine.remove_volume(one.volume)
    for seen in engine.networks((labels.ANY, f"{labels.RUN}={one.run}")):
        engine.remove_network(str(seen["Id"]))
    delivery.abandon(layout, one.run)
    files.remove(layout.runs / f"{one.run}.stop")
    files.remove_tree(layout.runs / f"{one.run}.image")
