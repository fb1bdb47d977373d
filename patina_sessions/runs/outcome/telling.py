"""The lines of a failed run's output that say why: those that look like errors, with what stands around them. Pure."""

from __future__ import annotations

import re

LINES = 30
CHARACTERS = 3000
WIDTH = 240
_SEEN = 600  # lines from the end are looked at

_STRONG = re.compile(
    r"^E  +\S|^FAILED |^ERROR |\bassert\w*\b.*(failed|==)|panicked at|^error(\[E\d+\])?:|^\S+: error:|: fatal error:"
    r"|^\s*--- FAIL|^FAIL\b|Traceback \(most recent|^\w*(Error|Exception)\b.*:|not ok \d|\bnpm ERR!|^\s+● "
    r"|^\s+File .*, line \d"
    r"|command not found|: not found$|[Nn]o such file or directory|[Pp]ermission denied|Segmentation fault"
    r"|^make.*\*\*\*|BUILD FAILED|BUILD FAILURE|AssertionError|undefined reference|^\s+at .*:\d+:\d+\)?$|^SyntaxError",
)
_WEAK = re.compile(
    r"\b(error|failed|failure|fatal|cannot|could not|unable to|exception|denied|killed)\b", re.IGNORECASE
)
_EMPTY = re.compile(r"^[\s=_\-*.~#]*$")


def telling(output: str) -> str:
    """Return at most `LINES` lines of the end of a failed run's output, in their order; a gap shows as `…`."""
    lines = [line.rstrip()[:WIDTH] for line in output.splitlines()[-_SEEN:]]
    lines = [line for line in lines if not _EMPTY.match(line)]
    chosen = _chosen(lines)
    said: list[str] = []
    size = 0
    previous: int | None = None
    for at in sorted(chosen, reverse=True):  # the end tells most: it is kept where not all fits
        size += len(lines[at]) + 1
        if size > CHARACTERS:
            break
        if previous is not None and at != previous - 1:
            said.append("…")
        said.append(lines[at])
        previous = at
    return "\n".join(reversed(said))


def _chosen(lines: list[str]) -> set[int]:
    last = range(max(0, len(lines) - 3), len(lines))
    chosen = set(last)
    for pattern, around in ((_STRONG, 1), (_WEAK, 0)):
        for at in reversed(range(len(lines))):
            if len(chosen) >= LINES:
                return chosen
            if pattern.search(lines[at]):
                chosen |= set(range(max(0, at - around), at + 1))
    if len(chosen) <= 3:  # nothing looks like an error: the end, then
        chosen |= set(range(max(0, len(lines) - 12), len(lines)))
    return set(sorted(chosen, reverse=True)[:LINES])
