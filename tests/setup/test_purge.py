"""What `uninstall` takes of sessions and what it leaves, said in words that lead to it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.repository import Repo
from tests.twins import snapshot
from tests.waiting import quiet


@pytest.fixture
def ready(repo: Repo) -> Repo:
    """Return a repository with a commit, Patina, and a session with a note."""
    repo.commit("first", a="1\n")
    repo.patina("init")
    repo.patina("session", "start", "the work")
    repo.patina("note", "the only copy of this")
    quiet(repo)
    return repo


def active(repo: Repo) -> str:
    return str(json.loads(repo.patina("session", "status", "--json").stdout)["session"]["id"])


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_a_purge_takes_no_session_in_progress_and_says_what_to_do_first(
    ready: Repo, options: tuple[str, ...]
) -> None:
    session, before = active(ready), snapshot(ready.path)
    done = ready.patina("uninstall", "--purge", *options, check=False)
    assert done.returncode == 1
    error, hint = done.stderr.splitlines()
    assert error == f"Error: the session {session} is in progress"
    assert hint.startswith("Hint: End it first: patina session end. With --lose-session")
    assert snapshot(ready.path) == before


def test_nor_one_of_another_worktree_which_is_named(ready: Repo, tmp_path: Path) -> None:
    session = active(ready)
    other = ready.worktree(tmp_path / "other", "side")
    other.patina("record")
    done = other.patina("uninstall", "--purge", check=False)
    assert done.returncode == 1
    assert f"the session {session} is in progress in {ready.path}\n" in done.stderr
    assert "End it first, there: patina session end" in done.stderr
    ready.patina("session", "end")
    other.patina("uninstall", "--purge")
    assert not (ready.path / ".git/patina").exists()


def test_who_may_lose_the_session_says_so_and_nothing_of_it_is_left(ready: Repo) -> None:
    ready.patina("uninstall", "--purge", "--lose-session")
    assert not (ready.path / ".git/patina").exists()
    assert not (ready.path / ".patina/local").exists()


def test_to_lose_a_session_is_for_a_purge_alone(ready: Repo) -> None:
    before = snapshot(ready.path)
    done = ready.patina("uninstall", "--lose-session", check=False)
    assert (done.returncode, "--purge" in done.stderr) == (2, True)
    assert snapshot(ready.path) == before


def test_the_journal_that_stays_is_named_with_its_worktree_and_so_is_each_name_of_one(
    ready: Repo, tmp_path: Path
) -> None:
    other = ready.worktree(tmp_path / "other", "side")
    other.patina("session", "start", "beside")
    said = ready.patina("uninstall", "--dry-run").stdout.splitlines()
    stays = [line.partition(": stays")[0] for line in said if ": stays" in line]
    journal = ".patina/local/active-session.md"
    assert sorted(stays) == sorted([journal, f"{other.path}/{journal}", ".git/patina", ".git/patina-id"])
    (name,) = [line for line in said if line.startswith(".git/patina-id: ")]
    assert "1 more" in name
    ready.patina("uninstall")
    assert (ready.path / ".git/patina-id").exists()


def test_without_a_session_no_name_stays_and_none_is_said_to(repo: Repo) -> None:
    repo.commit("first", a="1\n")
    repo.patina("init")
    assert "patina-id: stays" not in repo.patina("uninstall").stdout
    assert not (repo.path / ".git/patina-id").exists()
