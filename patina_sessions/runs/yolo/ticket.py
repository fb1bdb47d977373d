"""The ticket of an autonomous run: what is needed to bring its work home, written before anything is made.

It lies beside the run's lock until the work is home or given up. A ticket whose run is not alive tells of work that
waits: `patina yolo recover` takes it from there. Nothing here loads the SDK.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

from patina_sessions.errors import PatinaError
from patina_sessions.events import codec
from patina_sessions.frozen import dataclass
from patina_sessions.model import Id, RunFinished
from patina_sessions.paths import Layout
from patina_sessions.runs import named
from patina_sessions.system import clock, files

END = ".yolo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One run. `start` is the commit of the user's that it began from, `base` the same with uncommitted work on top."""

    run: str
    name: str
    command: str
    image: str
    helper: str  # the image in which the work is packed
    volume: str
    container: str  # its name
    start: Id
    base: Id
    branch: str  # the branch that the program finds itself on
    object_format: str
    network: str
    began: str  # RFC 3339
    loosened: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()  # what did not go in, in words
    limit: int = 0  # bytes that may come out
    largest: int = 0  # bytes of a file
    running: bool = False  # the program was about to be started: there may be work
    agent: str = ""  # whose hooks are set up in there
    gate_tried: float = (
        0.0  # when that was over, by the engine's clock; what the proxy let through then was ours
    )
    pid: int = 0  # of the patina that watches over it
    hidden: tuple[str, ...] = ()  # marks of what was handed on to the program (`runs.hidden`)
    rest: bool = False  # the work is home but for what its report names: the volume is kept for that
    packed: int = 0  # when that was begun: a second try makes the same commit of what was not committed
    end: RunFinished | None = None  # how it ended, from when the work is home until that is told

    @property
    def short(self) -> str:
        """Return what a person calls it by."""
        return self.name or self.run


def path(layout: Layout, run: str) -> Path:
    """Return where a run's ticket lies."""
    return layout.runs / f"{run}{END}"


def write(layout: Layout, ticket: Ticket) -> None:
    """Put the ticket in place, on the disk."""
    files.make_folder(layout.runs)
    files.write(path(layout, ticket.run), codec.dump(codec.as_json(ticket)))


def stamped(layout: Layout, ticket: Ticket) -> Ticket:
    """Return the ticket with the time at which its work was first packed, which is on the disk, too."""
    if not ticket.packed:
        ticket = replace(ticket, packed=int(clock.wall()))
        kept = _read(path(layout, ticket.run)) or ticket
        write(layout, replace(kept, packed=ticket.packed))
    return ticket


def remove(layout: Layout, run: str) -> None:
    """Give the ticket up: the work is home, or nobody wants it."""
    files.remove(path(layout, run))
    files.remove(lock_of_recovery(layout, run))


def lock_of_recovery(layout: Layout, run: str) -> Path:
    """Return the file whose lock is held by whoever brings the run's work home later."""
    return layout.runs / f".{run}.recovering"


def tickets(layout: Layout) -> list[Ticket]:
    """Return the tickets of this worktree, the oldest first. One that cannot be read is passed over."""
    return [one for name in _names(layout) if (one := _read(layout.runs / name)) is not None]


def looked_at(layout: Layout) -> list[tuple[Ticket, bool]]:
    """Return each ticket with whether its run is alive, the oldest first.

    A run is alive from before its ticket is written on. Asked in this order, what the ticket tells of one that is not
    alive is its last word; `recover` and `rm` alone change it after that.
    """
    lives = {name: alive(layout, name.removesuffix(END)) for name in _names(layout)}
    return [(one, alive) for name, alive in lives.items() if (one := _read(layout.runs / name)) is not None]


def _names(layout: Layout) -> list[str]:
    return [name for name in files.names(layout.runs) if name.endswith(END) and name[0] != "."]


def waiting(layout: Layout) -> list[Ticket]:
    """Return the tickets whose runs are not alive: their work, if there is some, waits in a volume."""
    return [one for one, lives in looked_at(layout) if not lives]


def alive(layout: Layout, run: str) -> bool:
    """Return whether a patina watches over the run: it holds the lock of the run's file."""
    lock = layout.runs / f"{run}.lock"
    if files.signature(lock) is None:
        return False
    free = files.try_lock(lock)
    if free is None:
        return True
    os.close(free)
    return False


def untold(layout: Layout, ticket: Ticket) -> bool:
    """Return whether how the run ended may stand in its ticket alone: whoever records next takes it from there."""
    return ticket.end is not None and files.signature(layout.runs / f"{ticket.run}.lock") is not None


def one(layout: Layout, name: str) -> Ticket:
    """Return the ticket of this run: its id, its name, the beginning or the end of its id, or `last`."""
    nothing = PatinaError(f"no work of a run {name} waits here", "See: patina yolo list")
    return named.chosen(name, reversed(tickets(layout)), names=lambda t: (t.run, t.short), nothing=nothing)


def _read(file: Path) -> Ticket | None:
    try:
        plain = json.loads(files.read(file) or b"")
        end = plain.pop("end", None)
        plain["end"] = None if end is None else codec.from_json(RunFinished, end)
        found = codec.from_json(Ticket, plain)
        assert isinstance(found, Ticket)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return found
