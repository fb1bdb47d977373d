"""What a test runner counted. Pure."""

from __future__ import annotations

import re

from patina_sessions.frozen import dataclass

NAMES = 200  # of failed tests are kept in the event; the count is always whole
NAME_LENGTH = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Tests:
    """Numbers and the names of what failed. `passed` is None where the runner does not say."""

    runner: str
    passed: int | None
    failed: int
    skipped: int = 0
    names: tuple[str, ...] = ()

    def plus(self, other: Tests) -> Tests:
        """Return both taken together."""
        counts = [n for n in (self.passed, other.passed) if n is not None]
        return Tests(
            runner=f"{self.runner}, {other.runner}",
            passed=sum(counts) if counts else None,
            failed=self.failed + other.failed,
            skipped=self.skipped + other.skipped,
            names=unique((*self.names, *other.names)),
        )


def unique(names: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """Return the names once each, in their order, none of them endless."""
    kept = dict.fromkeys(name.strip()[:NAME_LENGTH] for name in names if name.strip())
    return tuple(kept)[:NAMES]


def numbers(text: str, pattern: str) -> dict[str, int]:
    """Return the sums of numbers by the word that the pattern's second group finds after them."""
    found: dict[str, int] = {}
    for count, word in re.findall(pattern, text):
        found[word] = found.get(word, 0) + int(count)
    return found


def changes(before: tuple[str, ...] | None, now: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return which tests began to fail and which ceased to; nothing where no earlier run is known."""
    if before is None:
        return (), ()
    old, new = set(before), set(now)
    return tuple(n for n in now if n not in old), tuple(n for n in before if n not in new)
