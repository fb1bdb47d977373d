"""`git status` as a source of its own: where the kernel's events are not to be had, or some were lost.

It sees that a file was saved between two looks, not how often. Its rate is bound to what it costs.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from patina_sessions.sources.watcher.git import Asked
from patina_sessions.sources.watcher.pending import Pending
from patina_sessions.system import clock

LEAST = 2.0  # seconds between two looks
SHARE = 20  # a look that takes a second comes every twenty
MOST = 50_000  # paths that are remembered

Signature = tuple[int, int, int] | None


class Look:
    """What git found changed when it was last asked, with size, time and inode of each file: not its contents."""

    def __init__(self, asked: Asked, top: Path) -> None:
        self._asked = asked
        self._top = top
        self._seen: dict[str, Signature] = {}
        self.pause = LEAST
        self.taken = clock.wall()  # when the last look began

    def begin(self, since: float | None) -> Pending:
        """Take the first look; return what was saved at or after `since`, before anybody watched."""
        found = self._now()
        self._seen = found
        pending = Pending()
        for path in found:
            if since is not None and self._since_when(path) >= since:
                pending.touch(path, 1)
        return pending

    def _since_when(self, path: str) -> float:
        """Return when a file came to be as it is. A file that was moved keeps the time of its content."""
        try:
            return os.lstat(self._top / path).st_ctime
        except (OSError, ValueError):
            return self._gone_since(path)

    def _gone_since(self, path: str) -> float:
        """Return when a file went, at the latest: the nearest folder that is there tells."""
        folder = os.path.dirname(path)
        while folder and not os.path.isdir(self._top / folder):
            folder = os.path.dirname(folder)
        try:
            return os.stat(self._top / folder).st_mtime
        except OSError:
            return 0.0

    def again(self) -> Pending:
        """Take a look and return what differs from the last one and from what was told since."""
        found = self._now()
        pending = Pending()
        for path, seen in found.items():
            if path not in self._seen or self._seen[path] != seen:
                pending.touch(path, 1)
        for path in self._seen.keys() - found.keys():
            if self._signature(path) is None:
                pending.touch(path)
        self._seen = found
        return pending

    @property
    def shown(self) -> Iterable[str]:
        """What the last look found, and what was told of since."""
        return self._seen

    def told(self, paths: Iterable[str]) -> None:
        """Take note of files that events have told of, so that the next look does not tell of them again."""
        for path in paths:
            if len(self._seen) < MOST or path in self._seen:
                self._seen[path] = self._signature(path)

    def _now(self) -> dict[str, Signature]:
        begun, taken = clock.monotonic(), clock.wall()
        changed = self._asked.changed()
        self.pause = max(LEAST, SHARE * (clock.monotonic() - begun))
        self.taken = taken
        return {path: self._signature(path) for path in list(changed.letters)[:MOST]}

    def _signature(self, path: str) -> Signature:
        try:
            found = os.lstat(f"{self._top}/{path}")
        except (OSError, ValueError):
            return None
        return found.st_size, found.st_mtime_ns, found.st_ino
