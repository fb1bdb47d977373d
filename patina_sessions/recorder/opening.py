"""Whether an agent's prompt that waits starts a session; what starts it is a process, since that room comes later."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence

from patina_sessions.model import AgentEvent, Fact
from patina_sessions.paths import Layout
from patina_sessions.recorder import drain
from patina_sessions.settings import Settings
from patina_sessions.sources import agent_spool
from patina_sessions.system import processes

log = logging.getLogger(__name__)


def wanted(settings: Settings, environ: Mapping[str, str] | None = None) -> bool:
    """Tell whether a session may start by itself here."""
    env = os.environ if environ is None else environ
    ci = env.get("CI", "").lower() not in ("", "0", "false")
    return settings.flag("agent.auto_start") and not ci and env.get("PATINA") != "0"


def first_prompt(facts: Sequence[Fact]) -> Fact | None:
    """Return the first prompt that a person gave an agent while sitting there."""
    return next((f for f in facts if _counts(f.data)), None)


def _counts(data: object) -> bool:
    return isinstance(data, AgentEvent) and data.what == "prompt" and data.human and data.attended


def due(layout: Layout, settings: Settings) -> bool:
    """Tell whether a prompt waits that starts a session in this worktree; nothing is recorded."""
    if not wanted(settings):
        return False
    waiting = agent_spool.read(layout.common.spool, layout.git, drain.keeping(layout, settings))
    return first_prompt(waiting.facts) is not None and drain.peek(layout, settings).session is None


def open_session(layout: Layout) -> None:
    """Have the session started; when this returns all that waited is recorded, or the next drain records it."""
    argv = [*processes.PYTHON, "patina_sessions", "hook", "open"]
    done = processes.run(argv, cwd=layout.top)
    if done.code:
        log.warning("worktree %s: no session was started by itself: %d", layout.key, done.code)
