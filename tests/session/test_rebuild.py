"""A journal that is made anew from its events is the one that was archived, byte for byte, and lies beside it."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.repository import Repo
from tests.waiting import quiet


@pytest.fixture
def worked(repo: Repo) -> Repo:
    """Return a repository in whose second session everything has happened that a command can do."""
    repo.commit("first", a="1\n")
    repo.patina("init")
    repo.patina("session", "start", "before", "--goal", "left open")
    repo.patina("note", "x")
    repo.patina("session", "end")
    repo.patina("session", "start", "the work", "--goal", "one", "--goal", "two")
    repo.commit("a commit\n\nwith a body", a="2\n")
    repo.git("commit", "--quiet", "--amend", "-m", "amended <!-- 17 -->")
    repo.patina("note", "# no heading\n\nof *ours*")
    repo.patina("goal", "a third")
    repo.patina("goal", "--done", "2")
    repo.patina("rename", "another title")
    repo.patina("session", "update", "--work", "some", "--decision", "one")
    repo.git("checkout", "--quiet", "-b", "topic")
    repo.commit("on the topic", b="1\n")
    repo.patina("record")
    quiet(repo)
    return repo


def ended(repo: Repo) -> str:
    return str(json.loads(repo.patina("session", "end", "--json").stdout)["id"])


def rebuilt(repo: Repo, session: str) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(repo.patina("rebuild", session, "--json").stdout)
    return said


def test_an_archived_journal_is_made_anew_byte_for_byte(worked: Repo) -> None:
    session = ended(worked)
    archived = (worked.path / f"layer/sessions/{session}.md").read_bytes()
    said = rebuilt(worked, session)
    assert Path(said["path"]).read_bytes() == archived
    assert said["same"] is True


def test_of_one_that_was_damaged_all_that_was_recorded_comes_back_beside_it(worked: Repo) -> None:
    session = ended(worked)
    first, second = (
        worked.path / f"layer/sessions/{session}.md",
        worked.path / f".git/patina/archive/{session}.md",
    )
    whole = first.read_bytes()
    meta = whole.index(b"<!-- patina:")
    for path in (first, second):
        path.write_bytes(b"half of it")
    said = rebuilt(worked, session)
    made = Path(said["path"]).read_bytes()
    assert made[:meta] == whole[:meta]
    assert said["same"] is False
    assert first.read_bytes() == b"half of it"


def test_the_session_in_progress_too(worked: Repo) -> None:
    journal = worked.path / ".patina/local/active-session.md"
    session = json.loads(worked.patina("session", "status", "--json").stdout)["session"]["id"]
    said = rebuilt(worked, session)
    assert Path(said["path"]).read_bytes() == journal.read_bytes()
    journal.write_bytes(journal.read_bytes() + b"\nby hand\n")
    assert rebuilt(worked, session)["same"] is False


def test_it_says_which_one_it_was_compared_with_and_how_to_look(worked: Repo) -> None:
    session = ended(worked)
    path = f"layer/sessions/{session}.md"
    assert rebuilt(worked, session)["old"] == path
    assert worked.patina("rebuild", session).stdout.endswith(f".rebuilt. It says the same as {path}.\n")
    (worked.path / path).write_text("half of it\n")
    (worked.path / "deep").mkdir()
    said = worked.patina("rebuild", session, cwd=worked.path / "deep").stdout
    written, _, how = said.removeprefix("Written: ").partition(". It differs from ")
    words, _, command = how.partition(": ")
    assert words == path
    looked = subprocess.run(shlex.split(command), cwd=worked.path / "deep", capture_output=True, text=True)
    assert (looked.returncode, "< half of it\n" in looked.stdout) == (1, True)
    for lost in (worked.path / path, Path(written).with_suffix("")):
        lost.unlink()
    assert worked.patina("rebuild", session).stdout.endswith(" There is no other to compare it with.\n")
    assert rebuilt(worked, session)["old"] is None


def test_no_reader_takes_it_for_a_journal_and_an_older_one_stays(worked: Repo) -> None:
    session = ended(worked)
    first = Path(rebuilt(worked, session)["path"])
    assert rebuilt(worked, session)["path"] == str(first)  # the same bytes are there already
    first.write_text("a person has written here\n")
    assert rebuilt(worked, session)["path"] == f"{first}-2"
    assert first.read_text() == "a person has written here\n"
    rows = json.loads(worked.patina("list", "--all", "--json").stdout)["sessions"]
    assert len(rows) == 2


def test_a_session_of_another_worktree_is_found(worked: Repo, tmp_path: Path) -> None:
    session = ended(worked)
    linked = worked.worktree(tmp_path / "linked", "linked")
    assert rebuilt(linked, session)["same"] is True


def test_without_its_events_it_says_so(worked: Repo) -> None:
    session = ended(worked)
    worked.write("layer/sessions/20200101-000000.md", "# Session: of long ago\n")
    done = worked.patina("rebuild", "20200101-000000", check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 2)
    for segment in (worked.path / ".git/patina/worktrees").glob("*/events/*"):
        segment.unlink()
    done = worked.patina("rebuild", session, check=False)
    assert "are not kept any more" in done.stderr
