"""Which runs are alive: each holds the lock of its file, and the system gives that back when its process dies.

A file whose lock is free belongs to a run that was killed. Whoever records next (a hook, a command) finishes it in the
event log and leaves a mark for the next command that speaks to the engine, which ends what still runs in there.
Nothing here loads the SDK: the recorder comes this way.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from patina_sessions import model
from patina_sessions.errors import PatinaError
from patina_sessions.events import codec, log
from patina_sessions.frozen import dataclass
from patina_sessions.model import Fact, RunFinished, RunStarted
from patina_sessions.paths import Layout
from patina_sessions.system import clock, files

ROOM = 32768  # bytes of a run's file that wait for its end
_KILLED = "Patina was killed while it ran; its log has what came until then"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dead:
    """A run whose process is gone, as its file told."""

    path: Path
    started: RunStarted
    time: datetime
    end: RunFinished | None = None  # where it ended by itself, and only the log had no room for that


class Alive:
    """A run that goes on, by its file. `over`: the file may go when the run is left; else the next command reads it."""

    def __init__(self, path: Path, plain: dict[str, Any]) -> None:
        self.over = True
        self._path = path
        self._plain = plain

    def finish(self, end: RunFinished, tell: Callable[[RunFinished], None]) -> str:
        """Tell the end; return why that failed, where it did, with the end kept. The exit code is the user's anyway."""
        try:
            tell(end)
        except PatinaError as error:
            return error.message + ("" if self.keep(end) else ", and how it ended is lost")
        self.over = True
        return ""

    def keep(self, end: RunFinished) -> bool:
        """Keep the end in the run's file, for whoever records next; return whether that could be done."""
        self.over = False
        bare = replace(end, failed_names=(), newly_failing=(), newly_passing=(), telling="")
        old = files.read(self._path) or b""
        for one in (end, bare):
            new = codec.dump({**self._plain, "end": codec.as_json(one)}).ljust(len(old))
            try:
                if files.poke(self._path, 0, old, new):
                    return True
            except PatinaError:
                return False
        return False


@contextmanager
def alive(layout: Layout, started: RunStarted, now: datetime) -> Iterator[Alive]:
    """Show that this run lives. Its file has its name only once it is locked, so that nobody takes it for dead.

    It is as large as its end may become: that has room whatever the run does to the disk.
    """
    files.make_folder(layout.runs)
    path, hidden = layout.runs / f"{started.run}.lock", layout.runs / f".{started.run}.new"
    plain = {**codec.as_json(started), "time": now.isoformat()}
    line, run = codec.dump(plain), Alive(path, plain)
    files.write(hidden, line.ljust(2 * len(line) + ROOM), durable=False)
    lock = files.try_lock(hidden)
    assert lock is not None
    try:
        files.move(hidden, path)
        yield run
    finally:
        if run.over:
            files.remove(path)
        os.close(lock)


def living(layout: Layout) -> list[RunStarted]:
    """Return the runs that are going on in this worktree."""
    found = []
    for path in _locks(layout):
        free = files.try_lock(path)
        if free is not None:
            os.close(free)
        elif (run := _read(path)) is not None:
            found.append(run.started)
    return found


def dead(layout: Layout) -> list[Dead]:
    """Return the runs that were killed and are not finished in the log yet."""
    found = []
    for path in _locks(layout):
        free = files.try_lock(path)
        if free is None:
            continue
        os.close(free)
        run = _read(path)
        if run is None:
            files.remove(path)  # it ended just now, and our look made the file anew
        else:
            found.append(run)
    return found


def ends(layout: Layout) -> tuple[tuple[Fact, ...], tuple[Path, ...]]:
    """Return how killed runs ended, as facts, and the files that are no longer needed once those are logged."""
    facts, used = [], []
    for run in dead(layout):
        used.append(run.path)
        if run.end is None:
            files.write(
                layout.runs / f"{run.started.run}.dead", run.started.container.encode(), durable=False
            )
        if not _finished(layout, run.started.run):
            end = ended(layout, run)
            time = run.time + timedelta(seconds=int(end.seconds))
            facts.append(Fact(time=time, data=end, key=f"run died {end.run}"))
    return tuple(facts), tuple(used)


def marked(layout: Layout) -> list[tuple[str, str, Path]]:
    """Return run, container and mark of killed runs whose processes may be there still."""
    paths = [layout.runs / name for name in files.names(layout.runs) if name.endswith(".dead")]
    return [(p.stem, (files.read(p) or b"").decode("utf-8", "replace"), p) for p in paths]


def _locks(layout: Layout) -> list[Path]:
    return [layout.runs / n for n in files.names(layout.runs) if n.endswith(".lock") and n[0] != "."]


def _read(path: Path) -> Dead | None:
    try:
        plain = json.loads(files.read(path) or b"")
        time, end = datetime.fromisoformat(plain.pop("time")), plain.pop("end", None)
        return Dead(
            path=path,
            started=codec.from_json(RunStarted, plain),
            time=time,
            end=None if end is None else codec.from_json(RunFinished, end),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def ended(layout: Layout, run: Dead) -> RunFinished:
    """Return how a run that is over and not in the log ended: as it told itself, else by a kill."""
    if run.end is not None:
        return run.end
    ticket = _ticket(layout, run.started.run)
    if ticket.get("end"):  # its work was home, and a kill came before that was told
        return cast(RunFinished, codec.from_json(RunFinished, ticket["end"]))
    wrote = files.signature(layout.runs / f"{run.started.run}.log")
    until = wrote[3] / 1e9 if wrote is not None else run.time.timestamp()
    s = run.started
    return RunFinished(
        run=s.run,
        kind=s.kind,
        command=s.command,
        outcome="interrupted",
        seconds=max(0.0, round(min(until, clock.wall()) - run.time.timestamp(), 1)),
        image=s.image,
        details=(_KILLED, *_kept(ticket, s)),
        log=f"{s.run}.log" if wrote is not None else None,
    )


def _ticket(layout: Layout, run: str) -> dict[str, Any]:
    """Return the ticket of an autonomous run, empty where there is none: its work is home, or nobody wants it."""
    try:
        plain = json.loads(files.read(layout.runs / f"{run}.yolo") or b"{}")
    except ValueError:
        return {}
    return plain if isinstance(plain, dict) else {}


def _kept(ticket: dict[str, Any], started: RunStarted) -> tuple[str, ...]:
    """Return what is said of an autonomous run's work: it is in a volume from the program's start on."""
    if not ticket:
        return ()
    if not ticket.get("running"):
        return ("Its program had not begun: there is nothing to bring home",)
    return (f"What it did is kept: patina yolo recover {started.run}",)


def _finished(layout: Layout, run: str) -> bool:
    """Return whether the log has the run's end: a kill may have come between that and the file's removal."""
    for event in log.events(layout, newest_first=True):
        if isinstance(event.data, model.RunFinished) and event.data.run == run:
            return True
        if isinstance(event.data, model.RunStarted) and event.data.run == run and not event.data.still:
            return False
    return False
