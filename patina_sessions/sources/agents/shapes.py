"""The payloads that Claude Code and Codex share: one JSON shape for the events both have. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from patina_sessions.model import AgentEvent
from patina_sessions.sources.agents import keeping
from patina_sessions.sources.agents.keeping import Keep, text

Outcome = Literal["", "ok", "failed", "unknown"]

EDITS = frozenset(
    {"Edit", "MultiEdit", "NotebookEdit", "Write", "apply_patch", "edit", "replace", "write", "write_file"}
)
SHELLS = frozenset({"Bash", "bash", "run_shell_command", "shell", "shell_command", "exec_command"})
_PATCHED = re.compile(r"^\*\*\* (?:Add|Update|Delete) File: (.+)$", re.MULTILINE)
_TOOL = re.compile(r"[^A-Za-z0-9_.:-]")


def started(agent: str, payload: Mapping[str, Any]) -> AgentEvent:
    """Return that an agent's session began, went on or was cleared; `source` says which."""
    session, source = text(payload, "session_id"), text(payload, "source")[:20]
    return AgentEvent(what="started", agent=agent, agent_session=session, source=source)


def prompt(agent: str, payload: Mapping[str, Any], keep: Keep, *, turn: str) -> AgentEvent:
    """Return what was asked for, and whether a person asked."""
    said = text(payload, "prompt")
    machine = keeping.is_machine(said)
    session = text(payload, "session_id")
    return AgentEvent(
        what="prompt",
        agent=agent,
        agent_session=session,
        key=keeping.key(session, "prompt", turn),
        text="" if machine else keeping.asked(said, keep),
        human=not machine,
    )


def tool(
    agent: str,
    payload: Mapping[str, Any],
    keep: Keep,
    *,
    name: str,
    call: str,
    outcome: Outcome,
    said: str = "",
) -> AgentEvent:
    """Return that a tool ran: of a shell the command where it failed or all is wanted, of an edit the files."""
    session, given = text(payload, "session_id"), keeping.table(payload, "tool_input")
    target = ""
    if name in EDITS:
        target = edited(given, keep)
    elif name in SHELLS and (outcome == "failed" or keep.detail == "tools"):
        target = keeping.command(text(given, "command") or text(given, "cmd"))
    return AgentEvent(
        what="tool",
        agent=agent,
        agent_session=session,
        key=keeping.key(session, "tool", call),
        tool=_TOOL.sub("_", name)[:60] or "tool",
        target=target,
        outcome=outcome,
        text=said,
    )


def edited(given: Mapping[str, Any], keep: Keep) -> str:
    """Return the paths that an editing tool was given, one a line."""
    names = [text(given, n) for n in ("file_path", "filePath", "notebook_path") if text(given, n)]
    names += _PATCHED.findall(text(given, "command") or text(given, "patchText"))
    return "\n".join(dict.fromkeys(keeping.path(n, keep) for n in names[:50]))


def turn(
    agent: str, payload: Mapping[str, Any], *, turn: str, said: str, outcome: Outcome = "ok"
) -> AgentEvent:
    """Return that an agent has answered."""
    session = text(payload, "session_id")
    return AgentEvent(
        what="turn",
        agent=agent,
        agent_session=session,
        key=keeping.key(session, "turn", turn, said),
        text=keeping.message(said),
        outcome=outcome,
    )


def ended(agent: str, payload: Mapping[str, Any]) -> AgentEvent:
    """Return that an agent's session ended, as far as it says so itself."""
    session, reason = text(payload, "session_id"), text(payload, "reason")[:40]
    return AgentEvent(what="ended", agent=agent, agent_session=session, source=reason)
