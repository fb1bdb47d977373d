"""jest's summary: `Tests:  1 failed, 3 passed, 4 total`. Pure."""

from __future__ import annotations

import re

from patina_sessions.runs.outcome.count import Tests, numbers, unique

_SUMMARY = re.compile(r"^Tests:\s+(.*\b\d{1,9} total)\s*$", re.MULTILINE)
_SUITES = re.compile(r"^Test Suites:\s+.*\b\d{1,9} total\s*$", re.MULTILINE)
_NAMED = re.compile(r"^\s+● (.+ › .+)$", re.MULTILINE)
_BROKEN = re.compile(r"^FAIL (\S+).*\n\s+● Test suite failed to run", re.MULTILINE)
_COUNT = r"\b(\d{1,9}) (passed|failed|skipped|todo|pending)\b"


def read(output: str) -> Tests | None:
    """Return what jest counted, None where this is not its output."""
    summaries = list(_SUMMARY.finditer(output))
    if not summaries or not _SUITES.search(output):
        return None
    counts = numbers("\n".join(m[1] for m in summaries), _COUNT)
    broken = [m[1] for m in _BROKEN.finditer(output)]
    return Tests(
        runner="jest",
        passed=counts.get("passed", 0),
        failed=counts.get("failed", 0) + len(set(broken)),
        skipped=sum(counts.get(word, 0) for word in ("skipped", "todo", "pending")),
        names=unique([*(m[1] for m in _NAMED.finditer(output)), *broken]),
    )
