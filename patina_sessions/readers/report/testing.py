"""Tests over time, and failures with how long they stood, from the runs of sessions. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from patina_sessions.frozen import dataclass
from patina_sessions.readers.report.moments import Run
from patina_sessions.readers.report.told import Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A run whose tests were counted."""

    at: datetime
    session: Told
    run: Run

    @property
    def passed(self) -> int:
        return self.run.passed or 0

    @property
    def failed(self) -> int:
        return self.run.failed or 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A test that failed: from its first failing run to the first run of the same command in which it did not.

    `until` is None while it still fails, as far as is known.
    """

    name: str
    command: str
    since: datetime
    began: Told
    until: datetime | None = None
    ended: Told | None = None
    runs: int = 1

    def seconds(self, now: datetime) -> int:
        """Return how long it stood, until now where it still does."""
        return max(0, int(((self.until or now) - self.since).total_seconds()))


def counted(sessions: Iterable[Told]) -> dict[str, list[Counted]]:
    """Return the runs whose tests were counted, in order of time, by command; the command that ran most comes first."""
    found: dict[str, list[Counted]] = {}
    for told in sessions:
        for moment in told.moments:
            run = moment.run
            if run is not None and moment.at is not None and (run.passed, run.failed) != (None, None):
                one = Counted(at=moment.at, session=told, run=run)
                found.setdefault(run.command, []).append(one)
    for series in found.values():
        series.sort(key=lambda one: one.at)
    return dict(sorted(found.items(), key=lambda row: -len(row[1])))


def standing(series: Iterable[list[Counted]]) -> list[Standing]:
    """Return every failure: those that still stand first, then those that stood longest."""
    over: list[Standing] = []
    still: list[Standing] = []
    for runs in series:
        there: dict[str, Standing] = {}
        for one in runs:
            if one.run.outcome not in ("passed", "failed"):
                continue  # cut off: what it did not come to says nothing
            gone = [name for name in there if name not in one.run.failed_names]
            over += (replace(there.pop(name), until=one.at, ended=one.session) for name in gone)
            for name in one.run.failed_names:
                known = there.get(name)
                there[name] = (
                    replace(known, runs=known.runs + 1)
                    if known
                    else Standing(name=name, command=one.run.command, since=one.at, began=one.session)
                )
        still += there.values()
    still.sort(key=lambda one: one.since)
    return still + sorted(over, key=lambda one: one.since - (one.until or one.since))
