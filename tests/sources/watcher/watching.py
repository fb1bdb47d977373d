"""A watched repository: a session with its watcher, and what the event log and the journal say of files."""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from patina_sessions.system import files
from tests.repository import Repo
from tests.waiting import events, state_folders, until

ON = {"PATINA_WATCH_ENABLED": "1"}


@dataclass(frozen=True, slots=True)
class Watched:
    """A repository whose active session has a watcher."""

    repo: Repo

    @property
    def state(self) -> Path:
        [state] = state_folders(self.repo)
        return state

    def report(self) -> dict[str, Any]:
        """Return what the watcher says of itself."""
        try:
            found: dict[str, Any] = json.loads((self.state / "watcher.json").read_bytes())
        except FileNotFoundError:
            return {}
        return found

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.repo.patina("watch", "--status", "--json").stdout)
        return found

    @property
    def pid(self) -> int:
        return int(self.report()["pid"])

    def ready(self, *, other_than: int = 0) -> None:
        """Return once a watcher sees everything that happens from now on."""
        until(
            lambda: (
                (said := self.report()).get("backend") and not said["ended"] and said["pid"] != other_than
            ),
            "the watcher to be ready",
        )

    def told(self) -> None:
        """Have the watcher tell what it has seen, and the recorder log it."""
        before = self.report()
        os.kill(before["pid"], signal.SIGUSR1)
        until(lambda: self.report()["answers"] > before["answers"], "the watcher to answer")
        self.repo.patina("record", env=ON)

    def facts(self) -> list[dict[str, Any]]:
        """Return the facts of files in the log, in order."""
        self.told()
        return [e["data"] for e in events(self.repo) if e["type"] == "files.changed"]

    def changes(self) -> list[tuple[str, str]]:
        """Return letter and path of every file that was told of, in order of path."""
        return sorted((f["status"], f["path"]) for fact in self.facts() for f in fact.get("files", ()))

    def counts(self) -> Counter[str]:
        """Return how many files every bulk fact told of, by its kind."""
        found: Counter[str] = Counter()
        for fact in self.facts():
            found[fact.get("bulk", "named")] += fact["count"]
        return found

    def gaps(self) -> list[str]:
        """Return the reasons of all gaps."""
        self.repo.patina("record", env=ON)
        return [e["data"]["reason"] for e in events(self.repo) if e["type"] == "files.gap"]

    def journal(self) -> str:
        return (self.repo.path / ".patina/local/active-session.md").read_text()

    def gone(self, pid: int) -> bool:
        return not running(pid)


def running(pid: int) -> bool:
    """Tell whether a process is at work; one that only waits to be reaped is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@contextmanager
def watched(repo: Repo, **settings: str) -> Iterator[Watched]:
    """Start a session with a watcher, and leave no watcher behind."""
    if not (repo.path / ".git/patina/repo.json").exists():
        repo.patina("init")
    repo.patina("session", "start", "the work", env={**ON, **settings})
    here = Watched(repo)
    try:
        here.ready()
        yield here
    finally:
        if repo.path.exists() and state_folders(repo):
            end(here)


def end(here: Watched) -> None:
    """Kill the watcher while no recorder is at work: one that is would start the next, which nobody ends."""
    state = here.repo.path / ".git/patina"
    deadline = time.monotonic() + 10  # a test may have left a ring that nobody answers
    while (state / "rung").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    with files.locked(state / "lock"):
        for folder in state_folders(here.repo):
            report = folder / "watcher.json"
            pid = json.loads(report.read_bytes()).get("pid") if report.exists() else None
            if pid and running(pid):
                os.kill(pid, signal.SIGKILL)
