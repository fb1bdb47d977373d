"""Our own pushes, told once, and not at the price of three thousand branches."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from patina_sessions.model import Fact, Position, Pushed
from patina_sessions.sources import pushes, reflog_shown, reflog_tail, remotes
from patina_sessions.system import clock, refs
from patina_sessions.system.git import Git
from tests.repository import Repo
from tests.sources.world import forms


class Listener:
    """Reads the pushes of one repository, as the recorder of a worktree does."""

    def __init__(self, repo: Repo) -> None:
        self.git_dir = repo.path / ".git"
        self.positions: dict[str, Position] = {}
        self.theirs: set[str] = set()

    def read(self) -> list[Pushed]:
        return [f.data for f in self.facts() if isinstance(f.data, Pushed)]

    def facts(self) -> list[Fact]:
        now = clock.now() + timedelta(seconds=1)
        with Git(self.git_dir) as git:
            found = pushes.read(
                git, self.git_dir, self.positions, mine=lambda i: i not in self.theirs, now=now
            )
        self.positions |= {p.source: p for p in found.positions}
        return list(found.facts)


@pytest.fixture(params=[*forms(), *(["shown"] if "files" in forms() else [])])
def mine(past: Repo, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """Return a clone of the repository with a past; it pushes into a bare one. Its reflogs are files, or are shown."""
    form = ["--ref-format=reftable"] if request.param == "reftable" else []
    past.git("clone", "-q", "--bare", str(past.path), str(tmp_path / "bare.git"))
    past.git("clone", "-q", *form, str(tmp_path / "bare.git"), str(tmp_path / "mine"))
    if request.param == "shown":
        monkeypatch.setattr(refs, "has_reftable", lambda _: True)
        monkeypatch.setattr(reflog_shown, "changed", lambda _: int(clock.wall() * 1e9))
    return Repo(tmp_path / "mine")


@pytest.fixture
def listener(mine: Repo) -> Iterator[Listener]:
    listener = Listener(mine)
    assert listener.read() == []
    yield listener
    assert listener.read() == []  # whatever was told is told once


def test_a_push_says_what_went_where(mine: Repo, listener: Listener) -> None:
    old = mine.git("rev-parse", "HEAD")
    mine.commit("one", one="1")
    new = mine.commit("two", two="2")
    mine.git("push", "-q")
    assert listener.read() == [Pushed(remote="origin/main", old=old, new=new, commits=2, forced=False)]


def test_a_push_by_force_says_so(mine: Repo, listener: Listener) -> None:
    mine.commit("one", one="1")
    mine.git("push", "-q")
    mine.git("commit", "-q", "--amend", "-m", "better")
    mine.git("push", "-q", "--force")
    first, second = listener.read()
    assert (first.forced, first.commits) == (False, 1)
    assert (second.forced, second.commits, second.old) == (True, 1, first.new)


def test_a_new_branch_counts_what_no_other_remote_branch_has(mine: Repo, listener: Listener) -> None:
    mine.git("checkout", "-q", "-b", "feature/deep/topic")
    mine.commit("one", one="1")
    new = mine.commit("two", two="2")
    mine.git("push", "-q", "-u", "origin", "HEAD")
    assert listener.read() == [Pushed(remote="origin/feature/deep/topic", old=None, new=new, commits=2)]


def test_a_fetch_is_no_push(mine: Repo, listener: Listener, tmp_path: Path) -> None:
    mine.git("clone", "-q", str(tmp_path / "bare.git"), str(tmp_path / "theirs"))
    theirs = Repo(tmp_path / "theirs")
    theirs.commit("theirs", theirs="1")
    theirs.git("push", "-q")
    mine.git("fetch", "-q")
    assert listener.read() == []
    mine.git("merge", "-q", "--ff-only")
    mine.commit("mine", mine="1")
    mine.git("push", "-q")
    assert [p.commits for p in listener.read()] == [1]


def test_a_push_before_the_first_reading_is_not_told_later(mine: Repo) -> None:
    mine.commit("before", before="1")
    mine.git("push", "-q")
    listener = Listener(mine)
    assert listener.read() == []
    mine.commit("after", after="1")
    mine.git("push", "-q")
    assert [p.new for p in listener.read()] == [mine.git("rev-parse", "HEAD")]


def test_a_push_with_a_fetch_behind_it_before_the_first_reading_is_not_told_later(
    mine: Repo, tmp_path: Path
) -> None:
    mine.commit("before", before="1")
    mine.git("push", "-q", env={"GIT_COMMITTER_DATE": "1700000100 +0000"})
    mine.git("clone", "-q", str(tmp_path / "bare.git"), str(tmp_path / "theirs"))
    theirs = Repo(tmp_path / "theirs")
    theirs.commit("theirs", theirs="1")
    theirs.git("push", "-q")
    mine.git("pull", "-q", "--ff-only")
    listener = Listener(mine)
    assert listener.read() == []
    mine.commit("after", after="1")
    mine.git("push", "-q")
    assert [p.new for p in listener.read()] == [mine.git("rev-parse", "HEAD")]


def test_a_push_within_the_tick_of_the_reading_before_is_told(
    mine: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = int(clock.wall() * 1e9)
    monkeypatch.setattr(remotes, "folders", lambda _: ("the same", now))
    monkeypatch.setattr(reflog_shown, "changed", lambda _: now)
    monkeypatch.setattr(clock, "wall", lambda: now / 1e9)
    listener = Listener(mine)
    assert listener.read() == []
    mine.commit("one", one="1")
    mine.git("push", "-q")
    assert len(listener.read()) == 1


def test_pushes_one_behind_the_other_within_one_tick_are_all_told(mine: Repo, listener: Listener) -> None:
    told = []
    for n in range(8):
        mine.commit(f"c{n}", {f"f{n}": "1"})
        mine.git("push", "-q")
        told += listener.read()
    assert [p.commits for p in told] == [1] * 8


def test_a_deleted_remote_branch_and_a_pruned_one_are_no_pushes(mine: Repo, listener: Listener) -> None:
    mine.git("push", "-q", "origin", "HEAD:refs/heads/short")
    assert len(listener.read()) == 1
    mine.git("push", "-q", "origin", ":short")
    mine.git("fetch", "-q", "--prune")
    assert listener.read() == []


def test_a_push_of_somebody_else_s_commits_from_here_is_not_ours_to_tell(
    mine: Repo, listener: Listener
) -> None:
    commit = mine.commit("in another worktree", one="1")
    listener.theirs.add(commit)
    mine.git("push", "-q")
    assert listener.read() == []


def test_after_the_reflogs_were_expired_the_next_push_is_told(mine: Repo, listener: Listener) -> None:
    mine.commit("one", one="1")
    mine.git("push", "-q")
    assert len(listener.read()) == 1
    mine.git("reflog", "expire", "--expire=now", "--all")
    mine.commit("two", two="1")
    mine.git("push", "-q")
    assert [p.commits for p in listener.read()] == [1]


def test_with_packed_refs_a_push_is_told(mine: Repo, listener: Listener) -> None:
    mine.git("pack-refs", "--all")
    mine.commit("one", one="1")
    mine.git("push", "-q")
    assert [p.commits for p in listener.read()] == [1]


def test_a_push_of_2001_is_told_once_its_branch_was_pushed_before(mine: Repo, listener: Listener) -> None:
    mine.commit("one", one="1")
    mine.git("push", "-q")
    listener.read()
    mine.commit("two", two="1")
    mine.git("push", "-q", env={"GIT_COMMITTER_DATE": "978307200 +0000"})
    assert len(listener.read()) == 1


def test_a_push_s_time_is_not_after_now(mine: Repo, listener: Listener) -> None:
    mine.commit("one", one="1")
    mine.git("push", "-q", env={"GIT_COMMITTER_DATE": "@4000000000 +0000"})
    (fact,) = listener.facts()
    assert fact.time <= clock.now() + timedelta(seconds=2)


def test_without_a_remote_nothing_is_kept_but_the_place(past: Repo) -> None:
    listener = Listener(past)
    assert listener.read() == []
    assert set(listener.positions) <= {pushes.ALL}
    assert listener.read() == []


def noted(function: Callable[..., object], looked: list[object]) -> Callable[..., object]:
    def calling(*args: object, **named: object) -> object:
        looked.append(args)
        return function(*args, **named)

    return calling


def test_three_thousand_branches_are_not_read_when_nobody_touched_them(
    mine: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    if refs.has_reftable(mine.path / ".git"):
        return  # there one file has the time of all
    head = mine.git("rev-parse", "HEAD")
    git_dir = mine.path / ".git"
    line = f"{'0' * 40} {head} A <a@x> 1700000000 +0000\tfetch: storing head\n"
    for n in range(3000):
        name = f"origin/team{n % 30}/branch{n}"
        for path, text in (
            (git_dir / "logs/refs/remotes" / name, line),
            (git_dir / "refs/remotes" / name, f"{head}\n"),
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            os.utime(path, (1_690_000_000, 1_690_000_000))
    for folder in [*(git_dir / "refs/remotes").rglob("*"), git_dir / "refs/remotes"]:
        if folder.is_dir():
            os.utime(folder, (1_700_000_000, 1_700_000_000))
    listener = Listener(mine)
    assert listener.read() == []
    looked: list[object] = []
    for module, name in ((reflog_tail, "read"), (reflog_tail, "last_lines"), (remotes, "logs")):
        monkeypatch.setattr(module, name, noted(getattr(module, name), looked))
    assert listener.read() == []
    assert looked == []
    assert len(listener.positions) == 1
    mine.commit("one", one="1")
    mine.git("push", "-q")
    assert len(listener.read()) == 1
    assert looked
    assert not any("/team" in repr(args) for args in looked)
