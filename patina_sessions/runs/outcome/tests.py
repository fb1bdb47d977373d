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
