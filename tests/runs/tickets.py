"""The ticket of an autonomous run, for tests of what is done with one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from patina_sessions.runs.yolo.ticket import Ticket

_ANY = Ticket(
    run="7",
    name="",
    command="true",
    image="",
    helper="",
    volume="",
    container="",
    start="",
    base="",
    branch="main",
    object_format="sha1",
    network="none",
    began="2026-01-02T14:03:00+00:00",
)


def a_ticket(**more: Any) -> Ticket:
    """Return a ticket of which a test says only what it is about."""
    return replace(_ANY, **more)
