"""vitest's summary: `Tests  1 failed | 3 passed (4)`. Pure."""

from __future__ import annotations

import re

from patina_sessions.runs.outcome.count import Tests, numbers, unique

_SUMMARY = re.compile(r"^\s+Tests {2,}(\d.*\(\d{1,9}\)|no tests)\s*$", re.MULTILINE)
_FILES = re.compile(r"^\s+Test Files {2,}\d.*\(\d{1,9}\)\s*$", re.MULTILINE)
_NAMED = re.compile(r"^\s*FAIL {2}(\S.*)$", re.MULTILINE)
_COUNT = r"\b(\d{1,9}) (passed|failed|skipped|todo)\b"


def read(output: str) -> Tests | None:
    """Return what vitest counted, None where this is not its output."""
    summaries = list(_SUMMARY.finditer(output))
    files = list(_FILES.finditer(output))
    if not summaries or not files:
        return None
    counts = numbers("\n".join(m[1] for m in summaries), _COUNT)
    named = [re.sub(r" \[ .* \]$", "", m[1].strip()) for m in _NAMED.finditer(output)]
    tests = [name for name in named if " > " in name]
    broken = [name for name in named if " > " not in name]  # files that could not be loaded
    return Tests(
        runner="vitest",
        passed=counts.get("passed", 0),
        failed=counts.get("failed", 0) + len(set(broken)),
        skipped=counts.get("skipped", 0) + counts.get("todo", 0),
        names=unique([*tests, *broken]),
    )
