"""Claude Code's hooks (payloads of 2.1.331). Pure.

No exit code means 0; a failing command comes as PostToolUseFailure. A background task that ends submits a prompt of its
own. The compaction's own SubagentStop has no agent type and says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from patina_sessions.model import AgentEvent
from patina_sessions.sources.agents import keeping, shapes
from patina_sessions.sources.agents.keeping import Keep, text

_AGENT = "claude"
_EXIT = re.compile(r"Exit code (\d{1,3})")


def events(payload: Mapping[str, Any], keep: Keep) -> tuple[AgentEvent, ...]:
    """Return the events of one payload, none for what the journal does not need."""
    session, asked = text(payload, "session_id"), text(payload, "prompt_id")
    if not session:
        return ()
    match text(payload, "hook_event_name"):
        case "SessionStart":
            return (shapes.started(_AGENT, payload),)
        case "UserPromptSubmit":
            return (shapes.prompt(_AGENT, payload, keep, turn=asked or text(payload, "prompt")),)
        case "PostToolUse" | "PostToolUseFailure":
            return (_tool(payload, keep),)
        case "Stop":
            return (shapes.turn(_AGENT, payload, turn=asked, said=text(payload, "last_assistant_message")),)
        case "StopFailure":
            said = text(payload, "last_assistant_message")
            return (shapes.turn(_AGENT, payload, turn=asked, said=said, outcome="failed"),)
        case "PostCompact":
            source, key = text(payload, "trigger")[:20], keeping.key(session, "compacted", asked)
            return (
                AgentEvent(what="compacted", agent=_AGENT, agent_session=session, source=source, key=key),
            )
        case "SessionEnd":
            return (shapes.ended(_AGENT, payload),)
        case _:
            return ()


def _tool(payload: Mapping[str, Any], keep: Keep) -> AgentEvent:
    name, call = text(payload, "tool_name"), text(payload, "tool_use_id")
    if text(payload, "hook_event_name") == "PostToolUse":
        return shapes.tool(_AGENT, payload, keep, name=name, call=call, outcome="ok")
    code = _EXIT.match(text(payload, "error"))
    said = "interrupted" if payload.get("is_interrupt") is True else f"exit {code[1]}" if code else ""
    return shapes.tool(_AGENT, payload, keep, name=name, call=call, outcome="failed", said=said)
