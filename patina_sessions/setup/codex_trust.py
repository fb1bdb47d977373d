"""Which hooks Codex runs: those that a person trusted in `/hooks`; all others it skips without a word. Pure.

Trust stands in `config.toml` as `[hooks.state."<file>:<event>:<entry>:<hook>"]` with a `trusted_hash`, SHA-256 over the
hook's own words in sorted, dense JSON (taken from Codex 0.169.0, which tells both by its app server's `hooks/list`; a
test compares ours with what it says).
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from patina_sessions.setup import agent_hooks

Trust = Literal["trusted", "untrusted", "changed", "off"]
_CLAMPED = ("SessionEnd", "Interrupt")  # whose seconds Codex cuts to 3


def parsed(text: bytes) -> dict[str, Any] | None:
    """Return Codex's own settings, None where they do not parse: then Codex does not start."""
    try:
        return tomllib.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None


def keys(file: str, hooks: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield of each hook of ours in a file its event, and the key and the hash that Codex knows it by."""
    for event, entries in _table(hooks.get("hooks")).items():
        for at, entry in enumerate(entries if isinstance(entries, list) else ()):
            inner = _table(entry).get("hooks")
            for number, hook in enumerate(inner if isinstance(inner, list) else ()):
                if agent_hooks.is_ours(hook):
                    named = re.sub(r"(?<!^)(?=[A-Z])", "_", event).lower()
                    yield event, f"{file}:{named}:{at}:{number}", _hash(event, named, entry, hook)


def _hash(event: str, named: str, entry: Mapping[str, Any], hook: Mapping[str, Any]) -> str:
    seconds = hook.get("timeout", 600)
    if event in _CLAMPED and isinstance(seconds, int):
        seconds = min(seconds, 3)
    normal = {"type": "command", "command": hook["command"], "timeout": seconds, "async": False}
    whole: dict[str, Any] = {"event_name": named, "hooks": [normal]}
    if entry.get("matcher") is not None:
        whole["matcher"] = entry["matcher"]
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def states(
    config: Mapping[str, Any], files: Iterable[str], hooks: Mapping[str, Any]
) -> Iterator[tuple[str, Trust]]:
    """Yield each event of our hooks, and whether Codex runs it. `files` are the names that the file may go by."""
    known = _table(_table(config.get("hooks")).get("state"))
    of = [list(keys(file, hooks)) for file in files]
    for same in zip(*of, strict=True):
        found = next((_table(known[key]) for _, key, _ in same if key in known), None)
        event, _, digest = same[0]
        if found is None or "trusted_hash" not in found:
            yield event, "untrusted"
        elif found["trusted_hash"] != digest:
            yield event, "changed"
        else:
            yield event, "off" if found.get("enabled") is False else "trusted"


def allowed(config: Mapping[str, Any], top: str) -> bool:
    """Tell whether Codex reads the hooks of a project: only where its folder is trusted."""
    return _table(_table(config.get("projects")).get(top)).get("trust_level") == "trusted"


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
