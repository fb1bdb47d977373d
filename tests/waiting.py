"""Waiting for what happens in the background, without naming a time that a slow machine could miss."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.repository import Repo

LONG = 60.0  # seconds after which something is broken, not slow


def until(true: Callable[[], object], what: str) -> None:
    """Return once it is true; fail the test, saying what was waited for, when it never is."""
    deadline = time.monotonic() + LONG
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain for {what}")
        time.sleep(0.02)


def wait_past(file: Path) -> None:
    """Return once the clock is past the time of a file, which the kernel takes from a coarser one."""
    until(lambda: time.time() > file.stat().st_ctime + 0.05, "the clock to go on")


def state_folders(repo: Repo) -> list[Path]:
    """Return the folders of the worktrees' state."""
    common = Path(repo.git("rev-parse", "--path-format=absolute", "--git-common-dir"))
    return sorted((common / "patina" / "worktrees").glob("*"))


def events(repo: Repo) -> list[dict[str, Any]]:
    """Return all events of all worktrees, as they stand in the logs."""
    lines = [
        line
        for folder in state_folders(repo)
        for segment in sorted((folder / "events").glob("*.jsonl"))
        for line in segment.read_bytes().splitlines()
    ]
    parsed = [json.loads(line) for line in lines if line.strip()]
    return [record for record in parsed if "record" not in record]


def quiet(repo: Repo) -> None:
    """Return once no ring is up and no recorder is at work: whatever hooks set off is over."""
    import fcntl

    common = Path(repo.git("rev-parse", "--path-format=absolute", "--git-common-dir"))
    until(lambda: not (common / "patina" / "rung").exists(), "the ring to be taken down")
    with open(common / "patina" / "lock", "a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
