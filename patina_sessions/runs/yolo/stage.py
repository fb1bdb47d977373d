"""The middle of an autonomous run: the container is made, the clone put in, the program followed to its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace

from patina_sessions.errors import PatinaError
from patina_sessions.frozen import dataclass
from patina_sessions.model import AgentEvent, RunStarted
from patina_sessions.paths import Layout
from patina_sessions.runs import labels
from patina_sessions.runs.attached import Hear, Watch
from patina_sessions.runs.outcome import NOT_FOUND, NOT_RUNNABLE, Ended
from patina_sessions.runs.run import Tell, still
from patina_sessions.runs.run_log import RunLog
from patina_sessions.runs.yolo import checkout, clone, gate, images, sandbox, source, ticket
from patina_sessions.runs.yolo.agent import Followed, Whole
from patina_sessions.runs.yolo.order import Order
from patina_sessions.runs.yolo.sandbox import Wanted
from patina_sessions.runs.yolo.ticket import Ticket
from patina_sessions.settings import Settings
from patina_sessions.system import clock, files, terminal
from patina_sessions.system.docker import Engine
from patina_sessions.system.repository import Repository

CHECKOUT = 900.0  # seconds
MOMENT = 1.0  # seconds in which an engine tells that there is no such program

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the run begins from: the repository, its paths, the settings."""

    repository: Repository
    layout: Layout
    settings: Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Voices:
    """Who hears what: `show` the program's bytes, `say` Patina's own words, `tell` what is to be recorded.

    `heard` records what the agent's own hooks said, `begun` is told that the program runs: nobody waits
    for that where it is not given.
    """

    show: Hear
    say: Say
    tell: Tell
    heard: Callable[[Sequence[AgentEvent]], None]
    begun: Callable[[], None] | None = None


def played(
    engine: Engine,
    place: Place,
    order: Order,
    made: Ticket,
    cloned: Future[str],
    started: RunStarted,
    run_log: RunLog,
    voices: Voices,
) -> tuple[Ended, list[str]]:
    """Make the container, put the clone in, and follow the program to its end."""
    container, made, shell = _furnished(engine, place, order, made, cloned, say=voices.say)
    stream = engine.attach(container, stdin=order.speaks)

    def hear(number: int, data: bytes) -> None:
        run_log.feed(number, data)
        voices.show(number, data)

    followed = Followed(
        engine=engine,
        container=container,
        run=made.run,
        tree=Whole(engine=engine, container=container, run=made.run, user=""),
        command="",
        stream=stream,
        watch=Watch(timeout=order.timeout, announce=lambda: still(voices.tell, started)),
        hear=hear,
    )
    with terminal.heard(followed.interrupt, lambda: None):
        # From here on a Ctrl-C is followed to its end: one that came before has left no work behind, and one that comes
        # between the two would have the ticket tell of some.
        ticket.write(place.layout, replace(made, running=True))
        _start(engine, place.layout, made, container)
        if order.speaks:
            stream.send(source.first_line(order.told, order.agent.hooks if order.agent else ""))
            stream.end_input()
        begins = _begins if shell else _begins_at_once
        if voices.begun is not None and begins(engine, followed):
            voices.begun()
        ended = followed.follow()
    return _judged(engine, place.layout, made, container, ended), followed.details


def _furnished(
    engine: Engine, place: Place, order: Order, made: Ticket, cloned: Future[str], *, say: Say
) -> tuple[str, Ticket, bool]:
    """Return the container, with the clone in it, the ticket as it is by now, and whether a shell begins in there."""
    wanted, made = _wanted(engine, place, order, made, say=say)
    container = engine.create(sandbox.plan(wanted))
    shell, git = engine.has(container, images.SHELLS), engine.has(container, images.GITS)
    if not (git and shell):  # then somebody else has to check it out, and to pack what it did
        made = replace(made, helper=ours(engine, place, made.run, say=say))
    if not shell:
        engine.remove(container)
        container = engine.create(sandbox.plan(replace(wanted, shell=False)))
    base = cloned.result()
    inside = place.layout.runs / f"{made.run}.in"
    engine.put(container, sandbox.WORK, clone.packed(inside))
    files.remove_tree(inside)
    if not (git and shell):
        _checked_out(engine, wanted, made.helper)
    return container, replace(made, base=base), shell


def _start(engine: Engine, layout: Layout, made: Ticket, container: str) -> None:
    """Start the container. Where it could not be, for want of the program perhaps, the ticket tells of no work."""
    try:
        engine.start(container)
    except PatinaError:
        ending = engine.ending(container)
        if not ending.runs and ending.code is None:
            ticket.write(layout, made)
        raise


def _begins(engine: Engine, followed: Followed) -> bool:
    """Wait until the shell has given its place to the program, and return whether it could."""
    deadline = clock.monotonic() + CHECKOUT
    while not followed.asked and clock.monotonic() < deadline:
        try:
            # In this order: a program may begin and end between the two.
            over = engine.ending(followed.container).code is not None
            if engine.has(followed.container, (f"{sandbox.TREE}/.git/{checkout.BEGINS}",)):
                return True
        except PatinaError:
            return False  # whoever follows it finds out why
        if over:
            return False
        clock.sleep(0.03)
    return False


def _begins_at_once(engine: Engine, followed: Followed) -> bool:
    """Wait a moment, where no shell tells whether there is such a program, and return whether it was not missed."""
    deadline = clock.monotonic() + MOMENT
    while not followed.asked and clock.monotonic() < deadline:
        try:
            code = engine.ending(followed.container).code
        except PatinaError:
            return False
        if code is not None:
            return code not in (NOT_RUNNABLE, NOT_FOUND)
        clock.sleep(0.03)
    return not followed.asked


def _checked_out(engine: Engine, wanted: Wanted, image: str) -> None:
    """Check the clone out in a container of its own, where the program's cannot. Raises `PatinaError`."""
    own = replace(wanted, image=image, command=("true",), name=f"{wanted.name}-in", told=False)
    container = engine.create(sandbox.plan(replace(own, network="none", environment={}, more={})))
    try:
        engine.start(container)
        deadline = clock.monotonic() + CHECKOUT
        while (ending := engine.ending(container)).code is None and clock.monotonic() < deadline:
            clock.sleep(0.02)
        if ending.code != 0:
            said = engine.said_so_far(container, last=5).decode("utf-8", "replace").strip().splitlines()
            raise PatinaError(
                f"the clone cannot be checked out: {(said or ['it takes too long'])[0][:300]}", None
            )
    finally:
        engine.remove(container)


def _wanted(engine: Engine, place: Place, order: Order, made: Ticket, *, say: Say) -> tuple[Wanted, Ticket]:
    """Make volume and gate, and return what the container shall be."""
    marks = marked(place.layout, made.run)
    engine.make_volume(made.volume, marks)
    way = {"none": "none", "open": "bridge", "hosts": made.container}[order.reach.kind]
    if order.reach.kind == "hosts":
        image = ours(engine, place, made.run, text=gate.IMAGE, say=say)
        gate.made(engine, made, order.reach, image, marks)
        over = gate.tried(engine, made, order.reach, image, marks, say=say)
        made = replace(made, gate_tried=over)
    wanted = Wanted(
        image=made.image,
        command=order.command,
        name=made.container,
        labels=marks,
        volume=made.volume,
        limits=order.limits,
        network=way,
        environment={**order.environment, **(gate.environment() if order.reach.kind == "hosts" else {})},
        told=order.speaks,
        more=gate.inside() if order.reach.kind == "hosts" else {},
    )
    return wanted, made


def _judged(engine: Engine, layout: Layout, made: Ticket, container: str, ended: Ended) -> Ended:
    if files.read(layout.runs / f"{made.run}.stop") is not None:  # `yolo stop` has asked for it
        files.remove(layout.runs / f"{made.run}.stop")
        return replace(ended, stopped=ended.stopped or "interrupted")
    if ended.answered and not ended.stopped and ended.code:
        return replace(ended, out_of_memory=engine.ending(container).out_of_memory)
    return ended


def marked(layout: Layout, run: str) -> dict[str, str]:
    """Return the labels of everything that is made for a run."""
    return {**labels.common(layout.top, layout.key), labels.KIND: "yolo", labels.RUN: run}


def ours(engine: Engine, place: Place, run: str, *, say: Say, text: str = images.BASE) -> str:
    """Return our own image, built where the engine does not have it."""
    scratch, network = place.layout.runs / f"{run}.image", place.settings.text("docker.build_network")
    return images.ours(engine, scratch, text=text, network=network, say=say)
