"""What stands in an agent's settings: our hooks beside those of others. Pure.

All clients but OpenCode keep hooks as `{"hooks": {"<event>": [{"hooks": [{"type": "command", …}]}]}}`. We append to
those lists and take out of them what is ours, known by the script that it calls; a file that does not parse, or says
a name twice, is not ours to write.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any

SCRIPT = "/patina/agent.sh"
# The words never change, whatever Patina's version, venv or interpreter: Codex trusts a hook by their hash. Codex runs
# them by the shell of the person's account, which may be fish, Gemini CLI by bash, Claude Code by /bin/sh: under that
# the script is read in place, so that no second shell is waited for.
_SOURCED = (
    'f="${{XDG_DATA_HOME:-$HOME/.local/share}}/patina/agent.sh"; '
    '[ ! -r "$f" ] || {{ set -- {agent} {kind}; . "$f"; }}'
)

# event -> what agent.sh is told. Nothing before a tool: that costs every call, and could block one.
EVENTS: Mapping[str, Mapping[str, str]] = {
    "claude": {
        "SessionStart": "start",
        "UserPromptSubmit": "prompt",
        "PostToolUse": "tool",
        "PostToolUseFailure": "tool",
        "Stop": "turn",
        "StopFailure": "turn",
        "PostCompact": "tool",
        "SessionEnd": "end",
    },
    "codex": {
        "SessionStart": "start",
        "UserPromptSubmit": "prompt",
        "PostToolUse": "tool",
        "Stop": "turn",
        "PostCompact": "tool",
        "Interrupt": "end",
        "SessionEnd": "end",
    },
    "gemini": {
        "SessionStart": "start",
        "BeforeAgent": "prompt",
        "AfterTool": "tool",
        "AfterAgent": "turn",
        "PreCompress": "tool",
        "SessionEnd": "end",
    },
}
_SECONDS = {
    "claude": 10,
    "codex": 3,
    "gemini": 10_000,
}  # Gemini counts in milliseconds; Codex ends what is longer


def command(agent: str, kind: str) -> str:
    """Return the command of a hook: silent and harmless where Patina is not, or no longer, on the machine."""
    words = _SOURCED.format(agent=agent, kind=kind)
    return words if agent == "claude" else f"exec sh -c '{words}'"


def line(own: str) -> str:
    """Return the command of a status line: first the person's own, which runs whether Patina is there or not."""
    first = f'w={shlex.quote(own)}; (eval "$w"); ' if own else ""
    return first + _SOURCED.format(agent="claude", kind="line")


def own_line(said: Any) -> str | None:
    """Return the person's own command in a status line of ours, None for one that is not ours."""
    if not isinstance(said, str) or SCRIPT not in said or " line; " not in said:
        return None
    if not said.startswith("w="):
        return ""
    try:
        word = shlex.split(said[2:])[0]
    except ValueError:
        return None
    return word.removesuffix(";") if line(word.removesuffix(";")) == said else None


def hooks(agent: str) -> dict[str, list[dict[str, Any]]]:
    """Return an agent's hooks as its settings have them."""
    return {
        event: [{"hooks": [{"type": "command", "command": command(agent, kind), "timeout": _SECONDS[agent]}]}]
        for event, kind in EVENTS[agent].items()
    }


def parsed(text: bytes) -> dict[str, Any] | None:
    """Return settings as an object; None for what does not parse, is none, or says a name twice."""
    try:
        found = json.loads(text.decode("utf-8-sig") or "{}", object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands there twice")
    return found


def merged(text: bytes | None, agent: str) -> bytes | None:
    """Return settings with our hooks in them and all else as it was; None where they are not ours to write."""
    settings = {} if text is None else parsed(text)
    if settings is None or not _lists(settings):
        return None
    kept = _without(settings)
    there = kept.get("hooks", {})
    ours = hooks(agent)
    both = {event: [*there.get(event, []), *ours.get(event, [])] for event in {**there, **ours}}
    after = {**kept, "hooks": both}
    return text if text is not None and after == settings else _written(after, like=text or b"")


def _lists(settings: Mapping[str, Any]) -> bool:
    """Tell whether the hooks that are there have the form that we know."""
    there = settings.get("hooks", {})
    return isinstance(there, dict) and all(isinstance(entries, list) for entries in there.values())


def without(text: bytes) -> bytes | None:
    """Return settings without our hooks; None where they are not ours to write."""
    settings = parsed(text)
    if settings is None or not _lists(settings):
        return None
    kept = _without(settings)
    return text if kept == settings else _written(kept, like=text)


def _without(settings: Mapping[str, Any]) -> dict[str, Any]:
    if "hooks" not in settings:
        return dict(settings)
    kept = {}
    for event, entries in settings["hooks"].items():
        others = [left for entry in entries if (left := _entry_without(entry)) is not None]
        if others or not entries:
            kept[event] = others
    whole = {**settings, "hooks": kept}
    if not kept and settings["hooks"]:
        del whole["hooks"]
    return whole


def _entry_without(entry: Any) -> Any:
    if not isinstance(entry, dict) or not isinstance(entry.get("hooks"), list):
        return entry
    others = [hook for hook in entry["hooks"] if not is_ours(hook)]
    if len(others) == len(entry["hooks"]):
        return entry
    return {**entry, "hooks": others} if others else None


def lined(text: bytes | None) -> bytes | None:
    """Return Claude Code's settings with our status line below the person's own; None where they are not ours to write.

    One that names our script already stays as it is.
    """
    settings = {} if text is None else parsed(text)
    there = settings.get("statusLine", {}) if settings is not None else None
    if settings is None or not isinstance(there, dict) or there.get("type", "command") != "command":
        return None
    own = there.get("command", "")
    if not isinstance(own, str) or SCRIPT in own:
        return text
    return _written(
        {**settings, "statusLine": {"type": "command", **there, "command": line(own)}}, like=text or b""
    )


def restored(now: bytes, original: bytes | None) -> bytes | None:
    """Return settings that others wrote into, too, without what is ours; None for a file that is to be removed.

    They are the bytes from before where they say the same. Claude Code writes the file anew when a plugin comes or
    goes, and leaves empty tables of plugins; what does not parse stays.
    """
    settings, before = parsed(now), {} if original is None else parsed(original)
    if settings is None or before is None or not _lists(settings):
        return now
    kept = _without(settings)
    there = kept.get("statusLine")
    own = own_line(there.get("command")) if isinstance(there, dict) else None
    if isinstance(there, dict) and own:
        kept["statusLine"] = {**there, "command": own}
    elif own is not None:
        del kept["statusLine"]
    for name in ("enabledPlugins", "extraKnownMarketplaces"):
        if kept.get(name) == {} and name not in before:
            del kept[name]
    if _said(kept) == _said(before):
        return original
    return now if kept == settings else _written(kept, like=now)


def _said(settings: Mapping[str, Any]) -> str:
    """Return what settings say: `true` is not `1`, and an event without a hook says as little as none."""
    hooks = settings.get("hooks")
    if isinstance(hooks, dict):
        named = {event: entries for event, entries in hooks.items() if entries}
        settings = {**settings, "hooks": named}
        if not named:
            del settings["hooks"]
    return json.dumps(settings, sort_keys=True)


def is_ours(hook: Any) -> bool:
    """Tell whether a hook is one of ours."""
    said = hook.get("command") if isinstance(hook, dict) else None
    return isinstance(said, str) and SCRIPT in said


def has_ours(text: bytes) -> bool:
    """Tell whether any hook of ours stands in these settings."""
    settings = parsed(text)
    return settings is not None and _lists(settings) and _without(settings) != settings


def _written(settings: Mapping[str, Any], *, like: bytes) -> bytes:
    """Return settings in the manner of the file: its indentation, its last newline."""
    found = re.search(rb"\n([ \t]+)\"", like)
    indent: str | int = found[1].decode() if found else 2
    text = json.dumps(settings, indent=indent, ensure_ascii=False)
    end = "" if like and not like.endswith(b"\n") else "\n"
    return (text + end).encode("utf-8", "surrogatepass")
