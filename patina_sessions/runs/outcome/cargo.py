"""cargo test: one `test result:` line for each binary. Pure."""

from __future__ import annotations

import re

from patina_sessions.runs.outcome.count import Tests, unique

_RESULT = re.compile(
    r"^test result: (?:ok|FAILED)\. (\d{1,9}) passed; (\d{1,9}) failed; (\d{1,9}) ignored;", re.MULTILINE
)
_NAMED = re.compile(r"^test (.+?)(?: - should panic)? \.\.\. FAILED\s*$", re.MULTILINE)


def read(output: str) -> Tests | None:
    """Return what cargo's test binaries counted, None where this is not their output."""
    results = [tuple(map(int, m.groups())) for m in _RESULT.finditer(output)]
    if not results:
        return None
    passed, failed, skipped = (sum(column) for column in zip(*results, strict=True))
    names = unique([m[1] for m in _NAMED.finditer(output)])
    return Tests(runner="cargo test", passed=passed, failed=failed, skipped=skipped, names=names)
