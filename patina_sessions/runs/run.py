"""One run: begun in the event log before it starts, streamed, logged, judged, and finished whatever happens.

This room does not write to the event log; it says what happened, in order, to `tell`, which the caller gives.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import field, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from patina_sessions.errors import EngineUnavailable, PatinaError
from patina_sessions.frozen import dataclass
from patina_sessions.model import RunFinished, RunStarted
from patina_sessions.paths import Layout
from patina_sessions.redact import redact
from patina_sessions.runs import finished, living, request
from patina_sessions.runs.attached import Attached, Hear, Watch
from patina_sessions.runs.hidden import hider
from patina_sessions.runs.outcome import Ended
from patina_sessions.runs.run_log import Output, RunLog
from patina_sessions.runs.tree import MARK, Tree
from patina_sessions.runs.workspace import HOME, User, Workspace
from patina_sessions.settings import Settings
from patina_sessions.system import clock, files, terminal
from patina_sessions.system.docker import Engine

log = logging.getLogger(__name__)

Tell = Callable[[RunStarted | RunFinished], None]

# Marks the workspace as used (`true`, since a shell dies of a redirection of `:` that fails), and lets `exec` find the
# words for 126 and 127. What `pip install --user` and `npm` put below the home is found too.
_WRAPPER = 'umask "$1"; shift; true > /patina/used; PATH="$PATH:$HOME/.local/bin"; export PATH; exec "$@"'

# What the kernel itself counts (cgroup v2, v1), against what it had counted the last time that somebody asked.
_KILLS = r"""
kills=0 was=0
for f in /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control; do
  [ -r "$f" ] && while read -r name count; do [ "$name" = oom_kill ] && kills=$count; done < "$f"
done
[ -r /patina/starved ] && read -r was < /patina/starved
echo "$kills" > /patina/starved
[ "$kills" -lt "$was" ] && was=0
[ "$kills" -gt "$was" ]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the user wants to be run. `environment` holds the values that `--env` named."""

    kind: Literal["build", "test", "exec"]
    command: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 0.0
    tty: bool = False
    stdin: bool = False
    junit: str = ""

    @property
    def words(self) -> str:
        """Return the command as the journal shows it."""
        return redact(request.shown(self.command))


def new_id(now: datetime) -> str:
    """Return a fresh run's id: when, and four digits that nobody else has."""
    return f"{now.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A finished run: what is recorded, and the exit code for the user."""

    data: RunFinished
    code: int
    output: Output
    unrecorded: str = ""  # why its end is not in the log yet, in words


def execute(
    engine: Engine,
    place: Workspace,
    order: Order,
    *,
    layout: Layout,
    settings: Settings,
    now: datetime,
    show: Hear,
    tell: Tell,
) -> Done:
    """Run the order in the workspace. `show` gets the raw bytes for the user's terminal."""
    started = _started(place, order, now)
    run_log = RunLog(
        layout.runs / f"{started.run}.log",
        limit=int(settings.number("runs.max_log")),
        hidden=tuple(order.environment.values()),
    )

    def hear(stream: int, data: bytes) -> None:
        run_log.feed(stream, data)
        show(stream, data)

    unrecorded = ""
    with living.alive(layout, started, now) as alive:
        tell(started)
        alive.over = False  # until its end is told: a kill, or a fault of ours
        began, wall = clock.monotonic(), clock.wall()
        ended, details = Ended(code=None, stopped="interrupted"), ["It could not be followed to its end"]
        try:
            ended, details = _followed(engine, place, order, started, hear=hear, tell=tell)
            if ended.code == 137 and not ended.stopped:
                ended = replace(ended, out_of_memory=_starved(engine, place, wall))
        except EngineUnavailable as error:
            ended, details = Ended(code=None, answered=False), [error.message]
        finally:
            output = run_log.close()
            data, code = finished.compose(
                started,
                ended,
                details,
                output,
                seconds=clock.monotonic() - began,
                layout=layout,
                junit=finished.reports(layout.top, order.junit, since=wall) if order.junit else (),
                hide=hider(order.environment.values()),
            )
            unrecorded = alive.finish(data, tell)
    prune(layout, int(settings.number("runs.keep")))
    return Done(data=data, code=code, output=output, unrecorded=unrecorded)


def still(tell: Tell, started: RunStarted) -> None:
    """Tell that a run goes on."""
    try:
        tell(replace(started, still=True))
    except PatinaError as error:  # a full disk does not end the user's command
        log.info("run %s is not told as begun: %s", started.run, error.message)


def _started(place: Workspace, order: Order, now: datetime) -> RunStarted:
    return RunStarted(
        run=new_id(now),
        kind=order.kind,
        command=order.words,
        image=place.image,
        where=place.where,
        container=place.container,
    )


def _followed(
    engine: Engine, place: Workspace, order: Order, started: RunStarted, *, hear: Hear, tell: Tell
) -> tuple[Ended, list[str]]:
    command = engine.prepare(
        place.container,
        ["/bin/sh", "-c", _WRAPPER, "patina", f"{terminal.umask():03o}", *order.command],
        environment=environment(place, order, started.run),
        user=place.user.words,
        folder=str(order.folder),
        tty=order.tty,
        stdin=order.stdin,
    )
    stream = engine.begin(command, tty=order.tty)
    attached = Attached(
        engine=engine,
        container=place.container,
        run=started.run,
        tree=Tree(engine=engine, container=place.container, run=started.run, user=place.user.words),
        command=command,
        stream=stream,
        watch=Watch(
            timeout=order.timeout,
            passes=order.tty and order.kind == "exec",
            announce=lambda: still(tell, started),
        ),
        hear=hear,
    )
    with ExitStack() as stack:
        stack.enter_context(terminal.heard(attached.interrupt, lambda: _resize(engine, command, order)))
        if order.tty:
            stack.enter_context(terminal.raw())
            _resize(engine, command, order)
        if order.stdin:
            threading.Thread(target=_send, args=(attached,), name="standard input", daemon=True).start()
        ended = attached.follow()
    return ended, attached.details


def environment(place: Workspace, order: Order, run: str) -> dict[str, str]:
    """Return what a command finds in its environment, beside the image's own."""
    git = {
        # Only in here: the tree belongs to somebody else than the container's root. And git in here does not see the
        # other worktrees, which `gc` would take for removed ones (dfinity/ic#11183).
        "safe.directory": "*",
        "gc.worktreePruneExpire": "never",
        "gc.auto": "0",
    }
    named = {"GIT_CONFIG_COUNT": str(len(git))}
    for number, (key, value) in enumerate(git.items()):
        named |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    home = {"HOME": HOME} if place.user.uid else {"HOME": "/root"}
    term = {"TERM": terminal_kind()} if order.tty else {}
    return {**named, **home, **term, **order.environment, MARK: run}


def terminal_kind() -> str:
    """Return the kind of the user's terminal."""
    try:
        return terminal.variable("TERM")
    except PatinaError:
        return "xterm"


def _resize(engine: Engine, command: str, order: Order) -> None:
    if not order.tty:
        return
    rows, columns = terminal.size()
    for _ in range(5):  # the engine may not be ready for it yet
        if engine.resize(command, rows=rows, columns=columns):
            return
        clock.sleep(0.02)


def _send(attached: Attached) -> None:
    """Hand the user's keys on; a Ctrl-C among them is the program's, and is noted."""
    try:
        for data in terminal.typed():
            attached.stream.send(data)
            if attached.stream.tty:
                for _ in range(data.count(b"\x03")):
                    attached.interrupt()
        attached.stream.end_input()
    except OSError:
        return  # the command does not read any more


def _starved(engine: Engine, place: Workspace, since: float) -> bool:
    try:
        told = engine.out_of_memory(place.container, since=since)
        if told is None:
            return engine.ask(place.container, ["/bin/sh", "-c", _KILLS], user="0").code == 0
        return told
    except PatinaError:
        return False


def prune(layout: Layout, keep: int) -> None:
    """Remove the logs of all but the newest runs."""
    logs = [name for name in files.names(layout.runs) if name.endswith(".log")]
    for name in logs[: max(0, len(logs) - max(1, keep))]:
        files.remove(layout.runs / name)


def sweep(engine: Engine, layout: Layout, user: User) -> int:
    """End what runs that were killed with their patina left in containers; return how many were looked after."""
    marked = living.marked(layout)
    for run, container, mark in marked:
        try:
            if container and engine.inspect(container) is not None:
                Tree(engine=engine, container=container, run=run, user=user.words).end()
        except EngineUnavailable:
            raise
        except PatinaError:
            pass  # the container is stopped, and so is what was in it
        files.remove(mark)
    return len(marked)
