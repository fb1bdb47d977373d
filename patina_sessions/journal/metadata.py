"""The last line of an archived journal: what readers need and its text cannot hold, as an invisible comment. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_OPEN, _CLOSE = "<!-- patina: ", " -->"


def comment(meta: Mapping[str, Any]) -> str:
    """Return the facts as one line of ASCII, the same for the same facts.

    Nothing in them can end the comment: `--` can only stand in a string, where JSON has another spelling for it.
    """
    text = json.dumps(meta, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return _OPEN + text.replace("--", "\\u002d\\u002d") + _CLOSE


def span(data: bytes) -> tuple[int, int] | None:
    """Return from where to where the comment stands, if it is the last line that says anything, or None."""
    end = len(data.rstrip())
    start = data.rfind(b"\n", 0, end) + 1
    if data.startswith(_OPEN.encode(), start) and data.endswith(_CLOSE.encode(), start, end):
        return start, end
    return None


def read(data: bytes) -> dict[str, Any] | None:
    """Return the facts in the last line of a journal; None where it has no such line, or a broken one."""
    where = span(data)
    if where is None:
        return None
    text = data[where[0] + len(_OPEN) : where[1] - len(_CLOSE)]
    try:
        found = json.loads(text.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
