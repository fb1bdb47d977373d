"""What is carried out of a run's volume: one bundle, made in a clean container that only reads what the program left.

The container has no network, no secret and no way to write the volume. Its git is one of its own: nothing of the
program's git directory but its objects and the names of its tips is used, so no hook, filter, driver, monitor or
include of the program's takes part. What was not committed becomes a commit there, never here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from patina_sessions.errors import PatinaError
from patina_sessions.runs.yolo import sandbox, source
from patina_sessions.runs.yolo.packing import ALL, PACK, SALVAGE, TIPS
from patina_sessions.runs.yolo.ticket import Ticket
from patina_sessions.runs.yolo.work import Harvest, read
from patina_sessions.system import files
from patina_sessions.system.docker import Container, Engine, Gone, Mount, TooMuch

SECONDS = 900.0  # for all of it; a repository that was made to be slow ends here
ROOM = 200_000_000  # bytes in memory, beside those of what is carried out


class NotHome(PatinaError):
    """The work could not be brought home; it is kept where it is."""


@contextmanager
def helper(engine: Engine, ticket: Ticket, labels: Mapping[str, str]) -> Iterator[str]:
    """Give a clean container with the run's volume to read. It is gone afterwards, however long it worked."""
    room = ticket.limit + ROOM
    held = sandbox.hardened(sandbox.Limits(memory=str(2 * room), pids=256))
    held["Tmpfs"] = {
        sandbox.TEMPORARY: "rw,noexec,nosuid,nodev,size=16m,mode=1777",
        "/clean": f"rw,noexec,nosuid,nodev,size={room},mode=0700,uid={source.UID},gid={source.GID}",
    }
    plan = Container(
        image=ticket.helper,
        entrypoint=("/bin/sh", "-c"),
        command=("sleep 3600",),
        name=f"{ticket.container}-pack",
        labels=labels,
        mounts=(Mount(source=ticket.volume, target=sandbox.WORK, kind="volume", read_only=True),),
        user=f"{source.UID}:{source.GID}",
        folder="/",
        environment={"HOME": "/clean"},
        network="none",
        more=held,
    )
    engine.remove(plan.name)  # of a patina that was killed while it packed
    container = engine.create(plan)
    late = threading.Timer(SECONDS, _kill, (engine, container))
    late.daemon = True
    late.start()
    try:
        engine.start(container)
        yield container
    finally:
        late.cancel()
        engine.remove(container)


def _kill(engine: Engine, container: str) -> None:
    try:
        engine.kill(container)
    except PatinaError:
        return  # it is gone, or the engine is


def pack(engine: Engine, container: str, ticket: Ticket, *, hide: Callable[[str], str]) -> Harvest:
    """Let the helper commit what was not committed and say what there is. Raises `NotHome`."""
    words = [sandbox.TREE, ticket.base, ticket.start, ticket.run, ticket.object_format]
    words += [str(ticket.largest), str(ticket.limit), str(ALL if ticket.rest else TIPS), str(ticket.packed)]
    try:
        said = engine.ask(container, ["/bin/sh", "-c", SALVAGE, "sh", *words])
    except Gone as error:
        raise NotHome(f"its work could not be packed within {SECONDS:.0f} s", None) from error
    except PatinaError as error:
        raise NotHome(f"its work could not be packed: {error.message}", error.hint) from error
    if said.code in (126, 127):
        raise NotHome(f"the image {ticket.helper} has no git to pack the work with", None)
    harvest = read(hide(said.out.decode("utf-8", "replace")))
    if said.code:
        why = hide(said.err.decode("utf-8", "replace")).strip().splitlines()
        raise NotHome(f"its work could not be packed: {(why or [f'exit code {said.code}'])[-1][:300]}", None)
    return harvest


def bounded(ticket: Ticket, *, size: int, largest: int) -> None:
    """Raise `NotHome` where the work is larger than it may be, or an object in it, once they are unpacked."""
    if largest > ticket.largest:
        raise NotHome(
            f"a file in its history has {largest:,} bytes, more than {ticket.largest:,}",
            f"Take it all the same: patina yolo recover {ticket.short} --max-file {largest} --max-size …",
        )
    if size > ticket.limit:
        raise NotHome(
            f"its work has {size:,} bytes, more than {ticket.limit:,}",
            f"Take it all the same: patina yolo recover {ticket.short} --max-size {size * 2}",
        )


def carry(engine: Engine, container: str, ticket: Ticket, harvest: Harvest, into: Path) -> int:
    """Write the bundle to a file and return its size. Raises `NotHome` where it is larger than it may be."""
    bounded(ticket, size=harvest.size, largest=harvest.largest)
    files.remove(into)
    size = 0
    try:
        for piece in engine.read_out(
            container, ["/bin/sh", "-c", PACK, "sh", ticket.start], limit=ticket.limit
        ):
            files.append(into, piece, durable=False)
            size += len(piece)
    except TooMuch as error:
        raise NotHome(error.message, f"patina yolo recover {ticket.short} --max-size …") from error
    except PatinaError as error:
        raise NotHome(f"its work could not be carried out: {error.message}", error.hint) from error
    return size
