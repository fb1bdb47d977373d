"""What leaves the watcher: facts for the recorder, and its report for whoever asks.

On a full disk facts wait here. The report says up to when all has been set aside, so that the next watcher looks for
the rest if this one is killed meanwhile.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Callable
from dataclasses import replace

from patina_sessions.errors import PatinaError
from patina_sessions.model import Data, Fact, FilesChanged, FilesGap
from patina_sessions.paths import Layout
from patina_sessions.sources.watcher import process, spool
from patina_sessions.sources.watcher.process import Report
from patina_sessions.system import clock

log = logging.getLogger(__name__)


class Outbox:
    """Facts that have not been set aside, and the report. `hear` is called with each fact."""

    def __init__(self, layout: Layout, hear: Callable[[Data], None] | None) -> None:
        self._layout = layout
        self._hear = hear
        self._facts: list[Fact] = []
        self._name = f"{int(clock.wall() * 1e9):020d}"
        self._batches = 0
        self.report = Report(pid=os.getpid(), since=clock.now().isoformat(), seen=clock.wall())

    def __bool__(self) -> bool:
        return bool(self._facts)

    def add(self, data: FilesChanged | FilesGap) -> None:
        """Take a fact."""
        self._facts.append(Fact(time=clock.now(), data=data, key=secrets.token_hex(12)))
        said = self.report
        if isinstance(data, FilesChanged):
            self.report = replace(said, told=said.told + data.count)
        else:
            self.report = replace(said, gaps=said.gaps + 1, missed=data.reason)
        if self._hear is not None:
            self._hear(data)

    def set_aside(self) -> bool:
        """Write the facts where the recorder takes them; return whether there were any. Raises `PatinaError`."""
        if not self._facts:
            return False
        spool.write(self._layout, f"{self._name}-{self._batches:08d}", self._facts)
        self._batches += 1
        self._facts = []
        return True

    def settled(self, moment: float) -> None:
        """Note that whatever happened before that moment has been set aside."""
        self.report = replace(self.report, seen=moment)

    def say(self, **changed: object) -> None:
        """Write the report, with these of its fields changed."""
        self.report = replace(self.report, **changed)  # type: ignore[arg-type]
        try:
            process.write_report(self._layout, self.report)
        except PatinaError as error:
            log.warning("the report could not be written: %s", error.message)
