"""What is written ahead for agents' hooks is renewed by a process of its own: readers come after the recorder.

It is started where an agent has been heard, or has been set up; everybody else pays nothing. It writes by rename and
takes turns with others of its kind, so that the last one to look is the last one to write.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable

from patina_sessions.model import AgentEvent, Event
from patina_sessions.paths import Layout
from patina_sessions.system import files, processes

log = logging.getLogger(__name__)


def refresh(layout: Layout, fresh: Iterable[Event]) -> None:
    """Have the agents' context written anew where this wake has logged anything that it may tell."""
    events = list(fresh)
    if not events or os.environ.get("PATINA") == "0":
        return
    known = files.signature(layout.common.start) is not None
    if known or any(isinstance(e.data, AgentEvent) for e in events):
        begin(layout)


def begin(layout: Layout) -> None:
    """Start the process that writes it."""
    argv = [*processes.PYTHON, "patina_sessions", "hook", "ahead"]
    try:
        processes.start_detached(argv, cwd=layout.top, env=processes.environment())
    except OSError as error:
        log.warning("the agents' context is as old as it was: %s", error.strerror)
