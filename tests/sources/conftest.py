"""A repository with a past, and a reader that begins where the past ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.repository import Repo
from tests.sources.reader import Reader


@pytest.fixture
def past(repo: Repo) -> Repo:
    """Return a repository with three commits of last year, on `main`."""
    for n in range(3):
        repo.write(f"past{n}.txt", f"{n}\n")
        repo.git("add", "-A")
        date = {
            "GIT_COMMITTER_DATE": f"@{1_700_000_000 + n} +0000",
            "GIT_AUTHOR_DATE": f"@{1_700_000_000 + n} +0000",
        }
        repo.git("commit", "-q", "-m", f"past {n}", env=date)
    return repo


@pytest.fixture
def reader(past: Repo) -> Reader:
    """Return a reader of that repository; nothing of the past is told."""
    return Reader(past).begin()


@pytest.fixture
def clone(past: Repo, tmp_path: Path) -> Callable[[str, str], Repo]:
    """Return a maker of clones of it: `clone("bob", "bob@example.org")`; its origin is the repository itself."""

    def make(name: str, mail: str) -> Repo:
        past.git("clone", "-q", str(past.path), str(tmp_path / name))
        repo = Repo(tmp_path / name)
        repo.git("config", "user.name", name)
        repo.git("config", "user.email", mail)
        return repo

    return make
