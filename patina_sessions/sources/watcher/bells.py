"""The second doorbell: git's reflog, a ring that nobody answered, and the journal that somebody saved.

A hook rings first and this one hears the same commit, so it looks whether the recorder has it already before it starts
one. It starts the recorder as a hook does, by the ring; what was found stands in the recorder's own snapshot.
"""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from patina_sessions.errors import PatinaError
from patina_sessions.paths import Layout
from patina_sessions.sources.watcher.git import signatures
from patina_sessions.sources.watcher.kernel import Kernel, Seen
from patina_sessions.system import clock, files, processes

log = logging.getLogger(__name__)

SOON = 0.25  # seconds after a line in the reflog: a hook's recorder has its chance, and a burst is one call
SAVED = 1.0  # seconds after a save of the journal: editors take it away for a moment
AGAIN = 3.0  # seconds until a call that had no effect is made again
TRIES = 4


@dataclass(slots=True)
class Bells:
    """What rings, when it is to be answered, and the recorders that were started."""

    layout: Layout
    due: float | None = None  # on the clock that nobody sets
    tries: int = 0
    over: str | None = None  # why there is nothing more to ring for
    session: str = ""  # the id of the active one, when it was last looked at
    git_moved: bool = False  # the reflog has grown since `moved` was last asked
    started: list[int] = field(default_factory=list)
    _rung: float | None = None  # when the ring that is up was heard
    _unread: bool = False  # the same, since the recorder was last called: for a reflog that is no file
    _looked: tuple[object, ...] = ()
    _roles: dict[int, str] = field(default_factory=dict)
    _kernel: Kernel | None = None

    def watch(self, kernel: Kernel) -> None:
        """Watch the few folders that ring; one that is not there yet is watched for."""
        layout, self._kernel = self.layout, kernel
        logs = layout.git / "logs"
        arriving = kernel.came | kernel.create
        table = layout.git / "reftable"
        for path, role, mask in (
            (table if table.is_dir() else logs, "git", kernel.came | kernel.written),
            (layout.git, "place", arriving) if not logs.is_dir() and not table.is_dir() else (None, "", 0),
            (layout.common.home, "home", arriving | kernel.delete),
            (layout.local, "journal", kernel.content),
        ):
            if path is None or not path.is_dir():
                continue
            try:
                self._roles[kernel.add(str(path), mask)] = role
            except OSError as error:
                log.warning("no watch for %s: %s", role, error.strerror)

    def hear(self, kernel: Kernel, seen: Seen) -> bool:
        """Take one event; return whether it came from a folder of these."""
        role = self._roles.get(seen.watch)
        if role is None:
            return False
        name = os.fsdecode(seen.name)
        if seen.mask & kernel.ignored:
            del self._roles[seen.watch]
            if role == "journal":
                # Its folder is gone: a `git clean`, a stash. The recorder brings it back.
                self._ring_in(SAVED)
            else:
                self._look_at_consent()
        elif role == "git" and name in ("HEAD", "tables.list"):
            self.git_moved = self._unread = True
            self._ring_in(SOON)
        elif (
            role == "place" and name == "index"
        ):  # there is no reflog: a commit writes the index, if nothing else
            self.git_moved = self._unread = True
            self._ring_in(SOON)
        elif role == "place" and name == "logs":
            self.watch(kernel)
            self._ring_in(SOON)
        elif role == "home" and name == self.layout.common.rung.name and seen.mask & kernel.create:
            self._rung = clock.monotonic()
            self._ring_in(AGAIN)
        elif role == "home" and name == self.layout.common.consent.name:
            self._look_at_consent()
        elif role == "journal" and name == self.layout.journal.name:
            self._ring_in(SAVED)
        return True

    def look(self) -> None:
        """Look whether something would have rung, where the kernel may not tell of it."""
        layout = self.layout
        looked = signatures(
            (layout.git / "logs" / "HEAD", layout.git / "index", layout.journal, layout.common.rung)
        )
        if looked != self._looked:
            self.git_moved = self._unread = True
            self._ring_in(SOON)
        self._looked = looked

    def soon(self) -> None:
        """Have the recorder called: there are facts that wait for it."""
        self._ring_in(SOON)

    def _ring_in(self, seconds: float) -> None:
        at = clock.monotonic() + seconds
        self.due = at if self.due is None else min(self.due, at)
        self.tries = 0

    def answer(self, *, waiting: int) -> None:
        """Start a recorder if something is unrecorded; look again later whether that helped."""
        self.due = None
        self._reap()
        self._look_at_consent()
        if self._kernel is not None and "journal" not in self._roles.values():
            self.watch(self._kernel)
        if self.over is None and (self._unrecorded() or waiting):
            self._call()
            self.tries += 1
            if self.tries < TRIES:
                self.due = clock.monotonic() + AGAIN * self.tries
        elif self.over is None and self.layout.common.rung.exists() and self.tries < TRIES:
            self.due = clock.monotonic() + AGAIN  # somebody has been called; see whether he comes

    def check(self) -> None:
        """Look whether there still is anything to watch for: the places, the consent and the session."""
        self._reap()
        self._look_at_consent()
        snapshot = self._snapshot()
        if self.over is None and snapshot is not None and snapshot.get("session") is None:
            self.over = "the session has ended"

    def _look_at_consent(self) -> None:
        if not self.layout.top.is_dir() or not self.layout.git.is_dir():
            self.over = "the worktree is gone"
        elif not self.layout.common.consent.exists():
            self.over = "Patina was taken out of this repository"

    def _unrecorded(self) -> bool:
        snapshot = self._snapshot()
        if snapshot is None:
            return True
        if snapshot.get("session") is None:
            self.over = "the session has ended"
            return False
        seen = files.signature(self.layout.journal)
        if seen is None or list(seen) != snapshot.get("signature"):
            return True
        return self._unanswered() or self._reflog_read(snapshot) is False

    def _unanswered(self) -> bool:
        """Tell whether a ring has been up for so long that whoever was called must have died."""
        heard = self._rung or 0.0
        return self.layout.common.rung.exists() and clock.monotonic() - heard >= AGAIN

    def _reflog_read(self, snapshot: dict[str, Any]) -> bool:
        size = files.signature(self.layout.git / "logs" / "HEAD")
        if size is None:  # reftable, or no reflog at all: only the recorder can tell, and only once
            unread, self._unread = self._unread, False
            return not unread
        positions = snapshot.get("positions", ())
        return any(p.get("source") == "HEAD" and p.get("offset", 0) == size[2] for p in positions)

    def _snapshot(self) -> dict[str, Any] | None:
        try:
            found = json.loads(files.read(self.layout.snapshot) or b"null")
            self.session = (found["session"] or {"id": ""})["id"]
        except (ValueError, KeyError, TypeError, PatinaError):
            return None
        return found if isinstance(found, dict) else None

    def _call(self) -> None:
        common = self.layout.common
        try:
            if not files.create(common.rung) and not self.tries and not self._unanswered():
                return  # somebody has called one that has not begun to read
            argv = [*processes.PYTHON, "patina_sessions.recorder", str(common.home), str(self.layout.top)]
            self.started.append(processes.start_detached([*argv, ""], cwd=Path("/")))
        except (PatinaError, OSError) as error:
            log.warning("no recorder could be started: %s", error)

    def _reap(self) -> None:
        """Let the recorders that are done go: nobody else waits for them."""
        left = []
        for pid in self.started:
            try:
                if os.waitpid(pid, os.WNOHANG)[0] == 0:
                    left.append(pid)
            except ChildProcessError:
                pass
        self.started = left
