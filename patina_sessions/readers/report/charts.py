"""The pictures of numbers: bars, and tests over time. Pure; the numbers themselves stand in the page, too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from markupsafe import Markup

from patina_sessions.readers.report import shapes
from patina_sessions.readers.report.testing import Counted

_WIDE, _LEFT, _RIGHT, _TOP = 960, 92, 18, 22


def bar(share: float, kind: str = "") -> Markup:
    """Return a bar that is filled to that share of it; the number stands beside it."""
    filled = max(1.0, 100 * min(1.0, share))
    parts = [
        shapes.box(0, 0, 100, 8, "rest", round_=2),
        shapes.box(0, 0, filled, 8, f"filled {kind}", round_=2),
    ]
    return shapes.drawing(100, 8, parts, label="", kind="bar")


# ---------------------------------------------------------------------------------------------------- tests over time

_POINTS = 240  # of a series that are drawn: more would stand on each other
_HIGH = 190


def tests(series: Sequence[Counted], *, label: str) -> Markup:
    """Return the runs of one command over time: how many tests passed, and below the line how many failed."""
    picked = list(_picked(series))
    most = max((one.passed + one.failed for one in picked), default=0) or 1
    worst = max((one.failed for one in picked), default=0)
    base, deep = _HIGH - 24, 60
    step = (_WIDE - _LEFT - _RIGHT) / max(1, len(picked))
    top = _nice(most)
    drawn: list[Any] = []
    for share in (0, 0.5, 1):
        y = base - share * (base - _TOP)
        drawn += [shapes.path(f"M{_LEFT} {y:.1f}H{_WIDE - _RIGHT}", "grid")]
        drawn += [shapes.words(f"{round(top * share):,}", _LEFT - 10, y + 4, "value")]
    for number, one in enumerate(picked):
        x, wide = _LEFT + number * step, max(1.0, step - (1.5 if step > 5 else 0.2))
        height = (base - _TOP) * one.passed / top
        title = f"{one.at:%d %B %Y, %H:%M}: {one.passed:,} passed, {one.failed:,} failed"
        drawn.append(shapes.box(x, base - height, wide, height, "passed", title=title))
        if one.failed:
            drawn.append(
                shapes.box(x, base + 2, wide, max(3.0, deep * one.failed / worst), "failed", title=title)
            )
    drawn += _dates(picked, step, base + deep + 20)
    if worst:
        drawn.append(shapes.words(f"{worst:,} failed", _LEFT - 10, base + deep, "value bad"))
    return shapes.drawing(_WIDE, base + deep + 28, drawn, label=label, kind="tests")


def _picked(series: Sequence[Counted]) -> Iterator[Counted]:
    """Yield the runs, of many the worst of each stretch: a failure is never left out for want of room."""
    count = len(series)
    for number in range(min(_POINTS, count)):
        first, last = number * count // min(_POINTS, count), (number + 1) * count // min(_POINTS, count)
        yield max(series[first:last], key=lambda one: (one.failed, one.at))


def _dates(picked: Sequence[Counted], step: float, y: float) -> Iterator[Any]:
    every = max(1, len(picked) // 6)
    for number in range(0, len(picked), every):
        x = _LEFT + number * step
        if x < _WIDE - _RIGHT - 50:
            yield shapes.words(f"{picked[number].at:%d %b}", x, y, "hour-left")


def _nice(value: int) -> int:
    """Return the next round number above."""
    size = 1
    while size * 10 <= value:
        size *= 10
    return next(size * factor for factor in (1, 2, 5, 10) if size * factor >= value)
