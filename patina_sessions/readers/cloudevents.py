"""A record of the log as a CloudEvent 1.0 in JSON that every reader takes, whatever a bad disk wrote. Pure.

The rules are the specification's (cloudevents/spec v1.0.2: "Context Attributes", "Type System", JSON format):
attributes have names of small letters and digits, and are text without control characters, booleans or 32-bit integers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

_NAME = re.compile(r"[a-z0-9]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LONE = re.compile(r"[\ud800-\udfff]")
_NEEDED = ("id", "source", "type")
_TEXTS = (*_NEEDED, "subject", "dataschema")


def valid(record: Mapping[str, Any], time: datetime) -> dict[str, Any] | None:
    """Return the record as a CloudEvent; None where it lacks what makes one. What is not allowed is left out."""
    found: dict[str, Any] = {"datacontenttype": "application/json"}
    for name, value in record.items():
        if name not in ("data", "datacontenttype") and _NAME.fullmatch(name):
            kept = _attribute(value)
            if isinstance(kept, str) or (kept is not None and name not in _TEXTS):
                found[name] = kept
    if not all(isinstance(found.get(name), str) for name in _NEEDED):
        return None
    source = quote(found["source"], safe="/:@!$&'()*+,;=~")
    return {
        **found,
        "specversion": "1.0",
        "source": source,
        "time": _moment(time),
        "data": plain(record.get("data")),
    }


def plain(value: Any) -> Any:
    """Return a value with what JSON has words for: no infinity (a reader makes it of 1e999), no half of a character."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return _whole(value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {_whole(name): plain(item) for name, item in value.items()}
    return value


def _attribute(value: Any) -> str | int | None:
    if isinstance(value, str):
        return _CONTROL.sub("\ufffd", _whole(value)) or None
    if isinstance(value, int) and -(2**31) <= value < 2**31:
        return value
    return None


def _whole(text: str) -> str:
    """Return a text in which bytes that were none are written out, as in a file's name, and halves are marked."""
    return _LONE.sub(
        lambda m: f"\\x{ord(m[0]) - 0xDC00:02x}" if "\udc80" <= m[0] <= "\udcff" else "\ufffd", text
    )


def _moment(time: datetime) -> str:
    """Return a moment as RFC 3339 has it, whose offsets are whole minutes."""
    offset = time.utcoffset()
    if offset is None:
        time = time.replace(tzinfo=UTC)
    elif offset.total_seconds() % 60:
        time = time.astimezone(UTC)
    return time.isoformat()
