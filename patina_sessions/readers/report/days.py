"""Days and hours worked, from the moments of sessions. Pure.

A session may be left open over lunch or over night. Worked is what lies between two moments that are at most `IDLE`
apart; what two sessions share counts once. A day is a day of the zone in which the journal was written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from patina_sessions.frozen import dataclass
from patina_sessions.readers.report.moments import Moment, times
from patina_sessions.readers.report.told import Told

IDLE = timedelta(hours=1)
_LEAST = timedelta(minutes=1)  # the clock of an entry: a moment alone was a minute of work


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of a session in which work went on without a longer pause, on one day."""

    began: datetime  # both without a zone: as a clock on the wall showed it
    ended: datetime

    @property
    def day(self) -> date:
        """The day on which it lies."""
        return self.began.date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What of a session lies on one day: its stretches of work, and the moments in it."""

    told: Told
    stretches: tuple[Stretch, ...]
    moments: tuple[Moment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day on which somebody worked; `seconds` is what all its sessions together cover."""

    date: date
    seconds: int
    sessions: tuple[Shown, ...]

    @property
    def commits(self) -> int:
        """How many commits were made on it."""
        return sum(one.kind == "commit" for shown in self.sessions for one in shown.moments)


def stretches(told: Told, now: datetime) -> tuple[Stretch, ...]:
    """Return the parts of a session in which work went on, cut at midnight; `now` ends one that still runs."""
    began, ended = told.began, told.facts.ended
    end = (now if told.active else ended or began) or began
    if began is None or end is None:
        return ()
    zone = told.facts.zone
    points = [began, *times(told.moments), max(began, end.astimezone(zone))]
    walls = sorted(point.astimezone(zone).replace(tzinfo=None) for point in points)
    return tuple(_cut(_joined(walls)))


def _joined(walls: Sequence[datetime]) -> Iterator[tuple[datetime, datetime]]:
    groups = [[walls[0]]]
    for before, after in pairwise(walls):
        if after - before > IDLE:
            groups.append([])
        groups[-1].append(after)
    if len(groups) > 1 and len(groups[-1]) == 1:
        groups.pop()  # only the end stands there: nobody worked up to it
    for group in groups:
        yield group[0], max(group[-1], group[0] + _LEAST)


def _cut(spans: Iterable[tuple[datetime, datetime]]) -> Iterator[Stretch]:
    for began, ended in spans:
        at = began
        while at.date() < ended.date():
            midnight = datetime.combine(at.date() + timedelta(days=1), time())
            yield Stretch(began=at, ended=midnight)
            at = midnight
        if ended > at:
            yield Stretch(began=at, ended=ended)


def days(sessions: Iterable[Told], now: datetime) -> list[Day]:
    """Return the days on which somebody worked, in order."""
    found: dict[date, list[Shown]] = {}
    for told in sessions:
        by_day: dict[date, list[Stretch]] = {}
        for stretch in stretches(told, now):
            by_day.setdefault(stretch.day, []).append(stretch)
        for day, there in by_day.items():
            marks = tuple(one for one in told.moments if one.at is not None and one.at.date() == day)
            found.setdefault(day, []).append(Shown(told=told, stretches=tuple(there), moments=marks))
    return [
        Day(date=day, seconds=_covered(shown), sessions=tuple(shown)) for day, shown in sorted(found.items())
    ]


def _covered(shown: Iterable[Shown]) -> int:
    """Return how many seconds the stretches cover, each second once."""
    spans = sorted((s.began, s.ended) for one in shown for s in one.stretches)
    total, until = timedelta(), spans[0][0]
    for began, ended in spans:
        total += max(timedelta(), ended - max(began, until))
        until = max(until, ended)
    return int(total.total_seconds())


def hours(given: Iterable[Day]) -> dict[tuple[int, int], float]:
    """Return the hours worked by weekday (Monday is 0) and hour of the day; two sessions at once count twice."""
    found: dict[tuple[int, int], float] = {}
    for day in given:
        for stretch in (s for shown in day.sessions for s in shown.stretches):
            at = stretch.began
            while at < stretch.ended:
                following = (at + timedelta(hours=1)).replace(minute=0, second=0)
                until = min(stretch.ended, following)
                key = (at.weekday(), at.hour)
                found[key] = found.get(key, 0.0) + (until - at).total_seconds() / 3600
                at = until
    return found
