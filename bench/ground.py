"""The ground that benches stand on: an environment with nobody's settings, and repositories in which a session runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from bench.pairs import Measure, cpu
from tests.repository import Repo

# One process a commit and no other.
_STEPS = """
i=0
while [ $i -lt "$1" ]; do
  i=$((i + 1)); echo "$i $$" >"part$((i % 20)).txt"
  git commit --quiet --all -m "feat: step $i of the way" || exit
done
"""


def place() -> str | None:
    """Return the folder in which benches work: in memory where there is such a one and TMPDIR names no other.

    A disk is no even ground. ext4 passes over the inodes of files that were removed in the last minutes, one by one and
    in each folder's own block group: the same rebase took 0.8 or 1.4 s, for eight rounds on end, by where it lay.
    """
    memory = "/dev/shm"
    return memory if "TMPDIR" not in os.environ and os.access(memory, os.W_OK) else None


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Give this process and its children an empty home, and nothing of the user's but PATH.

    So bytecode is kept as Python does by itself, whatever the user's environment says.
    """
    home = folder / "home"
    home.mkdir()
    fixed = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Ada Lovelace",
        "GIT_AUTHOR_EMAIL": "ada@example.org",
        "GIT_COMMITTER_NAME": "Ada Lovelace",
        "GIT_COMMITTER_EMAIL": "ada@example.org",
        "PATINA_WATCH_ENABLED": "false",  # a watcher would outlive the bench
    }
    with mock.patch.dict(os.environ, fixed, clear=True):
        yield


def repository(path: Path) -> Repo:
    """Return a repository with one commit, in which git does not tidy up by itself in the middle of a measurement."""
    repo = Repo.create(path)
    repo.git("config", "gc.auto", "0")
    repo.git("config", "maintenance.auto", "false")
    repo.commit("chore: begin", {f"part{number}.txt": "0\n" for number in range(20)})
    return repo


def steps(repo: Repo, count: int, *, env: Mapping[str, str] | None = None) -> None:
    """Make so many commits of one file each, as fast as git makes them."""
    repo.git("-c", f"alias.steps=!sh -c '{_STEPS}' steps", "steps", str(count), env=env)


def record(repo: Repo) -> None:
    """Begin a session in the repository."""
    repo.patina("init")
    repo.patina("session", "start", "What it costs")


def state(repo: Repo) -> Path:
    """Return the folder that Patina keeps in git's directory."""
    return repo.path / ".git" / "patina"


def hook(repo: Repo, event: str) -> None:
    """Give the repository a hook in sh that does nothing."""
    path = repo.path / ".git" / "hooks" / event
    path.parent.mkdir(exist_ok=True)
    path.write_text("#!/bin/sh\nexit 0\n")
    path.chmod(0o755)


def python(*args: str | Path, cwd: Path) -> Measure:
    """Return a measure of the CPU seconds of a Python of ours."""
    argv: Sequence[str] = [sys.executable, "-P", *map(str, args)]
    return cpu(argv, cwd=cwd)
