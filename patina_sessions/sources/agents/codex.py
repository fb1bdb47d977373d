"""Codex' hooks (payloads of 0.169.0): Claude Code's shape with a turn id, an Interrupt, and no exit codes. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from patina_sessions.model import AgentEvent
from patina_sessions.sources.agents import keeping, shapes
from patina_sessions.sources.agents.keeping import Keep, text

_AGENT = "codex"
_EXIT = re.compile(r"Exit code: (\d{1,3})\b")


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
            return (_tool(payload, keep, turn),)
        case "Stop":
            return (shapes.turn(_AGENT, payload, turn=turn, said=text(payload, "last_assistant_message")),)
        case "PostCompact":
            key = keeping.key(session, "compacted", turn)
            return (AgentEvent(what="compacted", agent=_AGENT, agent_session=session, key=key),)
        case "Interrupt":
            key = keeping.key(session, "interrupted", turn)
            return (AgentEvent(what="interrupted", agent=_AGENT, agent_session=session, key=key),)
        case "SessionEnd":
            return (shapes.ended(_AGENT, payload),)
        case _:
            return ()


def _tool(payload: Mapping[str, Any], keep: Keep, turn: str) -> AgentEvent:
    name = text(payload, "tool_name")
    code = _EXIT.match(text(payload, "tool_response"))
    outcome: shapes.Outcome = "unknown"  # a shell's answer is its output alone, whatever it ended with
    if code is not None:
        outcome = "ok" if code[1] == "0" else "failed"
    said = f"exit {code[1]}" if code is not None and outcome == "failed" else ""
    call = f"{turn} {text(payload, 'tool_use_id')}"
    return shapes.tool(_AGENT, payload, keep, name=name, call=call, outcome=outcome, said=said)
