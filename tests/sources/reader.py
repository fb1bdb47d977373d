"""A worktree's reading of its reflog, remembered as the recorder would: what was made, what counts, how far it read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from patina_sessions.model import Commit, Fact, Id, Made, Moved, Position, Rebased
from patina_sessions.paths import Common, Layout
from patina_sessions.sources import reflog
from patina_sessions.system import clock
from patina_sessions.system.git import Git
from tests.repository import Repo

# Whether git keeps refs and reflogs in tables here. A test of a promise that we do not keep there expects to fail.
REFTABLE = os.environ.get("TEST_REF_FORMAT") == "reftable"


def layout_of(repo: Repo, key: str = "00000000") -> Layout:
    git_dir, common = repo.git("rev-parse", "--path-format=absolute", "--git-dir", "--git-common-dir").split(
        "\n"
    )
    return Layout(top=repo.path, git=Path(git_dir), common=Common(git=Path(common)), key=key)


@dataclass
class Reader:
    """Reads one worktree; `beside` are the readers of the repository's other worktrees."""

    repo: Repo
    since: datetime | None = None
    beside: list[Reader] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    counts: dict[Id, bool] = field(default_factory=dict)
    position: Position | None = None

    def __post_init__(self) -> None:
        self.layout = layout_of(self.repo)

    @contextmanager
    def git(self) -> Iterator[Git]:
        with Git(self.layout.git, self.layout.top) as git:
            yield git

    def read(
        self, *, now: datetime | None = None, rewrites: Mapping[Id, tuple[Id, ...]] | None = None
    ) -> list[Fact]:
        """Read on, remember, and return what is new."""
        with self.git() as git:
            reading = reflog.read(
                git,
                self.layout,
                self.position,
                since=self.since,
                known=lambda i: any(i in r.counts for r in (self, *self.beside)),
                elsewhere=lambda i: any(i in r.counts for r in self.beside),
                counted=lambda i: any(r.counts.get(i, False) for r in (self, *self.beside)),
                rewrites=rewrites,
                now=now or clock.now() + timedelta(seconds=1),
            )
        self.position = reading.position
        for fact in reading.facts:
            if isinstance(fact.data, Made | Rebased) and fact.data.commit is not None:
                assert fact.data.commit.id not in self.counts, "a commit was told twice"
                self.counts[fact.data.commit.id] = fact.data.counted
        self.facts += reading.facts
        return list(reading.facts)

    def begin(self) -> Reader:
        """Take the position from which reading starts."""
        assert self.read() == []
        return self


def made(facts: list[Fact]) -> list[Commit]:
    """Return the commits that the facts say were made, also by a replay."""
    data = [f.data for f in facts if isinstance(f.data, Made | Rebased)]
    return [d.commit for d in data if d.commit is not None]


def subjects(facts: list[Fact]) -> list[str]:
    return [c.subject for c in made(facts)]


def moves(facts: list[Fact]) -> list[Moved]:
    return [f.data for f in facts if isinstance(f.data, Moved)]


def phases(facts: list[Fact]) -> list[str]:
    return [f.data.phase for f in facts if isinstance(f.data, Rebased)]


def left_behind(past: Repo, reader: Reader, *, commits: int) -> Repo:
    """Return the repository on a branch with so many commits, which `main` has left behind; all of it was told."""
    past.git("checkout", "-q", "-b", "topic")
    for n in range(commits):
        past.commit(f"topic {n}", {f"topic{n}.txt": f"{n}\n"})
    past.git("checkout", "-q", "main")
    past.commit("meanwhile", meanwhile="1")
    past.git("checkout", "-q", "topic")
    reader.read()
    return past
