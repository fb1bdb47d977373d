"""The report while a session runs: made anew when a journal has changed, and not before."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from threading import Lock

from patina_sessions.journal import archive
from patina_sessions.paths import Layout
from patina_sessions.readers.report import page
from patina_sessions.system import clock, files


class Live:
    """The report of a worktree, kept as long as nothing has changed. Several browsers may ask at once."""

    def __init__(self, layout: Layout, asked: page.Asked, before: Callable[[], None]) -> None:
        self._layout = layout
        self._asked = asked
        self._before = before  # what is done before it is made: recording what is unrecorded
        self._lock = Lock()
        self._kept: tuple[str, tuple[str, ...]] = ("", ())

    def version(self) -> Iterable[str]:
        """Yield what is another word whenever a journal has changed."""
        there = [(one.id, one.signature) for one in archive.all(self._layout)]
        now = (there, files.signature(self._layout.journal), files.signature(self._layout.mirror))
        yield hashlib.sha256(repr(now).encode("utf-8", "surrogateescape")).hexdigest()[:20]

    def pieces(self) -> Iterable[str]:
        """Return the report as it is now."""
        with self._lock:
            self._before()
            version = "".join(self.version())
            if self._kept[0] != version:
                asked = replace(self._asked, live=version)
                self._kept = (version, tuple(page.of(self._layout, asked, clock.now()).pieces))
            return self._kept[1]
