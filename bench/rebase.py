"""What the hooks add to a rebase of 300 commits, and how many recorders it starts.

CPU seconds are git's and the hooks', without the recorder's; the wait also has what others do with the machine.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench import ground
from bench.pairs import Bench, Measure, cpu, wall
from tests.repository import Repo
from tests.waiting import quiet

COMMITS = 300
REBASE = ("rebase", "--quiet", "main")


def _branches(path: Path) -> Repo:
    """Return a repository on `topic`, which has left `main` one commit ago and has commits of its own."""
    repo = ground.repository(path)
    repo.git("checkout", "--quiet", "-b", "topic")
    ground.steps(repo, COMMITS)
    repo.git("checkout", "--quiet", "main")
    repo.commit("fix: meanwhile", meanwhile="1\n")
    repo.git("checkout", "--quiet", "topic")
    repo.git("tag", "before")
    return repo


def _recorded(folder: Path) -> Repo:
    repo = _branches(folder / "patina")
    ground.record(repo)
    return repo


def _cpu(repo: Repo) -> Measure:
    return cpu(["git", *REBASE], cwd=repo.path)


def _wait(repo: Repo) -> Measure:
    return wall(lambda: repo.git(*REBASE))


def _rebase(repo: Repo, timed: Callable[[Repo], Measure]) -> Measure:
    rebase = timed(repo)

    def measure() -> float:
        repo.git("reset", "--quiet", "--hard", "before")
        return rebase()

    return measure


def _then_quiet(repo: Repo, measure: Measure) -> Measure:
    def measured() -> float:
        seconds = measure()
        quiet(repo)
        return seconds

    return measured


def _bench(name: str, words: str, timed: Callable[[Repo], Measure]) -> Bench:
    def prepare(folder: Path) -> tuple[Measure, Measure]:
        empty = _branches(folder / "empty")
        ground.hook(empty, "post-commit")
        recorded = _recorded(folder)
        return _rebase(empty, timed), _then_quiet(recorded, _rebase(recorded, timed))

    return Bench(
        name=name,
        a=f"{words} of a rebase of {COMMITS} commits, an empty sh hook",
        b="the same, Patina's hooks",
        bar=1.1,
        prepare=prepare,
        rounds=7,
    )


def _recorders(repo: Repo) -> Measure:
    """Return a count of the recorders that one rebase starts: each says in Patina's log when it is done."""
    rebase = _then_quiet(repo, _rebase(repo, _wait))
    log = ground.state(repo) / "log" / "patina.log"

    def said() -> int:
        return log.read_bytes().count(b" INFO worktree ") if log.exists() else 0

    def measure() -> float:
        before = said()
        rebase()
        return float(said() - before)

    return measure


def _prepare_count(folder: Path) -> tuple[Measure, Measure]:
    return lambda: 1.0, _recorders(_recorded(folder))


BENCHES = (
    _bench("rebase", "CPU seconds", _cpu),
    _bench("rebase-wait", "the wait", _wait),
    Bench(
        name="rebase-recorders",
        a="one recorder",
        b=f"recorders that a rebase of {COMMITS} commits starts",
        bar=1,
        prepare=_prepare_count,
        rounds=9,
        counts="recorders",
    ),
)
