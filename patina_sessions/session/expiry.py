"""`patina gc`: what is kept no longer. The logs of old runs, segments of the event log whose sessions are all
archived, and the states of worktrees that are gone; never a journal, finished or not.

`end` does it at most once a day. A worktree that somebody records just now is passed over until the next time.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from patina_sessions import model
from patina_sessions.errors import PatinaError
from patina_sessions.events import log as event_log
from patina_sessions.frozen import dataclass
from patina_sessions.paths import Common, Layout
from patina_sessions.recorder import removed, settle, words
from patina_sessions.recorder import state as states
from patina_sessions.settings import Settings
from patina_sessions.system import files

DAY = 86_400.0  # seconds

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """One file that is not kept any longer, and why."""

    path: Path
    size: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What was removed, or would be; `busy` are worktrees, by key, that somebody is recording."""

    removed: tuple[Expired, ...]
    busy: tuple[str, ...] = ()


def collect(common: Common, settings: Settings, now: datetime, *, dry_run: bool = False) -> Collected:
    """Remove what is kept no longer in all worktrees of a repository, those that are gone too."""
    gone: list[Expired] = []
    busy: list[str] = []
    for layout in _states(common):
        with _held(layout, writes=not dry_run) as held:
            if not held:
                busy.append(layout.key)
                continue
            days = settings.number("gc.segment_days")
            if dead := _dead(layout, days, now):
                gone += _removed(dead, dry_run=dry_run)
                if not dry_run:
                    files.remove_tree(layout.state)
                continue
            old = _old_segments(layout, days, now)
            if old and not dry_run:
                _carry_on(layout, settings)
            gone += _removed(old, dry_run=dry_run)
    gone += _removed(_old_runs(common, settings, now), dry_run=dry_run)
    if not dry_run:
        files.set_time(common.collected, now.timestamp())
    return Collected(removed=tuple(gone), busy=tuple(busy))


def daily(common: Common, settings: Settings, now: datetime) -> None:
    """Collect, unless that was done within a day. A disk that refuses is for the next time: a session has ended."""
    try:
        last = files.signature(common.collected)
        if last is None or abs(now.timestamp() - last[3] / 1e9) >= DAY:
            collect(common, settings, now)
    except PatinaError as error:
        log.info("nothing was collected: %s", error.message)


def _states(common: Common) -> list[Layout]:
    """Return the state of every worktree. Only what lies below it is looked at: the worktree itself may be gone."""
    return [
        Layout(top=common.git, git=common.git, common=common, key=key)
        for key in files.names(common.worktrees)
    ]


@contextmanager
def _held(layout: Layout, *, writes: bool) -> Iterator[bool]:
    """Hold the worktree's lock, if nobody has it. Who writes nothing goes on where even a lock cannot be made."""
    try:
        lock = files.try_lock(layout.lock)
    except PatinaError:
        if writes:
            raise
        yield True
        return
    try:
        yield lock is not None
    finally:
        if lock is not None:
            os.close(lock)


def _removed(old: list[Expired], *, dry_run: bool) -> list[Expired]:
    for one in old if not dry_run else ():
        files.remove(one.path)
    return old


# ------------------------------------------------------------------------------------------------------- the event log


def _old_segments(layout: Layout, days: float, now: datetime) -> list[Expired]:
    """Return the segments before the one in which the last session ended, where they are old and all is archived.

    That one stays whatever its age: numbers go on from it, and the next session counts from its end.
    """
    numbers = event_log.segments(layout)
    last = next((n for n in reversed(numbers) if _ends(layout, n)), 0)
    found = []
    for number in (n for n in numbers if n < last):
        path = event_log.segment_path(layout, number)
        seen = files.signature(path)
        if seen is None or now.timestamp() - seen[3] / 1e9 < days * DAY:
            break  # a younger one: those after it are younger still
        if any(not _archived(layout.common, session) for session in _ends(layout, number)):
            break
        found.append(
            Expired(path=path, size=seen[2], why=f"its sessions are archived, over {days:g} days ago")
        )
    return found


def _dead(layout: Layout, days: float, now: datetime) -> list[Expired]:
    """Return all files of a worktree that has been gone for so long, if what was done in it is archived."""
    seen = files.signature(layout.state / removed.DONE)
    if seen is None or now.timestamp() - seen[3] / 1e9 < days * DAY:
        return []
    if any(name.endswith((".yolo", ".bundle")) for name in files.names(layout.runs)):
        return []  # work of an autonomous run that is not home
    sessions = (s for n in event_log.segments(layout) for s in _ends(layout, n))
    if not all(_archived(layout.common, session) for session in sessions):
        return []
    paths = sorted(p for p in layout.state.rglob("*") if not p.is_dir())
    sizes = ((p, files.signature(p)) for p in paths)
    why = f"its worktree is gone, over {days:g} days ago"
    return [Expired(path=p, size=s[2], why=why) for p, s in sizes if s is not None]


def _ends(layout: Layout, number: int) -> list[str]:
    """Return the sessions that ended in a segment."""
    events = event_log.segment(layout, number)
    return [e.data.session for e in events if isinstance(e.data, model.Ended | model.Discarded)]


def _archived(common: Common, session: str) -> bool:
    places = (common.archive, common.discarded)
    return any(files.signature(place / f"{session}.md") is not None for place in places)


def _carry_on(layout: Layout, settings: Settings) -> None:
    """Say once more how far each source was read: a remote that did not move for months was told of long ago."""
    state = states.load(layout, named_files=int(settings.number("journal.files")))
    settle.write(layout, state, [event_log.position_record(p) for p in state.positions.values()])
    states.save(layout, state)


# ---------------------------------------------------------------------------------------------------------------- runs


def _old_runs(common: Common, settings: Settings, now: datetime) -> list[Expired]:
    """Return the logs of runs that are too old, and the oldest of what is too much; one that goes on keeps its."""
    days, room = settings.number("gc.run_days"), settings.number("gc.run_bytes")
    logs = sorted(_logs(common))
    found = []
    total = sum(size for _, size, _ in logs)
    for time, size, path in logs:
        old = now.timestamp() - time >= days * DAY
        if old or total > room:
            why = (
                f"the run is over {days:g} days old" if old else f"all logs are over {words.size(int(room))}"
            )
            found.append(Expired(path=path, size=size, why=why))
            total -= size
    return found


def _logs(common: Common) -> Iterator[tuple[float, int, Path]]:
    for layout in _states(common):
        names = set(files.names(layout.runs))
        for name in names:
            stem = name.removesuffix(".log")
            seen = files.signature(layout.runs / name)
            if stem != name and f"{stem}.lock" not in names and seen is not None:
                yield seen[3] / 1e9, seen[2], layout.runs / name
