"""unittest's `Ran 3 tests` and what follows it. Pure."""

from __future__ import annotations

import re

from patina_sessions.runs.outcome.count import Tests, unique

_RUN = re.compile(
    r"^Ran (\d{1,9}) tests? in [\d.]+s\s*\n\s*\n(OK|FAILED|NO TESTS RAN)(?: \(([^)\n]*)\))?\s*$",
    re.MULTILINE,
)
_NAMED = re.compile(r"^(?:FAIL|ERROR): (\S+)(?: \(([^)\n]*)\))?", re.MULTILINE)


def read(output: str) -> Tests | None:
    """Return what unittest counted, None where this is not its output."""
    runs = list(_RUN.finditer(output))
    if not runs:
        return None
    total = failed = skipped = 0
    for run in runs:
        said = dict(re.findall(r"([a-z ]+)=(\d+)", run[3] or ""))
        counts = {word.strip(): int(count) for word, count in said.items()}
        total += int(run[1])
        failed += sum(counts.get(w, 0) for w in ("failures", "errors", "unexpected successes"))
        skipped += counts.get("skipped", 0) + counts.get("expected failures", 0)
    names = unique([_name(m[1], m[2]) for m in _NAMED.finditer(output)]) if failed else ()
    # An error in setUpClass counts as an error and not as a test, so the sum may exceed the total.
    return Tests(
        runner="unittest",
        passed=max(0, total - failed - skipped),
        failed=failed,
        skipped=skipped,
        names=names,
    )


def _name(test: str, place: str | None) -> str:
    if not place:
        return test
    # Up to Python 3.10 the class alone; later the whole name of the test.
    return place if place == test or place.endswith(f".{test}") else f"{place}.{test}"
