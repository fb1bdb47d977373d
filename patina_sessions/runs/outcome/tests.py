"""How many tests passed, failed and were skipped, and the names of the failed ones, whichever runner ran them. Pure."""

from __future__ import annotations

from collections.abc import Callable

from patina_sessions.runs.outcome import cargo, go, jest, pytest, unittest, vitest
from patina_sessions.runs.outcome.count import Tests

# The surest signs first. Several runners in one output (a Makefile that runs two) are added up.
RUNNERS: tuple[Callable[[str], Tests | None], ...] = (
    pytest.read,
    cargo.read,
    go.read,
    vitest.read,
    jest.read,
    unittest.read,
)


def read(output: str) -> Tests | None:
    """Return what the runners in this output counted, None where none of them is known."""
    found = [tests for tests in (runner(output) for runner in RUNNERS) if tests is not None]
    if not found:
        return None
    total = found[0]
    for more in found[1:]:
        total = total.plus(more)
    return total


def changes(before: tuple[str, ...] | None, now: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return which tests began to fail and which ceased to; nothing where no earlier run is known."""
    if before is None:
        return (), ()
    old, new = set(before), set(now)
    return tuple(n for n in now if n not in old), tuple(n for n in before if n not in new)
