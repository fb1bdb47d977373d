"""A worktree that is removed in mid-session: what it made last is in its journal, which is finished and found."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.repository import Repo
from tests.waiting import events, quiet, until


@pytest.fixture
def worked(repo: Repo, tmp_path: Path) -> Repo:
    """Return a linked worktree with a session, beside a main one with its own; its last commit nobody recorded."""
    repo.commit("first", a="1\n")
    repo.patina("init")
    repo.patina("session", "start", "in the main one")
    linked = repo.worktree(tmp_path / "linked", "topic")
    linked.patina("session", "start", "in the linked one", "--goal", "one")
    linked.commit("told", b="1\n")
    linked.patina("note", "kept")
    quiet(repo)
    journal = linked.path / ".patina/local/active-session.md"
    journal.write_text(journal.read_text() + "\nby hand\n")
    linked.patina("record")
    quiet(repo)
    linked.write("c.txt", "1\n")
    linked.git("add", "c.txt")
    linked.git("commit", "--quiet", "-m", "untold", env={"PATINA": "0"})
    return linked


def active(repo: Repo) -> str:
    return str(json.loads(repo.patina("session", "status", "--json").stdout)["session"]["id"])


def finished(repo: Repo) -> list[str]:
    return [path.read_text() for path in sorted((repo.path / ".git/patina/archive").glob("*.md"))]


def test_what_it_made_last_is_in_the_journal_that_the_next_commit_elsewhere_finishes(
    repo: Repo, worked: Repo
) -> None:
    before = (repo.path / ".patina/local/active-session.md").read_text()
    made = worked.git("rev-parse", "HEAD")
    repo.git("worktree", "remove", "--force", str(worked.path))
    repo.commit("elsewhere", d="1\n")
    until(lambda: finished(repo), "the recorder to finish it")
    quiet(repo)
    (journal,) = finished(repo)
    assert journal.count(": told\n") == 1
    assert journal.count(f"Commit {made[:10]}: untold\n") == 1
    assert journal.count("\nkept\n") == 1
    assert "by hand" in journal
    assert "- Commits: 2" in journal
    assert "<!-- 1" not in journal.replace("<!-- patina", "")
    after = (repo.path / ".patina/local/active-session.md").read_text()
    assert after.startswith(before)
    assert "untold" not in after
    assert [p.name for p in (repo.path / "layer/sessions").iterdir()] == [".gitkeep"]
    rows = json.loads(repo.patina("list", "--json").stdout)["sessions"]
    assert [row["title"] for row in rows if not row["active"]] == ["in the linked one"]


def test_a_command_finishes_it_too_and_only_once(repo: Repo, worked: Repo) -> None:
    repo.git("worktree", "remove", "--force", str(worked.path))
    repo.patina("record")
    first = finished(repo)
    assert len(first) == 1
    count = len(events(repo))
    repo.patina("record")
    assert finished(repo) == first
    assert len(events(repo)) == count


def test_a_worktree_that_was_moved_goes_on(repo: Repo, worked: Repo, tmp_path: Path) -> None:
    repo.git("worktree", "move", str(worked.path), str(tmp_path / "moved"))
    session = active(Repo(tmp_path / "moved"))
    repo.patina("record")
    assert finished(repo) == []
    assert active(Repo(tmp_path / "moved")) == session


def test_in_a_copy_of_a_repository_the_sessions_of_the_original_are_not_ended(
    repo: Repo, worked: Repo, tmp_path: Path
) -> None:
    subprocess.run(["cp", "-r", str(repo.path), str(tmp_path / "copy")], check=True)
    copy = Repo(tmp_path / "copy")
    copy.patina("record")
    assert finished(copy) == []
    assert active(worked)


@pytest.mark.parametrize("last", ["commit", "amend", "two"])
def test_where_its_branch_went_too_its_last_commits_are_found_among_git_s_objects(
    repo: Repo, worked: Repo, last: str
) -> None:
    if last == "amend":
        worked.git("commit", "--quiet", "--amend", "-m", "untold, better", env={"PATINA": "0"})
    if last == "two":
        worked.git("commit", "--quiet", "--allow-empty", "-m", "untold, too", env={"PATINA": "0"})
    worked.write("c.txt", "2\n")
    worked.git("stash")
    worked.git("stash", "drop")
    made = worked.git("rev-parse", "HEAD")
    repo.git("worktree", "remove", "--force", str(worked.path))
    repo.git("branch", "-D", "topic")
    repo.commit("of the main one", d="1\n")
    repo.git("reset", "--quiet", "--hard", "HEAD~1")
    repo.patina("record")
    (journal,) = finished(repo)
    assert ": told\n" in journal
    assert journal.count(f"Commit {made[:10]}: untold") == 1
    assert journal.count("Found later") == (2 if last != "commit" else 1)
    assert "WIP on" not in journal
    assert "of the main one" not in journal


def test_a_commit_is_kept_though_worktree_and_branch_are_removed_right_after_it(
    repo: Repo, worked: Repo
) -> None:
    worked.git("commit", "--quiet", "--allow-empty", "-m", "the very last")
    repo.git("worktree", "remove", "--force", str(worked.path))
    repo.git("branch", "-D", "topic")
    until(lambda: finished(repo), "the recorder to finish it")
    quiet(repo)
    assert finished(repo)[0].count(": the very last\n") == 1


def test_what_cannot_be_finished_costs_the_recorder_one_try_an_hour_and_keeps_no_other_back(
    repo: Repo, worked: Repo, tmp_path: Path
) -> None:
    second = repo.worktree(tmp_path / "second", "second")
    second.patina("session", "start", "in the second one")
    quiet(repo)
    for gone in (worked, second):
        repo.git("worktree", "remove", "--force", str(gone.path))
    keys = {(state / "top").read_text(): state for state in (repo.path / ".git/patina/worktrees").iterdir()}
    first, other = (keys[str(gone.path)] for gone in (worked, second))
    broken = first if first.name < other.name else other
    log = broken / "events" / "000001.jsonl"
    kept = log.read_bytes()
    log.unlink()
    log.mkdir()
    for n in range(3):
        repo.commit(f"elsewhere {n}", d=f"{n}\n")
        quiet(repo)
    assert len(finished(repo)) == 1
    tries = (repo.path / ".git/patina/log/patina.log").read_text().count("worktrees that are gone")
    assert tries == 1
    log.rmdir()
    log.write_bytes(kept)
    repo.patina("record")
    assert len(finished(repo)) == 2


def test_one_whose_folder_another_has_taken_is_finished_too(repo: Repo, worked: Repo) -> None:
    repo.git("worktree", "remove", "--force", str(worked.path))
    repo.git("worktree", "add", "--quiet", "-b", "another", str(worked.path))
    repo.patina("record")
    (journal,) = finished(repo)
    assert ": told\n" in journal
    worked.patina("session", "start", "in the next one")
    assert "in the next one" in (worked.path / ".patina/local/active-session.md").read_text()


@pytest.mark.parametrize("back", [True, False])
def test_a_repository_that_came_from_another_disk_or_a_backup_goes_on(
    repo: Repo, worked: Repo, tmp_path: Path, back: bool
) -> None:
    session, elsewhere = active(repo), tmp_path / "elsewhere"
    subprocess.run(["cp", "-a", str(repo.path), str(elsewhere)], check=True)
    subprocess.run(["rm", "-rf", str(repo.path)], check=True)
    if back:
        elsewhere.rename(repo.path)
    there = repo if back else Repo(elsewhere)
    there.patina("note", "on again")
    assert active(there) == session
    assert "on again" in (there.path / ".patina/local/active-session.md").read_text()


def test_the_snapshot_of_one_that_is_gone_which_each_commit_would_read_goes_with_its_end(
    repo: Repo, worked: Repo
) -> None:
    repo.git("worktree", "remove", "--force", str(worked.path))
    repo.patina("record")
    gone = [p.parent for p in (repo.path / ".git/patina/worktrees").glob("*/gone")]
    assert [list(p.glob("state.json")) for p in gone] == [[]]
