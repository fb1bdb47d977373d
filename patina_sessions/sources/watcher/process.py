"""A watcher's life as the others see it: started where a session is active, found by its lock, asked, stopped.

Loaded by every command and by the recorder, so nothing of the watcher itself is loaded here.
"""

from __future__ import annotations

import json
import logging
import os
import signal
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from patina_sessions.errors import PatinaError
from patina_sessions.frozen import dataclass
from patina_sessions.paths import Common, Layout
from patina_sessions.settings import Settings
from patina_sessions.system import clock, files, processes
from patina_sessions.system import repository as repositories

log = logging.getLogger(__name__)

PATIENCE = 3.0  # seconds: to be told by a watcher that is at work


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a watcher says of itself; `alive` is not its own word but the lock's."""

    alive: bool = False
    pid: int = 0
    session: str = ""  # its id
    since: str = ""  # RFC 3339, of its start
    backend: str = ""  # kernel, or poll; nothing while it begins
    why: str = ""  # why it polls
    folders: int = 0
    told: int = 0  # changes of files
    gaps: int = 0
    missed: str = ""  # the last gap, in words
    seen: float = 0.0  # the system's seconds: what happened before has been set aside
    answers: int = 0
    ended: str = ""  # why it is no more

    @property
    def words(self) -> str:
        """Return one line for a person."""
        if not self.alive:
            return f"Not watching files: {self.ended or 'no watcher is running'}"
        if not self.backend:
            return "Watching files: it is beginning"
        how = f"by git status: {self.why}" if self.backend == "poll" else _count(self.folders, "folder")
        missed = f"; {_count(self.gaps, 'gap')}, the last: {self.missed}" if self.gaps else ""
        told = _count(self.told, "change")
        return f"Watching files ({how}) since {self.since[11:16]}, {told} told{missed}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def wanted(layout: Layout, settings: Settings, environ: Mapping[str, str] | None = None) -> bool:
    """Tell whether a watcher may be started by itself here: never in CI, nor where it or all of Patina is off."""
    env = os.environ if environ is None else environ
    allowed = settings.flag("watch.enabled") and not env.get("CI") and env.get("PATINA") != "0"
    return allowed and repositories.off(layout) is None


def ensure(layout: Layout, settings: Settings) -> bool:
    """Start a watcher unless one is there or none is wanted; return whether one was started. Never fails."""
    try:
        if not wanted(layout, settings) or alive(layout.state):
            return False
        argv = [*processes.PYTHON, "patina_sessions.sources.watcher"]
        place = [str(layout.top), str(layout.git), str(layout.common.git), layout.key]
        processes.start_detached([*argv, *place, repr(clock.wall())], cwd=Path("/"))
    except (PatinaError, OSError) as error:
        log.info("no watcher was started: %s", error)
        return False
    return True


def alive(state: Path) -> bool:
    """Tell whether a watcher holds its lock. A number of a process tells nothing: it may be anybody's by now."""
    lock = _lock(state)
    if files.signature(lock) is None:
        return False
    held = files.try_lock(lock)
    if held is None:
        return True
    os.close(held)
    return False


def report(layout: Layout) -> Report:
    """Return what the watcher of this worktree says, or what the last one said."""
    return _report(layout.state)


def _report(state: Path) -> Report:
    try:
        plain = json.loads(files.read(state / "watcher.json") or b"{}")
        known = {name: plain[name] for name in Report.__slots__ if name in plain}
        return Report(**{**known, "alive": alive(state)})
    except (ValueError, TypeError, PatinaError):
        return Report()


def write_report(layout: Layout, said: Report) -> None:
    """Keep what the watcher says of itself where the others read it."""
    plain: dict[str, Any] = asdict(said)
    files.write(layout.state / "watcher.json", json.dumps(plain).encode("ascii") + b"\n", durable=False)


def ask(layout: Layout) -> bool:
    """Have the watcher tell at once what it has seen; return whether it did. Without one nothing is waited for."""
    before = report(layout)
    if not before.alive or not before.backend or not _signal(layout.state, before.pid, signal.SIGUSR1):
        return False
    deadline = clock.monotonic() + PATIENCE
    while clock.monotonic() < deadline:
        if report(layout).answers > before.answers:
            return True
        clock.sleep(0.01)
    return False


def stop(state: Path) -> bool:
    """End the watcher of a worktree, by the folder of its state, and return whether none is left. It tells first."""
    deadline = clock.monotonic() + PATIENCE
    try:
        said = _report(state)
        while said.alive and clock.monotonic() < deadline:
            _signal(state, said.pid, signal.SIGTERM)
            clock.sleep(0.02)
            said = _report(state)
    except PatinaError as error:
        log.info("the watcher was not stopped: %s", error)
        return False
    return not said.alive


def stop_all(common: Common) -> None:
    """End the watchers of all worktrees of a repository."""
    for key in files.names(common.worktrees):
        stop(common.worktrees / key)


def take(layout: Layout) -> int | None:
    """Take the lock that makes this process the watcher of its worktree; None where another is that."""
    files.make_folder(layout.state)
    for _ in range(10):  # who only looks whether there is one holds it for a moment
        held = files.try_lock(_lock(layout.state))
        if held is not None:
            return held
        clock.sleep(0.05)
    return None


def _lock(state: Path) -> Path:
    return state / "watcher.lock"


def _signal(state: Path, pid: int, number: int) -> bool:
    """Send a signal to the process that holds the lock; the lock was looked at just before."""
    if pid <= 1 or not alive(state):
        return False
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True
