"""The runs that were: the event log has them all, and their logs lie beside it as long as those are kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from patina_sessions.errors import PatinaError
from patina_sessions.events import log
from patina_sessions.frozen import dataclass
from patina_sessions.model import RunFinished, RunStarted
from patina_sessions.paths import Layout
from patina_sessions.runs import living, named
from patina_sessions.system import files


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run. `ended` is None while it goes on."""

    started: datetime
    begun: RunStarted | None
    ended: RunFinished | None

    @property
    def id(self) -> str:
        known = self.ended or self.begun
        assert known is not None
        return known.run


def runs(layout: Layout) -> Iterator[Run]:
    """Return the runs of this worktree, the newest first."""
    ends: dict[str, tuple[datetime, RunFinished]] = {}
    alive = {run.run for run in living.living(layout)}
    for dead in living.dead(layout):  # not in the log yet, which may have no room
        ends[dead.started.run] = (dead.time, living.ended(layout, dead))
    for event in log.events(layout, newest_first=True):
        data = event.data
        if isinstance(data, RunFinished):
            ends.setdefault(data.run, (event.time, data))  # work that was brought home later ends a run again
        elif isinstance(data, RunStarted) and not data.still:
            end = ends.pop(data.run, None)
            if end is not None or data.run in alive:
                yield Run(started=event.time, begun=data, ended=end[1] if end else None)


def last_failed(layout: Layout, started: RunStarted) -> tuple[str, ...] | None:
    """Return what failed the last time that this command's tests were counted; None where that never was."""
    for event in log.events(layout, newest_first=True):
        data = event.data
        if (
            isinstance(data, RunFinished)
            and data.command == started.command
            and data.failed is not None
            and data.outcome in ("passed", "failed")
        ):
            return data.failed_names
    return None


def one(layout: Layout, name: str) -> Run:
    """Return the run of this id, of one that begins or ends so, or the last one for `last`."""
    nothing = PatinaError(f"there is no run {name}", "See: patina runs")
    if name == "last":
        nothing = PatinaError("nothing was run here yet", "Next: patina test, or patina exec -- COMMAND")
    return named.chosen(name, runs(layout), names=lambda run: (run.id,), nothing=nothing)


def output(layout: Layout, run: Run) -> bytes | None:
    """Return a run's log, None where it wrote nothing or its log is not kept any more."""
    return files.read(layout.runs / f"{run.id}.log")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What lies between two runs, the older one first."""

    before: Run
    after: Run
    began: tuple[str, ...]
    ceased: tuple[str, ...]


def compare(layout: Layout, first: str | None, second: str | None) -> Difference:
    """Return the difference of two runs; without names, of the last run and the one of the same command before it."""
    if first is not None and second is not None:
        before, after = sorted((one(layout, first), one(layout, second)), key=lambda r: r.started)
    else:
        after = one(layout, first or "last")
        before = _same_before(layout, after)
    if before.ended is None or after.ended is None:
        raise PatinaError("a run that is not over cannot be compared", "See: patina runs")
    old, new = before.ended.failed_names, after.ended.failed_names
    return Difference(
        before=before,
        after=after,
        began=tuple(n for n in new if n not in old),
        ceased=tuple(n for n in old if n not in new),
    )


def _same_before(layout: Layout, after: Run) -> Run:
    known = after.ended or after.begun
    assert known is not None
    found_after = False
    for run in runs(layout):
        found_after = found_after or run.id == after.id
        if found_after and run.id != after.id and run.ended and run.ended.command == known.command:
            return run
    raise PatinaError(f"{known.command} ran only once", "Name two runs: patina runs compare ID ID")
