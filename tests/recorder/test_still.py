"""A command that finds nothing new asks no source; and whatever may be new, it asks."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from patina_sessions.recorder import drain, still
from patina_sessions.session import active
from patina_sessions.system import clock
from tests.repository import Repo
from tests.sources.reader import REFTABLE
from tests.waiting import quiet, until


@pytest.fixture
def at_rest(repo: Repo, new_repo: Callable[..., Repo]) -> Repo:
    """Return a repository in the middle of a session, with a remote, in which everything is recorded."""
    repo.commit("first", a="1")
    repo.git("remote", "add", "origin", str(new_repo("origin", "--bare").path))
    repo.git("push", "--quiet", "origin", "main")
    repo.patina("init")
    repo.patina("session", "start", "Rest")
    repo.commit("second", a="2")
    quiet(repo)
    until(lambda: _rests(repo), "a look that was not in the same tick as a change")
    return repo


def _rests(repo: Repo) -> bool:
    """Record, and tell whether the next command would have nothing to ask."""
    here = active.here(repo.path)
    drain.drain(here.layout, here.settings, clock.now())
    return still.holds(here.layout, drain.peek(here.layout, here.settings))


def _holds(repo: Repo) -> bool:
    here = active.here(repo.path)
    return still.holds(here.layout, drain.peek(here.layout, here.settings))


def _git(*args: str) -> Callable[[Repo], object]:
    return lambda repo: repo.git(*args, env={"PATINA": "0"})


def _file(name: str) -> Callable[[Repo], object]:
    def make(repo: Repo) -> None:
        layout = active.here(repo.path).layout
        path = Path(name.format(state=layout.state, home=layout.common.home, watched=layout.watched))
        path.parent.mkdir(exist_ok=True)
        path.write_text("")

    return make


def _journal(change: Callable[[Path], object]) -> Callable[[Repo], object]:
    return lambda repo: change(repo.path / ".patina/local/active-session.md")


def _moved_unseen(repo: Repo) -> None:
    tree = repo.git("rev-parse", "HEAD^{tree}")
    commit = repo.git("commit-tree", "-p", "HEAD", "-m", "unseen", tree)
    if REFTABLE:  # there no move is without a line
        repo.git("update-ref", "refs/heads/main", commit)
    else:
        (repo.path / ".git/refs/heads/main").write_text(f"{commit}\n")


def _another_branch_unseen(repo: Repo) -> None:
    """At the same commit, and without a line in the reflog."""
    repo.git("branch", "other")
    if REFTABLE:  # there no move is without a line
        repo.git("symbolic-ref", "HEAD", "refs/heads/other")
    else:
        (repo.path / ".git/HEAD").write_text("ref: refs/heads/other\n")


CHANGES: dict[str, Callable[[Repo], object]] = {
    "a commit": _git("commit", "--quiet", "--allow-empty", "-m", "third"),
    "an amend": _git("commit", "--quiet", "--amend", "-m", "second, better"),
    "a checkout": _git("checkout", "--quiet", "-b", "other"),
    "a detached head": _git("checkout", "--quiet", "--detach"),
    "a reset": _git("reset", "--quiet", "--hard", "HEAD~1"),
    "a branch moved without a line": _moved_unseen,
    "another branch without a line": _another_branch_unseen,
    "a push": _git("push", "--quiet", "origin", "main"),
    "a reflog expired": _git("reflog", "expire", "--expire=now", "--all"),
    "a rewrite map": _file("{home}/spool/rewrite-rebase-1.in"),
    "a batch of the watcher": _file("{watched}/1.in"),
    "a run": _file("{state}/runs/1.lock"),
    "a person's line in the journal": _journal(lambda path: path.write_text(f"{path.read_text()}mine\n")),
    "a journal taken away": _journal(os.unlink),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_may_be_new_is_looked_at(at_rest: Repo, change: str) -> None:
    assert _holds(at_rest)
    CHANGES[change](at_rest)
    assert not _holds(at_rest)


def test_a_commit_after_a_rest_is_recorded_once(at_rest: Repo) -> None:
    at_rest.commit("third")
    quiet(at_rest)
    at_rest.patina("session", "status")
    until(lambda: _rests(at_rest), "rest")
    journal = (at_rest.path / ".patina/local/active-session.md").read_text()
    assert [journal.count(f": {subject}") for subject in ("first", "second", "third")] == [0, 1, 1]


def test_a_look_at_what_is_nothing_to_us_leaves_the_log_as_it_was(at_rest: Repo) -> None:
    """In reftables a tag changes the time of every reflog: that is remembered, and told nobody."""
    (log,) = at_rest.path.glob(".git/patina/worktrees/*/events/*.jsonl")
    before = log.read_bytes()
    at_rest.git("tag", "nothing-to-us")
    until(lambda: _rests(at_rest), "rest")
    assert log.read_bytes() == before
    made = at_rest.commit("third")
    quiet(at_rest)
    assert made.encode() in log.read_bytes().removeprefix(before)


def test_in_a_rebase_every_command_looks(at_rest: Repo) -> None:
    at_rest.git("rebase", "--quiet", "--exec", "false", "--force-rebase", "HEAD~1", check=False)
    quiet(at_rest)
    assert not _rests(at_rest)
    at_rest.git("rebase", "--quit")
    until(lambda: _rests(at_rest), "rest")


def test_a_change_in_the_tick_of_the_look_is_looked_at_again(
    at_rest: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = active.here(at_rest.path).layout
    changed = (layout.git / ("reftable/tables.list" if REFTABLE else "logs/HEAD")).stat().st_mtime
    monkeypatch.setattr(clock, "wall", lambda: changed + 0.01)
    assert still.token(layout) is None
    monkeypatch.setattr(clock, "wall", lambda: changed + 1)
    assert still.token(layout) is not None
