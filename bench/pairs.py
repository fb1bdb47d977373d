"""Two things measured in turn, A B A B …, and what their ratio is likely to be.

A machine that others use is slow for seconds at a time. Both halves of a pair meet the same moment, so the ratio of a
pair is worth more than the ratio of two averages; and a median of ratios lets a few bad pairs be bad.
"""

from __future__ import annotations

import math
import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Measure = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A claim about a cost: the median of B / A stays at or below the bar."""

    name: str
    a: str  # what A is, in a few words
    b: str
    bar: float
    prepare: Callable[[Path], tuple[Measure, Measure]]  # given an empty folder that is removed afterwards
    rounds: int = 25
    counts: str = "seconds"  # or what else A and B are numbers of


@dataclass(frozen=True, slots=True)
class Ratio:
    """The measurements of some pairs."""

    a: tuple[float, ...]
    b: tuple[float, ...]

    @property
    def each(self) -> list[float]:
        """Return B / A of each pair, in order of size."""
        return sorted(b / a for a, b in zip(self.a, self.b, strict=True))

    @property
    def median(self) -> float:
        """Return the middle of the ratios."""
        return statistics.median(self.each)

    @property
    def added(self) -> float:
        """Return the middle of the differences B - A."""
        return statistics.median(b - a for a, b in zip(self.a, self.b, strict=True))

    @property
    def interval(self) -> tuple[float, float]:
        """Return bounds that hold the true median at least 19 times in 20, whatever the distribution.

        Fewer than six pairs cannot promise that much; their bounds are the least and the greatest.
        """
        ratios = self.each
        ends = _left_out(len(ratios))
        return ratios[ends], ratios[-1 - ends]


def _left_out(count: int) -> int:
    """Return how many may be left out at either end: as many as the sign test gives one chance in forty."""
    tail = 0.0
    for rank in range(count):
        tail += math.comb(count, rank) / 2**count
        if tail > 1 / 40:
            return max(rank - 1, 0)
    raise ValueError("no pairs")


def compare(a: Measure, b: Measure, *, rounds: int, warm: int = 1) -> Ratio:
    """Measure A and B in turn, after rounds that do not count, and return what was found."""
    for _ in range(warm):
        a()
        b()
    pairs = [(a(), b()) for _ in range(rounds)]
    return Ratio(tuple(x for x, _ in pairs), tuple(y for _, y in pairs))


def wall(work: Callable[[], object]) -> Measure:
    """Turn a piece of work into a measure of the seconds that somebody waits for it."""

    def measure() -> float:
        start = time.perf_counter()
        work()
        return time.perf_counter() - start

    return measure


def cpu(argv: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Measure:
    """Return a measure of the CPU seconds that a program takes, with the children that it waits for.

    Others on the machine hardly move it. What the program leaves running is not in it. A program that fails is no
    measurement: `CalledProcessError`.
    """

    def measure() -> float:
        child = subprocess.Popen(
            argv,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise subprocess.CalledProcessError(child.returncode, argv)
        return usage.ru_utime + usage.ru_stime

    return measure
