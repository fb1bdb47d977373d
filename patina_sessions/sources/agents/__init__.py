"""Coding agents: what their hooks say becomes events. Pure: a payload in, events out, and nothing else of it is kept.

A payload holds whole files, outputs and paths of the machine. What leaves here is what a journal needs: what was asked
for, which tools ran and how they ended, which files were edited, the last message in short. Texts are redacted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from patina_sessions.model import AgentEvent
from patina_sessions.sources.agents import claude, codex, gemini, opencode
from patina_sessions.sources.agents.keeping import Keep

Adapter = Callable[[Mapping[str, Any], Keep], tuple[AgentEvent, ...]]

ADAPTERS: Mapping[str, Adapter] = {
    "claude": claude.events,
    "codex": codex.events,
    "gemini": gemini.events,
    "opencode": opencode.events,
}
NAMES = {"claude": "Claude", "codex": "Codex", "gemini": "Gemini", "opencode": "OpenCode"}

__all__ = ["ADAPTERS", "NAMES", "Adapter", "Keep"]
