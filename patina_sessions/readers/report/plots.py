"""The pictures of days: the timeline, the calendar, the hours of the week. Pure.

Each says in words what it shows; the numbers behind it stand in the page as text or as a table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from markupsafe import Markup

from patina_sessions.frozen import dataclass
from patina_sessions.readers.columns import length
from patina_sessions.readers.report import shapes
from patina_sessions.readers.report.days import Day, Shown
from patina_sessions.readers.report.moments import Moment

_LEFT, _RIGHT, _TOP = 92, 18, 22
_WIDE = 960
_LANE = 26
_DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

# What a mark of each kind looks like, around the point (x, y): its class, and its shape by steps from there.
_MARKS: tuple[tuple[str, str], ...] = (
    ("turn", "m0-5v10"),
    ("note", "m-3.5-3h7v6h-7z"),
    ("commit", "m-3.6 0a3.6 3.6 0 1 0 7.2 0a3.6 3.6 0 1 0-7.2 0z"),
    ("run-good", "m-4 3.6l4-7.2l4 7.2z"),
    ("run-bad", "m-4-3.6h8l-4 7.2z"),
    ("yolo", "m0-5.4l5.4 5.4l-5.4 5.4l-5.4-5.4z"),
)


def mark(moment: Moment) -> str | None:
    """Return the class of the mark that a moment has on the timeline; None for one that has none."""
    if moment.kind == "run" and moment.run is not None:
        return "run-good" if moment.run.outcome == "passed" else "run-bad"
    return moment.kind if moment.kind in ("turn", "note", "commit", "yolo") else None


def legend() -> list[tuple[str, Markup]]:
    """Return the kinds of marks in words, each with its picture."""
    names = {
        "commit": "Commit",
        "run-good": "Run that passed",
        "run-bad": "Run that failed",
        "yolo": "YOLO run",
        "note": "Note",
        "turn": "An agent’s turn",
    }
    steps = dict(_MARKS)
    return [
        (
            words,
            shapes.drawing(14, 14, [shapes.path(f"M7 7{steps[kind]}", f"mark {kind}")], label="", kind="key"),
        )
        for kind, words in names.items()
    ]


# ------------------------------------------------------------------------------------------------------- the timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """The hours of the day that a timeline shows, from the beginning of the first to the end of the last."""

    first: int
    last: int

    def x(self, at: time) -> float:
        """Return where a time of the day is."""
        hours = at.hour + at.minute / 60 + at.second / 3600 - self.first
        return _LEFT + hours * (_WIDE - _LEFT - _RIGHT) / (self.last - self.first)

    def end(self, at: datetime, day: date) -> float:
        """Return where something of that day ends: at its end where it goes on."""
        return self.x(at.time()) if at.date() == day else _WIDE - _RIGHT


def hours_of(days: Iterable[Day]) -> Hours:
    """Return the hours in which anybody worked, at least ten of them."""
    spans = [s for day in days for shown in day.sessions for s in shown.stretches]
    first = min((s.began.hour for s in spans), default=8)
    last = max((24 if s.ended.date() > s.day else min(24, s.ended.hour + 1) for s in spans), default=18)
    first = max(0, min(first, last - 10))
    return Hours(first=first, last=max(last, first + 10))


def timeline(days: Sequence[Day], hours: Hours, *, label: str) -> Markup:
    """Return days as rows, the latest first, and on each its sessions over the hours, with what happened in them."""
    rows: list[Any] = []
    y = _TOP
    for day in reversed(days):
        lanes = _lanes(day.sessions)
        rows.append(
            shapes.words(f"{_DAY_NAMES[day.date.weekday()]} {day.date:%d %b}", _LEFT - 14, y + 17, "day")
        )
        for number, lane in enumerate(lanes):
            rows += [_session(shown, y + number * _LANE, hours) for shown in lane]
        y += len(lanes) * _LANE
        rows.append(shapes.path(f"M0 {y}H{_WIDE}", "rule"))
    every = [
        (h, hours.x(time(h % 24)) if h < 24 else _WIDE - _RIGHT)
        for h in range(hours.first, hours.last + 1, 2)
    ]
    grid = [shapes.path(f"M{x:.1f} {_TOP - 4}V{y}", "grid") for _, x in every]
    named = [shapes.words(f"{h:02}:00", x, 12, "hour") for h, x in every]
    return shapes.plan(_WIDE, y + 2, [*grid, *named, *rows], label=label, kind="timeline")


def _lanes(given: Sequence[Shown]) -> list[list[Shown]]:
    """Return the sessions of a day in as few rows as keep them apart."""
    lanes: list[list[Shown]] = []
    for shown in sorted(given, key=lambda one: one.stretches[0].began):
        free = next(
            (lane for lane in lanes if lane[-1].stretches[-1].ended <= shown.stretches[0].began), None
        )
        if free is None:
            lanes.append([shown])
        else:
            free.append(shown)
    return lanes


def _session(shown: Shown, y: float, hours: Hours) -> Any:
    middle = y + _LANE / 2
    first, last = shown.stretches[0], shown.stretches[-1]
    start, stop = hours.x(first.began.time()), hours.end(last.ended, last.day)
    parts = [shapes.path(f"M{start:.1f} {middle:g}H{stop:.1f}", "span")]
    for stretch in shown.stretches:
        x = hours.x(stretch.began.time())
        parts.append(
            shapes.box(
                x, y + 4, max(3.0, hours.end(stretch.ended, stretch.day) - x), _LANE - 8, "work", round_=4
            )
        )
    for kind, steps in _MARKS:
        at = [one.at for one in shown.moments if one.at is not None and mark(one) == kind]
        if at:
            drawn = "".join(f"M{hours.x(t.time()):.1f} {middle:g}{steps}" for t in dict.fromkeys(at))
            parts.append(shapes.path(drawn, f"mark {kind}"))
    return shapes.link(shown.told.anchor, parts, title=_said(shown))


def _said(shown: Shown) -> str:
    """Return a session's part of a day in words."""
    counts: dict[str, int] = {}
    for moment in shown.moments:
        kind = mark(moment)
        if kind is not None:
            counts[kind] = counts.get(kind, 0) + 1
    names = (
        ("commit", "commit"),
        ("run-good", "run that passed"),
        ("run-bad", "run that failed"),
        ("yolo", "YOLO run"),
        ("note", "note"),
        ("turn", "turn"),
    )
    told = [f"{counts[kind]} {plural(counts[kind], word)}" for kind, word in names if kind in counts]
    began, ended = shown.stretches[0].began, shown.stretches[-1].ended
    return f"{shown.told.facts.title}, {began:%d %B, %H:%M} to {ended:%H:%M}" + "".join(
        f", {one}" for one in told
    )


def plural(count: int, words: str) -> str:
    """Return the words for so many: `run that passed`, `runs that passed`."""
    noun, blank, rest = words.partition(" that ")
    return words if count == 1 else f"{noun}s{blank}{rest}"


# ------------------------------------------------------------------------------------------------- calendar and hours


def calendar(days: Sequence[Day], year: int) -> Markup:
    """Return the days of a year as a field of squares, a column a week, the darker the more hours were worked."""
    size, gap = 13, 3
    first = date(year, 1, 1)
    offset = first.weekday()
    worked = {day.date: day for day in days if day.date.year == year}
    drawn: list[Any] = []
    for number in range((date(year + 1, 1, 1) - first).days):
        day = first + timedelta(days=number)
        column, row = divmod(number + offset, 7)
        x, y = 34 + column * (size + gap), 20 + row * (size + gap)
        drawn.append(
            shapes.box(
                x, y, size, size, f"day h{_level(worked.get(day))}", title=_day(worked.get(day)), round_=2
            )
        )
        if day.day == 1:
            drawn.append(shapes.words(f"{day:%b}", x, 12, "month"))
    drawn += [shapes.words(_DAY_NAMES[row], 28, 20 + row * (size + gap) + 10, "weekday") for row in (0, 2, 4)]
    hours = sum(day.seconds for day in worked.values()) / 3600
    label = f"{year}: worked on {len(worked)} days, {hours:.0f} hours in all"
    return shapes.drawing(34 + 54 * (size + gap), 20 + 7 * (size + gap), drawn, label=label, kind="calendar")


def _level(day: Day | None) -> int:
    """Return 0 for a day without work, to 4 for one of more than six hours."""
    if day is None or not day.seconds:
        return 0
    return 1 + sum(day.seconds > bound * 3600 for bound in (1, 3, 6))


def _day(day: Day | None) -> str:
    return f"{day.date:%d %B %Y}: {length(day.seconds)}, {day.commits} commits" if day else ""


def week(hours: Mapping[tuple[int, int], float]) -> Markup:
    """Return weekdays as rows and hours of the day as columns, the darker the more was worked then."""
    width, height, gap = 26, 18, 3
    most = max(hours.values(), default=0.0) or 1.0
    drawn: list[Any] = []
    for row, name in enumerate(_DAY_NAMES):
        y = 20 + row * (height + gap)
        drawn.append(shapes.words(name, 34, y + 13, "weekday"))
        for hour in range(24):
            there = hours.get((row, hour), 0.0)
            level = 0 if not there else 1 + min(3, int(4 * there / most))
            title = f"{name} {hour:02}:00: {there:.1f} hours" if there else ""
            drawn.append(
                shapes.box(
                    40 + hour * (width + gap), y, width, height, f"day h{level}", title=title, round_=2
                )
            )
    drawn += [shapes.words(f"{h:02}", 40 + h * (width + gap), 12, "month") for h in range(0, 24, 3)]
    label = "Hours of the week in which work was done"
    return shapes.drawing(40 + 24 * (width + gap), 20 + 7 * (height + gap), drawn, label=label, kind="week")


def years(days: Iterable[Day]) -> list[int]:
    """Return the years in which somebody worked, the latest first."""
    return sorted({day.date.year for day in days}, reverse=True)
