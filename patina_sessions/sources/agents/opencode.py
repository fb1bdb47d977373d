"""OpenCode has no hooks that run a program; a plugin of ours (`hooks/opencode.js`) says what its own hooks are told.

So the payload is ours, in Claude Code's words, and holds only what this adapter reads. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from patina_sessions.model import AgentEvent
from patina_sessions.sources.agents import keeping, shapes
from patina_sessions.sources.agents.keeping import Keep, text

_AGENT = "opencode"


def events(payload: Mapping[str, Any], keep: Keep) -> tuple[AgentEvent, ...]:
    """Return the events of one payload, none for what the journal does not need."""
    session, turn = text(payload, "session_id"), text(payload, "turn_id")
    if not session:
        return ()
    match text(payload, "hook_event_name"):
        case "SessionStart":
            return (shapes.started(_AGENT, payload),)
        case "UserPromptSubmit":
            return (shapes.prompt(_AGENT, payload, keep, turn=turn or text(payload, "prompt")),)
        case "PostToolUse":
            return (_tool(payload, keep),)
        case "Stop":
            return (shapes.turn(_AGENT, payload, turn=turn, said=text(payload, "last_assistant_message")),)
        case "PostCompact":
            key = keeping.key(session, "compacted", turn)
            return (AgentEvent(what="compacted", agent=_AGENT, agent_session=session, key=key),)
        case "SessionEnd":
            return (shapes.ended(_AGENT, payload),)
        case _:
            return ()


def _tool(payload: Mapping[str, Any], keep: Keep) -> AgentEvent:
    code = payload.get("exit")
    known = isinstance(code, int) and not isinstance(code, bool)
    failed = known and code != 0
    return shapes.tool(
        _AGENT,
        payload,
        keep,
        name=text(payload, "tool_name"),
        call=text(payload, "tool_use_id"),
        outcome="failed" if failed else "ok",
        said=f"exit {code}" if failed else "",
    )
