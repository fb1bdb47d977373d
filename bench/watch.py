"""What it costs to see the files that are worked on, beside watchdog's recursive observer used plainly and watchfiles.

The ground is the same for all: 1,000 tracked folders with ten files each, and 15,000 folders that git ignores. CPU
seconds include the git processes that our watcher asks.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from bench import watchers
from bench.pairs import Bench, Measure, wall
from tests.repository import Repo

PAUSES = 0.25 + 0.15  # seconds: our debounce of the reflog, and the recorder's own pause

Start = Callable[[Repo], AbstractContextManager[watchers.Contender]]


def _saves(start: Start, repo: Repo, *, all_of_them: bool) -> Measure:
    """Return a measure of the CPU seconds for 10,000 saves; with `all_of_them`, one that is not told of is an error."""

    def measure() -> float:
        with start(repo) as contender:
            time.sleep(1)
            before, seen = contender.cpu(), contender.seen()
            watchers.save_all(repo, f"{time.monotonic()}\n")
            time.sleep(4)
            told = contender.seen() - seen
            if all_of_them and told != watchers.FILES:
                raise AssertionError(f"{told:,} of {watchers.FILES:,} saves were told of")
            return float(contender.cpu() - before)

    return measure


def _of(start: Start, repo: Repo, what: Callable[[watchers.Contender], float]) -> Measure:
    def measure() -> float:
        with start(repo) as contender:
            return what(contender)

    return measure


def _ready(start: Start, repo: Repo) -> Measure:
    def work() -> None:
        with start(repo):
            pass

    return wall(work)


def _events(repo: Repo, rounds: int) -> Measure:
    """Return a measure of the megabytes after so many times 10,000 events."""

    def grown(contender: watchers.Contender) -> float:
        for number in range(rounds):
            watchers.save_all(repo, f"{number} {time.monotonic()}\n")
            contender.seen()
        return contender.memory()

    return _of(watchers.ours, repo, grown)


def _idle(repo: Repo) -> Measure:
    def minute(contender: watchers.Contender) -> float:
        time.sleep(5)
        before = contender.wakes()
        time.sleep(60)
        return contender.wakes() - before

    return _of(watchers.ours, repo, minute)


def _told(folder: Path) -> tuple[Measure, Measure]:
    """Return what importing GitPython takes, and the way from a commit to its entry, less the pauses on purpose."""
    repo = watchers.prepared(folder)
    repo.git("config", "core.hooksPath", os.devnull)
    journal = repo.path / ".patina/local/active-session.md"

    def commit() -> None:
        name = repo.commit("feat: a step")
        heading = f"Commit {name[:10]}"
        watchers.until(lambda: heading in journal.read_text())

    def entry() -> float:
        with watchers.ours(repo):
            time.sleep(2)
            return wall(commit)() - PAUSES

    load = wall(lambda: subprocess.run([sys.executable, "-c", "import git"], check=True))
    return load, entry


def _pair(
    a: Callable[[Repo], Measure], b: Callable[[Repo], Measure]
) -> Callable[[Path], tuple[Measure, Measure]]:
    def prepare(folder: Path) -> tuple[Measure, Measure]:
        repo = watchers.prepared(folder)
        return a(repo), b(repo)

    return prepare


BENCHES = (
    Bench(
        name="watch-folders",
        a="kernel watches of watchdog used plainly",
        b="of the watcher",
        bar=1100 / watchers.FOLDERS,
        prepare=_pair(
            lambda r: _of(watchers.plain, r, watchers.Contender.watches),
            lambda r: _of(watchers.ours, r, watchers.Contender.watches),
        ),
        rounds=1,
        counts="watches",
    ),
    Bench(
        name="watch-folders-watchfiles",
        a="kernel watches of watchfiles",
        b="of the watcher",
        bar=1100 / watchers.FOLDERS,
        prepare=_pair(
            lambda r: _of(watchers.watchfiles, r, watchers.Contender.watches),
            lambda r: _of(watchers.ours, r, watchers.Contender.watches),
        ),
        rounds=1,
        counts="watches",
    ),
    Bench(
        name="watch-ready",
        a="seconds until watchdog used plainly sees everything",
        b="until the watcher does",
        bar=1.0,
        prepare=_pair(lambda r: _ready(watchers.plain, r), lambda r: _ready(watchers.ours, r)),
        rounds=5,
    ),
    Bench(
        name="watch-ready-watchfiles",
        a="seconds until watchfiles sees everything",
        b="until the watcher does, with what git ignores looked up",
        bar=2.0,
        prepare=_pair(lambda r: _ready(watchers.watchfiles, r), lambda r: _ready(watchers.ours, r)),
        rounds=5,
    ),
    Bench(
        name="watch-saves",
        a="CPU seconds of watchdog used plainly for 10,000 saves, most of them lost",
        b="of the watcher, none lost",
        bar=0.5,
        prepare=_pair(
            lambda r: _saves(watchers.plain, r, all_of_them=False),
            lambda r: _saves(watchers.ours, r, all_of_them=True),
        ),
        rounds=3,
    ),
    Bench(
        name="watch-saves-watchfiles",
        a="CPU seconds of watchfiles for 10,000 saves",
        b="of the watcher, with git's word on every file",
        bar=2.0,
        prepare=_pair(
            lambda r: _saves(watchers.watchfiles, r, all_of_them=False),
            lambda r: _saves(watchers.ours, r, all_of_them=True),
        ),
        rounds=3,
    ),
    Bench(
        name="watch-memory",
        a="60 megabytes",
        b="resident in the watcher after 100,000 events",
        bar=1.0,
        prepare=_pair(lambda _: lambda: 60.0, lambda r: _events(r, 10)),
        rounds=1,
        counts="megabytes",
    ),
    Bench(
        name="watch-growth",
        a="megabytes after 20,000 events",
        b="after 100,000",
        bar=1.1,
        prepare=_pair(lambda r: _events(r, 2), lambda r: _events(r, 10)),
        rounds=1,
        counts="megabytes",
    ),
    Bench(
        name="watch-idle",
        a="10 wake-ups a minute",
        b="of the watcher when nothing happens",
        bar=1.0,
        prepare=_pair(lambda _: lambda: 10.0, _idle),
        rounds=1,
        counts="wake-ups",
    ),
    Bench(
        name="watch-commit",
        a='seconds of python -c "import git"',
        b="from a commit without hooks to its entry, less 0.4 of pauses",
        bar=5.0,
        prepare=_told,
        rounds=7,
    ),
)
