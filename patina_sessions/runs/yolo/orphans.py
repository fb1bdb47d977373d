"""Autonomous runs whose patina was killed: nobody watches over them, so they are ended; what they did is kept."""

from __future__ import annotations

from patina_sessions.errors import PatinaError
from patina_sessions.paths import Layout
from patina_sessions.runs.yolo import homecoming, ticket
from patina_sessions.system.docker import Engine


def end(engine: Engine, layout: Layout) -> None:
    """End what still runs of them, and clear away those that never began."""
    for one in ticket.waiting(layout):
        try:
            if ticket.untold(layout, one):
                continue  # its end stands in the ticket alone
            if one.running:
                engine.kill(one.container)
            else:
                homecoming.clear(engine, layout, one)
        except PatinaError:
            continue  # the next command tries again
