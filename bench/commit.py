"""What the hooks add to `git commit`, beside what an empty hook adds: in sh, and of the tools that install hooks.

What is added is a millisecond on top of five, so each measurement is itself a median: commit by commit in turn, in a
repository without any hook and in one with. Before each of them the recorder has come home, so that every commit is
one that has to call it: the dearest kind, and the usual one.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from bench import ground
from bench.pairs import Bench, Measure, wall
from tests.repository import Repo
from tests.waiting import quiet

COMMITS = 20
EVENT = "post-commit"
CONFIG = ".pre-commit-config.yaml"


def _commit(repo: Repo) -> Measure:
    return wall(lambda: repo.git("commit", "--quiet", "--allow-empty", "-m", "feat: one more"))


def added(folder: Path, name: str, hang: Callable[[Repo], None], rest: Callable[[Repo], None]) -> Measure:
    """Return a measure of what the hook adds to a commit, in seconds; `rest` comes after each."""
    bare, hooked = (ground.repository(folder / f"{name}-{kind}") for kind in ("bare", "hooked"))
    hang(hooked)
    without, with_hook = _commit(bare), _commit(hooked)

    def once(number: int) -> float:
        # Who comes second finds a warmer machine.
        more = -without() + with_hook() if number % 2 else with_hook() - without()
        rest(hooked)
        return more

    return lambda: statistics.median(once(number) for number in range(COMMITS))


def _prek(repo: Repo) -> None:
    _install(repo, str(Path(sys.executable).with_name("prek")))


def _pre_commit(repo: Repo) -> None:
    _install(repo, sys.executable, "-m", "pre_commit")


def _install(repo: Repo, *tool: str) -> None:
    repo.write(CONFIG, "repos: []\n")
    subprocess.run([*tool, "install", "--hook-type", EVENT], cwd=repo.path, capture_output=True, check=True)


def _against(hang: Callable[[Repo], None]) -> Callable[[Path], tuple[Measure, Measure]]:
    def prepare(folder: Path) -> tuple[Measure, Measure]:
        return added(folder, "other", hang, lambda _: None), added(folder, "patina", ground.record, quiet)

    return prepare


def _bench(tool: str, hang: Callable[[Repo], None], *, bar: float) -> Bench:
    return Bench(
        name=f"commit-{tool}",
        a=f"added to git commit by an empty {EVENT} hook of {tool}",
        b="added by Patina's hooks",
        bar=bar,
        prepare=_against(hang),
        rounds=11,
    )


BENCHES = (
    _bench("sh", lambda repo: ground.hook(repo, EVENT), bar=3),
    _bench("prek", _prek, bar=1 / 3),
    _bench("pre-commit", _pre_commit, bar=1 / 3),
)
