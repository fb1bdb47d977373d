"""What the recorder costs for one new commit, early and late in a session: it must not grow with what it knows."""

from __future__ import annotations

from pathlib import Path

from bench import ground
from bench.pairs import Bench, Measure
from tests.repository import Repo

EARLY, LATE = 10, 5000
UNHEARD = {"PATINA": "0"}  # the hooks do not ring, so that the wake is the one that is measured


def _at(path: Path, commits: int) -> Repo:
    """Return a repository whose session has recorded so many commits."""
    repo = ground.repository(path)
    ground.record(repo)
    ground.steps(repo, commits, env=UNHEARD)
    repo.patina("record")
    repo.git("gc", "--quiet")
    return repo


def _wake(repo: Repo) -> Measure:
    bell = ground.python("-m", "patina_sessions.recorder", ground.state(repo), repo.path, "", cwd=repo.path)
    journal = repo.path / ".patina/local/active-session.md"

    def measure() -> float:
        ground.steps(repo, 1, env=UNHEARD)
        told = _headings(journal)
        seconds = bell()
        if _headings(journal) != told + 1:
            raise AssertionError("a wake did not record the one commit that was new")
        return seconds

    return measure


def _headings(journal: Path) -> int:
    return journal.read_bytes().count(b"\n### ")


def _prepare(folder: Path) -> tuple[Measure, Measure]:
    return _wake(_at(folder / "early", EARLY)), _wake(_at(folder / "late", LATE))


BENCHES = (
    Bench(
        name="wake",
        a=f"CPU seconds of the recorder's wake, {EARLY} commits into a session",
        b=f"the same, {LATE:,} commits into a session",
        bar=1.25,
        prepare=_prepare,
        rounds=25,
    ),
)
