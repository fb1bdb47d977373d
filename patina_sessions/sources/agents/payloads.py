"""The JSON that agents write, a hook's payload or a line of a transcript, read so that all of it is text. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

# JSON can spell half a character, and a client that cuts a text by its length writes one (ECMA-262, well-formed
# JSON.stringify); no encoding takes it. The bytes that `surrogateescape` stands for are left: names of files have them.
_ESCAPED = re.compile(rb"\\u[dD][89a-fA-F]")
_HALVES = re.compile("[\ud800-\udc7f\udd00-\udfff]")


def read(raw: bytes) -> Mapping[str, Any] | None:
    """Return the object that stands there, half characters replaced; None where there is none."""
    try:
        found = json.loads(raw.decode("utf-8", "surrogateescape"))
        if not isinstance(found, dict):
            return None
        whole: dict[str, Any] = _whole(found) if _ESCAPED.search(raw) else found
    except (ValueError, RecursionError):
        return None
    return whole


def _whole(value: Any) -> Any:
    match value:
        case str():
            return _HALVES.sub("\ufffd", value)
        case list():
            return [_whole(item) for item in value]
        case dict():
            return {_HALVES.sub("\ufffd", name): _whole(item) for name, item in value.items()}
    return value
