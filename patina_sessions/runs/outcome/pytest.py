"""pytest's closing line, and the names that it failed. Pure."""

from __future__ import annotations

import re

from patina_sessions.runs.outcome.count import Tests, numbers, unique

_COUNT = r"\b(\d{1,9}) (passed|failed|errors?|skipped|xfailed|xpassed|deselected|rerun)\b"
# `===== 1 failed, 2 passed in 0.12s (0:01:00) =====`, and with -q the same without its rule.
_CLOSING = re.compile(
    r"^(?:=+ )?((?:\d{1,9} [a-z]+(?:, )?)+|no tests ran) in [\d.]+s(?: \([\d:,a-z ]+\))?(?: =+)?\s*$",
    re.MULTILINE,
)
_NAMED = re.compile(r"^(?:FAILED|ERROR) (.+)$", re.MULTILINE)
_HEAD = re.compile(r"^_{3,} (?:ERROR (?:at \w+ of|collecting) )?(\S.*?) _{3,}$", re.MULTILINE)


def read(output: str) -> Tests | None:
    """Return what pytest counted, None where this is not its output."""
    closing = list(_CLOSING.finditer(output))
    if not closing:
        return None
    counts: dict[str, int] = {}
    for line in closing:
        for word, count in numbers(line[1], _COUNT).items():
            counts[word] = counts.get(word, 0) + count
    names = [_name(m[1]) for m in _NAMED.finditer(output)] or [m[1] for m in _HEAD.finditer(output)]
    failed = sum(counts.get(word, 0) for word in ("failed", "error", "errors"))
    return Tests(
        runner="pytest",
        passed=counts.get("passed", 0) + counts.get("xpassed", 0),
        failed=failed,
        skipped=counts.get("skipped", 0) + counts.get("xfailed", 0),
        names=unique(names) if failed else (),
    )


def _name(rest: str) -> str:
    """Return the test's name without the reason after it: ` - ` may stand in a parameter, too."""
    bracket = rest.find("[")
    reason = rest.find(" - ")
    if 0 <= bracket < reason:
        end = rest.find("] - ", bracket)
        if end >= 0:
            return rest[: end + 1]
        return rest if rest.rstrip().endswith("]") else rest[:reason]
    return rest if reason < 0 else rest[:reason]
