"""What an agent's own hooks said during a run becomes events of the run, through the adapters of all agents.

The payloads are a stranger's text, carried out of the volume with a size. They are told under the run's own name, not
under a session of a person's, and nothing is started by them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from patina_sessions.errors import PatinaError
from patina_sessions.model import AgentEvent
from patina_sessions.runs.yolo import sandbox
from patina_sessions.runs.yolo.ticket import Ticket
from patina_sessions.sources import agents
from patina_sessions.sources.agents import Keep, payloads
from patina_sessions.system.docker import Engine

MOST = 16_000_000  # bytes of all payloads
EVENTS = 2000

# One line a payload, in the order of their names, which are moments; each cut where no honest one would end.
_READ = r"""
cd "$1" 2>/dev/null || exit 0
find . -maxdepth 1 -type f -name '*.json' -size -2000k | sort | head -n 4000 | while IFS= read -r name; do
  tr '\n' ' ' < "$name"; echo
done
"""


def read(
    engine: Engine, container: str, one: Ticket, keep: Keep, *, hide: Callable[[str], str]
) -> tuple[AgentEvent, ...]:
    """Return the events of a run; none where its agent has no hooks, or what they said cannot be read."""
    adapter = agents.ADAPTERS.get(one.agent)
    if adapter is None:
        return ()
    data = bytearray()
    try:
        command = ["/bin/sh", "-c", _READ, "sh", sandbox.EVENTS]
        for piece in engine.read_out(container, command, limit=MOST):
            data += piece
    except PatinaError:
        pass  # what came until then is worth something: each line stands for itself
    found: list[AgentEvent] = []
    for line in bytes(data).split(b"\n"):
        payload = payloads.read(line)
        if payload is not None and len(found) < EVENTS:
            found += [_ours(_without(event, hide), one) for event in adapter(payload, keep)]
    return tuple(found)


def _without(event: AgentEvent, hide: Callable[[str], str]) -> AgentEvent:
    values = {field.name: getattr(event, field.name) for field in fields(event)}
    clean: dict[str, Any] = {name: hide(v) for name, v in values.items() if isinstance(v, str)}
    return replace(event, **clean)


def _ours(event: AgentEvent, one: Ticket) -> AgentEvent:
    key = f"{one.run} {event.key}" if event.key else ""
    return replace(event, agent_session=f"yolo {one.run}", key=key, human=False, attended=False, owner=0)
