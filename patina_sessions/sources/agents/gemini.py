"""Gemini CLI's hooks (payloads of 0.61.0). Pure.

Its calls have no ids, so a double is told by its second and its input. PreCompress comes before every model call; only
one that a person asked for is a compaction.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from patina_sessions.model import AgentEvent
from patina_sessions.sources.agents import keeping, shapes
from patina_sessions.sources.agents.keeping import Keep, text

_AGENT = "gemini"
_EXIT = re.compile(r"^Exit Code: (\d{1,3})$", re.MULTILINE)


def events(payload: Mapping[str, Any], keep: Keep) -> tuple[AgentEvent, ...]:
    """Return the events of one payload, none for what the journal does not need."""
    session, second = text(payload, "session_id"), text(payload, "timestamp")[:19]
    if not session:
        return ()
    match text(payload, "hook_event_name"):
        case "SessionStart":
            return (shapes.started(_AGENT, payload),)
        case "BeforeAgent":
            return (shapes.prompt(_AGENT, payload, keep, turn=f"{second} {text(payload, 'prompt')}"),)
        case "AfterTool":
            return (_tool(payload, keep, second),)
        case "AfterAgent":
            return (shapes.turn(_AGENT, payload, turn=second, said=text(payload, "prompt_response")),)
        case "PreCompress" if text(payload, "trigger") == "manual":
            key = keeping.key(session, "compacted", second)
            return (
                AgentEvent(what="compacted", agent=_AGENT, agent_session=session, source="manual", key=key),
            )
        case "SessionEnd":
            return (shapes.ended(_AGENT, payload),)
        case _:
            return ()


def _tool(payload: Mapping[str, Any], keep: Keep, second: str) -> AgentEvent:
    name, answer = text(payload, "tool_name"), keeping.table(payload, "tool_response")
    code = _EXIT.search(text(answer, "llmContent")) if name in shapes.SHELLS else None
    failed = (code is not None and code[1] != "0") or bool(answer.get("error"))
    given = json.dumps(keeping.table(payload, "tool_input"), sort_keys=True, default=str)
    said = f"exit {code[1]}" if code is not None and failed else ""
    outcome: shapes.Outcome = "failed" if failed else "ok"
    return shapes.tool(
        _AGENT, payload, keep, name=name, call=f"{second} {name} {given}", outcome=outcome, said=said
    )
