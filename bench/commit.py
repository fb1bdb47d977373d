"""What the hooks add to `git commit`, beside what an empty hook adds: in sh, and of the tools that install hooks.

What is added is a millisecond on top of five, so each measurement is itself made of many: commit by commit in turn, in
a repository without any hook and in one with. After each of them the recorder comes home, so that every commit is one
that has to call it: the dearest kind, and the usual one. CPU seconds are git's and the hook's, without what the hook
leaves running. The wait also has what others do with the machine; of that the least is taken, of CPU the median.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import ground
from bench.pairs import Bench, Measure, cpu, wall
from tests.repository import Repo
from tests.waiting import quiet

COMMITS = 12
EVENT = "post-commit"
CONFIG = ".pre-commit-config.yaml"
COMMIT = ("commit", "--quiet", "--allow-empty", "-m", "feat: one more")


@dataclass(frozen=True)
class Kind:
    """What of a commit is measured, and which of many measurements stands for them."""

    words: str
    of: Callable[[Repo], Measure]
    middle: Callable[[Sequence[float]], float]


CPU = Kind("CPU seconds", lambda repo: cpu(["git", *COMMIT], cwd=repo.path), statistics.median)
WAIT = Kind("the wait", lambda repo: wall(lambda: repo.git(*COMMIT)), min)


def added(
    folder: Path, kind: Kind, hang: Callable[[Repo], None], rest: Callable[[Repo], object] = lambda _: None
) -> Measure:
    """Return a measure of what the hook that `hang` installs adds to a commit; `rest` comes after each."""
    bare, hooked = ground.repository(folder / "bare"), ground.repository(folder / "hooked")
    hang(hooked)
    without, with_hook = kind.of(bare), kind.of(hooked)

    def measure() -> float:
        less, more = [], []
        for _ in range(COMMITS):
            less.append(without())
            more.append(with_hook())
            rest(hooked)
        return kind.middle(more) - kind.middle(less)

    return measure


def _prek(repo: Repo) -> None:
    _install(repo, str(Path(sys.executable).with_name("prek")))


def _pre_commit(repo: Repo) -> None:
    _install(repo, sys.executable, "-m", "pre_commit")


def _install(repo: Repo, *tool: str) -> None:
    repo.write(CONFIG, "repos: []\n")
    subprocess.run([*tool, "install", "--hook-type", EVENT], cwd=repo.path, capture_output=True, check=True)


def _bench(name: str, tool: str, hang: Callable[[Repo], None], *, bar: float, kind: Kind = CPU) -> Bench:
    def prepare(folder: Path) -> tuple[Measure, Measure]:
        return added(folder / tool, kind, hang), added(folder / "patina", kind, ground.record, quiet)

    return Bench(
        name=name,
        a=f"{kind.words} that an empty {EVENT} hook of {tool} adds to git commit",
        b=f"{kind.words} that Patina's hooks add",
        bar=bar,
        prepare=prepare,
        rounds=9,
    )


def _sh(repo: Repo) -> None:
    ground.hook(repo, EVENT)


BENCHES = (
    _bench("commit-sh", "sh", _sh, bar=3),
    _bench("commit-sh-wait", "sh", _sh, bar=3, kind=WAIT),
    _bench("commit-prek", "prek", _prek, bar=1 / 3),
    _bench("commit-pre-commit", "pre-commit", _pre_commit, bar=1 / 3),
)
