"""What `gc` takes and what it leaves: logs of old runs, events of sessions archived long ago; never a journal."""

from __future__ import annotations

import fcntl
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from tests.repository import Repo
from tests.waiting import events, quiet, state_folders

DAY = 86_400


@pytest.fixture
def ready(repo: Repo) -> Repo:
    """Return a repository with three finished sessions, each with a commit."""
    repo.commit("first", a="1\n")
    repo.patina("init")
    for n in (1, 2, 3):
        repo.patina("session", "start", f"work {n}")
        repo.commit(f"commit {n}", a=f"{n}\n")
        repo.patina("session", "end")
    quiet(repo)
    return repo


def age(path: Path, days: float) -> None:
    then = time.time() - days * DAY
    os.utime(path, (then, then))


def segments(repo: Repo) -> list[Path]:
    (state,) = state_folders(repo)
    return sorted((state / "events").iterdir())


def run_log(repo: Repo, name: str, *, days: float, size: int = 10) -> Path:
    (state,) = state_folders(repo)
    path = state / "runs" / f"{name}.log"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"x" * size)
    age(path, days)
    return path


def collected(repo: Repo, *options: str, env: dict[str, str] | None = None) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(repo.patina("gc", "--json", *options, env=env).stdout)
    return said


def journals(repo: Repo) -> dict[str, bytes]:
    found = [*(repo.path / "layer/sessions").glob("*.md"), *(repo.path / ".git/patina/archive").glob("*.md")]
    return {str(path): path.read_bytes() for path in found}


def test_what_is_small_is_told_in_kilobytes(ready: Repo) -> None:
    run_log(ready, "20250101-000000-test", days=31, size=1800)
    said = ready.patina("gc").stdout.splitlines()
    assert said[0].endswith(".log (2 kB): the run is over 30 days old")
    assert said[-1] == "2 kB in all; journals are kept"


def test_segments_whose_sessions_are_archived_go_when_they_are_old_and_no_journal_with_them(
    ready: Repo,
) -> None:
    before = journals(ready)
    for path in segments(ready):
        age(path, 181)
    young = segments(ready)[-1]
    dry = collected(ready, "--dry-run")
    assert len(segments(ready)) == 3
    done = collected(ready)
    assert dry["removed"] == done["removed"]
    assert [row["path"] for row in done["removed"]] == [
        f".git/patina/worktrees/{state_folders(ready)[0].name}/events/00000{n}.jsonl" for n in (1, 2)
    ]
    assert young in segments(ready)
    assert journals(ready) == before
    assert len(before) == 6


def test_after_it_a_session_goes_on_as_before_even_where_the_snapshot_is_lost(ready: Repo) -> None:
    """Numbers go on, nothing that was told is told again, and the last session is still the last."""
    numbers = [e["seq"] for e in events(ready)]
    for path in segments(ready):
        age(path, 181)
    collected(ready)
    (state_folders(ready)[0] / "state.json").unlink()
    ready.patina("session", "start", "work 4")
    made = ready.commit("commit 4", a="4\n")
    ready.patina("record")
    later = [e for e in events(ready) if e["seq"] > max(numbers)]
    assert [e["type"] for e in later] == ["session.started", "git.commit"]
    assert "“work 3”" in later[0]["data"]["context"]
    journal = (ready.path / ".patina/local/active-session.md").read_text()
    assert journal.count("### ") == 2
    assert f"Commit {made[:10]}: commit 4" in journal


def test_young_segments_stay_and_so_do_those_of_a_session_that_is_not_archived(ready: Repo) -> None:
    assert collected(ready)["removed"] == []
    for path in segments(ready):
        age(path, 181)
    first = next(e["data"]["session"] for e in events(ready) if e["type"] == "session.ended")
    (ready.path / f".git/patina/archive/{first}.md").unlink()
    assert collected(ready)["removed"] == []


def test_of_a_remote_that_was_read_long_ago_the_next_push_is_told_and_no_other(
    repo: Repo, tmp_path: Path
) -> None:
    """The record of how far it was read lay in a segment that went."""
    repo.commit("first", a="1\n")
    repo.git("clone", "--quiet", "--bare", ".", str(tmp_path / "origin.git"))
    repo.git("remote", "add", "origin", str(tmp_path / "origin.git"))
    repo.patina("init")
    for n in (1, 2, 3):
        repo.patina("session", "start", f"work {n}")
        repo.commit(f"commit {n}", a=f"{n}\n")
        if n == 1:
            repo.git("push", "--quiet", "origin", "main")
        repo.patina("session", "end")
    quiet(repo)
    assert [e["type"] for e in events(repo)].count("git.push") == 1
    for path in segments(repo):
        age(path, 181)
    assert len(collected(repo)["removed"]) == 2
    (state_folders(repo)[0] / "state.json").unlink()
    silent = {"PATINA": "0"}
    repo.git("commit", "--quiet", "--allow-empty", "-m", "commit 4", env=silent)
    repo.git("push", "--quiet", "origin", "main", env=silent)
    repo.patina("record")
    pushed = [e["subject"] for e in events(repo) if e["type"] == "git.push"]
    assert pushed == [repo.git("rev-parse", "HEAD")]


def test_logs_of_runs_go_by_age_and_then_the_oldest_beyond_the_size(ready: Repo) -> None:
    old = run_log(ready, "old", days=31)
    kept = [run_log(ready, f"kept{n}", days=n, size=1000) for n in (1, 2, 3)]
    assert [Path(row["path"]).name for row in collected(ready)["removed"]] == ["old.log"]
    assert not old.exists()
    collected(ready, env={"PATINA_GC_RUN_BYTES": "2000"})
    assert [path.exists() for path in kept] == [True, True, False]


def test_the_log_of_a_run_that_goes_on_stays(ready: Repo) -> None:
    path = run_log(ready, "long", days=40)
    path.with_suffix(".lock").touch()
    assert collected(ready)["removed"] == []
    assert path.exists()


def test_a_worktree_that_is_being_recorded_is_passed_over(ready: Repo) -> None:
    for path in segments(ready):
        age(path, 181)
    (state,) = state_folders(ready)
    with open(state / "lock", "a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        assert collected(ready)["busy"] == [state.name]
    assert len(segments(ready)) == 3


def test_end_collects_at_most_once_a_day(ready: Repo) -> None:
    def ended(n: int) -> None:
        ready.patina("session", "start", f"again {n}")
        ready.patina("note", "x")
        ready.patina("session", "end")

    first = run_log(ready, "first", days=31)
    ended(1)
    assert first.exists()  # the sessions of this test have just ended: it was done a moment ago
    age(ready.path / ".git/patina/collected", 1.1)
    ended(2)
    assert not first.exists()
    second = run_log(ready, "second", days=31)
    ended(3)
    assert second.exists()


def test_a_project_cannot_have_the_logs_of_its_guests_removed(ready: Repo) -> None:
    path = run_log(ready, "mine", days=1)
    ready.write(".patina/config.toml", "gc.run_days = 0.5\n")
    assert collected(ready)["removed"] == []
    assert path.exists()


def test_of_a_worktree_that_is_gone_for_so_long_nothing_is_kept_but_its_journals(
    ready: Repo, tmp_path: Path
) -> None:
    linked = ready.worktree(tmp_path / "linked", "topic")
    linked.patina("session", "start", "in the linked one")
    linked.commit("theirs", b="1\n")
    quiet(ready)
    ready.git("worktree", "remove", "--force", str(linked.path))
    ready.patina("record")
    [mark] = ready.path.glob(".git/patina/worktrees/*/gone")
    before = journals(ready)
    assert len(before) == 7
    assert collected(ready)["removed"] == []
    age(mark, 181)
    assert collected(ready, "--dry-run")["removed"]
    assert mark.exists()
    (mark.parent / "runs").mkdir(exist_ok=True)
    (mark.parent / "runs/1.bundle").touch()  # work that is not home
    assert collected(ready)["removed"] == []
    (mark.parent / "runs/1.bundle").unlink()
    collected(ready)
    assert not mark.parent.exists()
    assert journals(ready) == before
