"""What the first view of the report shows, as values that a template prints. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import groupby

from markupsafe import Markup

from patina_sessions.frozen import dataclass
from patina_sessions.model import Id
from patina_sessions.readers import goals
from patina_sessions.readers.report import charts, days, plots, testing, touched
from patina_sessions.readers.report.days import Day
from patina_sessions.readers.report.testing import Standing
from patina_sessions.readers.report.told import Told, anchor
from patina_sessions.system.history import Known

FILES, PAIRS, FAILURES, GOALS, COMMANDS = 20, 12, 40, 100, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A month of the timeline."""

    name: str
    seconds: int
    days: int
    sessions: int
    commits: int
    picture: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of work, and what of all was of it."""

    name: str
    sessions: int
    commits: int
    seconds: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The tests of one command over time."""

    command: str
    runs: int
    passed: int
    failed: int
    picture: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """An open goal, and the session that has it last."""

    text: str
    since: datetime | None
    sessions: int
    dropped: bool
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All of it."""

    first: date | None
    last: date | None
    days: int
    seconds: int
    commits: int
    runs: int
    months: tuple[Month, ...]
    calendars: tuple[tuple[int, Markup], ...]
    week: Markup | None
    kinds: tuple[Kind, ...]
    counted: int  # commits whose files are known
    files: tuple[touched.Touched, ...]
    pairs: tuple[touched.Together, ...]
    tests: tuple[Series, ...]
    failures: tuple[Standing, ...]
    more_failures: int
    goals: tuple[Goal, ...]
    more_goals: int
    worked: Mapping[str, int]  # seconds, by the id of the session


def of(sessions: Sequence[Told], known: Mapping[Id, Known], now: datetime) -> Overview:
    """Return the overview of sessions, the earliest first."""
    there = days.days(sessions, now)
    worked = {one.facts.id: _seconds(one, now) for one in sessions}
    paths = [[known[i].paths for i in one.commits if i in known] for one in sessions]
    most_touched = touched.files(paths)
    counted = testing.counted(sessions)
    failures = testing.standing(counted.values())
    open_goals = _goals(sessions)
    return Overview(
        first=there[0].date if there else None,
        last=there[-1].date if there else None,
        days=len(there),
        seconds=sum(day.seconds for day in there),
        commits=len({i for one in sessions for i in one.commits}),
        runs=sum(moment.run is not None for one in sessions for moment in one.moments),
        months=_months(there),
        calendars=tuple((year, plots.calendar(there, year)) for year in plots.years(there)),
        week=plots.week(days.hours(there)) if there else None,
        kinds=_kinds(sessions, worked),
        counted=sum(map(len, paths)),
        files=tuple(most_touched[:FILES]),
        pairs=tuple(touched.pairs((p for one in paths for p in one), most_touched, most=PAIRS)),
        tests=tuple(_series(command, runs) for command, runs in list(counted.items())[:COMMANDS]),
        failures=tuple(failures[:FAILURES]),
        more_failures=max(0, len(failures) - FAILURES),
        goals=tuple(open_goals[:GOALS]),
        more_goals=max(0, len(open_goals) - GOALS),
        worked=worked,
    )


def _seconds(told: Told, now: datetime) -> int:
    parts = days.stretches(told, now)
    return int(sum((part.ended - part.began).total_seconds() for part in parts))


def _months(there: Sequence[Day]) -> tuple[Month, ...]:
    """Return the months, the latest first."""
    found = []
    hours = plots.hours_of(there)
    for _, grouped in groupby(there, key=lambda day: (day.date.year, day.date.month)):
        month = list(grouped)
        name = f"{month[0].date:%B %Y}"
        found.append(
            Month(
                name=name,
                seconds=sum(day.seconds for day in month),
                days=len(month),
                sessions=len({shown.told.facts.id for day in month for shown in day.sessions}),
                commits=sum(day.commits for day in month),
                picture=plots.timeline(month, hours, label=f"Timeline of {name}"),
            )
        )
    return tuple(reversed(found))


def _kinds(sessions: Sequence[Told], worked: Mapping[str, int]) -> tuple[Kind, ...]:
    found: dict[str, list[Told]] = {}
    for told in sessions:
        found.setdefault(told.facts.work_type or ("under way" if told.active else "not said"), []).append(
            told
        )
    total = sum(worked.values()) or 1
    kinds = []
    for name, ones in found.items():
        seconds = sum(worked[one.facts.id] for one in ones)
        commits = sum(len(one.commits) or one.facts.commits or 0 for one in ones)
        kinds.append(
            Kind(name=name, sessions=len(ones), commits=commits, seconds=seconds, share=seconds / total)
        )
    return tuple(sorted(kinds, key=lambda kind: -kind.seconds))


def _series(command: str, runs: Sequence[testing.Counted]) -> Series:
    last = runs[-1]
    label = (
        f"Tests of {command} over {len(runs)} runs: at last {last.passed:,} passed and {last.failed:,} failed"
    )
    return Series(
        command=command,
        runs=len(runs),
        passed=last.passed,
        failed=last.failed,
        picture=charts.tests(runs, label=label),
    )


def _goals(sessions: Sequence[Told]) -> list[Goal]:
    listed = goals.among((one.facts, one.journal.goals) for one in sessions)
    return [
        Goal(text=g.text, since=g.since, sessions=g.sessions, dropped=g.dropped, anchor=anchor(g.last))
        for g in listed
    ]
