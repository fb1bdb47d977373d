"""Where the watcher looks from: the kernel's events, and the reasons why they are not enough."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from patina_sessions.errors import PatinaError
from patina_sessions.paths import Layout
from patina_sessions.settings import Settings
from patina_sessions.sources.watcher import kernel as kernels
from patina_sessions.sources.watcher.bells import Bells
from patina_sessions.sources.watcher.folders import Folders
from patina_sessions.sources.watcher.git import Asked, signatures
from patina_sessions.sources.watcher.pending import Pending
from patina_sessions.system import mounts

log = logging.getLogger(__name__)

READS = 64  # of the kernel's queue at most before something else gets its turn


class View:
    """The folders and the bells of one worktree on one inotify instance; without one, only reasons."""

    def __init__(self, layout: Layout, settings: Settings, asked: Asked, bells: Bells) -> None:
        self._layout = layout
        self._bells = bells
        self._rules = asked.rule_files(layout.common.git)
        self._rules_seen = signatures(self._rules)
        self._kernel: kernels.Kernel | None = None
        self._folders: Folders | None = None
        self.lost = ""  # why events were lost
        self.why_not = self._open(settings, asked)

    def _open(self, settings: Settings, asked: Asked) -> str:
        """Open the kernel's events; return why they cannot be relied on."""
        try:
            self._kernel = kernels.open_kernel()
        except kernels.Unavailable as error:
            log.warning("no kernel events: %s", error)
            return str(error)
        if settings.text("watch.backend") == "poll":
            return "watch.backend is poll"
        layout = self._layout
        self._folders = Folders(
            self._kernel,
            asked,
            layout.top,
            most=int(settings.number("watch.max_folders")),
            only=_inside(settings.texts("watch.paths")),
            not_ours=(layout.local, layout.git, layout.common.git),
        )
        kind = mounts.silent(layout.top)
        return f"a file system of the kind {kind} does not tell of all changes" if kind else ""

    @property
    def fd(self) -> int | None:
        return None if self._kernel is None else self._kernel.fd

    @property
    def folders(self) -> int:
        return 0 if self._folders is None else len(self._folders)

    @property
    def between(self) -> bool:
        return self._folders is not None and self._folders.between

    @property
    def gone(self) -> bool:
        return self._folders is not None and self._folders.gone

    def begin(self) -> None:
        """Watch the bells, then the folders."""
        if self._kernel is not None:
            self._bells.watch(self._kernel)
        if self._folders is not None:
            self._folders.begin()
            self._take_short()

    def begin_again(self) -> None:
        """Look at the whole tree again: rules have changed, or events were lost."""
        rules = signatures(self._rules)
        if self._folders is not None:
            self._folders.reconsider()
            self._take_short()
        self._rules_seen = rules

    def _take_short(self) -> None:
        if self._folders is not None and self._folders.short and not self.why_not:
            self.why_not = self._folders.short

    def rules_changed(self) -> bool:
        """Tell whether a rule of what git ignores has changed since the folders were chosen."""
        inside = self._folders is not None and self._folders.rules_changed
        return inside or signatures(self._rules) != self._rules_seen

    def read(self, pending: Pending) -> bool:
        """Take the events that wait; return whether one was of the files."""
        assert self._kernel is not None
        any_of_files = False
        for _ in range(READS):
            found = self._kernel.read()
            for seen in found:
                any_of_files |= self._take(self._kernel, seen, pending)
            if not found:
                break
        self._take_short()
        return any_of_files

    def _take(self, kernel: kernels.Kernel, seen: kernels.Seen, pending: Pending) -> bool:
        """Take one event; return whether it was of the files."""
        try:
            if seen.mask & kernel.overflow:
                self.lost = "the kernel's queue overflowed"
            elif self._folders is None or not self._folders.take(seen, pending):
                self._bells.hear(kernel, seen)
                return False
        except PatinaError as error:
            log.warning("a folder could not be looked at: %s", error.message)
            self.lost = "git did not answer"
        return True

    def settle(self, pending: Pending) -> None:
        """Give up waiting for the second half of a move."""
        if self._folders is not None:
            self._folders.settle(pending)

    def close(self) -> None:
        """Give the watches back."""
        if self._kernel is not None:
            self._kernel.close()
            self._kernel = None


def _inside(paths: tuple[str, ...]) -> tuple[str, ...]:
    """Return the folders to watch, relative and below the top: a project's file is anybody's text."""
    clean = [os.path.normpath(path) for path in paths if path.strip()]
    good = [path for path in clean if not Path(path).is_absolute() and not path.startswith("..")]
    return () if "." in good else tuple(good)
