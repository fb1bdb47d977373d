"""A session whose event log was lost goes on from its journal; nobody else's journal is taken for it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.repository import Repo
from tests.waiting import quiet

SECRET = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" * 2
ACTIVE = ".patina/local/active-session.md"


@pytest.fixture
def working(repo: Repo) -> Repo:
    """Return a repository with a session, a commit and a note in it, and all of it in the journal."""
    repo.commit("first", a="1\n")
    repo.patina("init")
    repo.patina("session", "start", "the work", "--goal", "one")
    repo.commit("told", a="2\n")
    repo.patina("note", "a precious note")
    quiet(repo)
    return repo


def _empty_log(repo: Repo) -> None:
    for segment in repo.path.glob(".git/patina/worktrees/*/events/*"):
        segment.write_bytes(b"")


def _no_worktrees(repo: Repo) -> None:
    shutil.rmtree(repo.path / ".git/patina/worktrees")


def _nothing(repo: Repo) -> None:
    shutil.rmtree(repo.path / ".git/patina")
    repo.patina("init")


def status(repo: Repo) -> Any:
    return json.loads(repo.patina("session", "status", "--json").stdout)["session"]


@pytest.mark.parametrize("lose", [_empty_log, _no_worktrees, _nothing])
def test_the_session_goes_on_and_ends_with_all_that_was_made(
    working: Repo, lose: Callable[[Repo], None]
) -> None:
    before = status(working)
    lose(working)
    working.write("b.txt", "1\n")
    working.git("add", "b.txt")
    working.git("commit", "--quiet", "-m", "untold", env={"PATINA": "0"})
    said = working.patina("session", "status", "--json")
    after = json.loads(said.stdout)["session"]
    for name in ("id", "title", "started", "llm", "branch", "commit", "tag"):
        assert after[name] == before[name], name
    assert "event log was lost" in said.stderr
    working.patina("note", "another")
    working.patina("session", "end")
    (listed,) = json.loads(working.patina("list", "--json").stdout)["sessions"]
    assert (listed["id"], listed["commits"], listed["files"]) == (before["id"], 2, 2)
    journal = (working.path / f"layer/sessions/{before['id']}.md").read_text()
    for words in (": told\n", ": untold\n", "\na precious note\n", "\nanother\n", "## Activity Log"):
        assert journal.count(words) == 1, words
    assert ": first\n" not in journal
    assert before["id"] in working.patina("search", "precious").stdout


def test_a_log_that_went_after_the_end_brings_no_session_back(working: Repo) -> None:
    working.patina("session", "end")
    _empty_log(working)
    assert status(working) is None
    assert len(list(working.path.glob(".git/patina/archive/*"))) == 1


def test_a_session_whose_journal_went_as_well_goes_on_from_the_copy_in_the_git_directory(
    working: Repo,
) -> None:
    before = status(working)["id"]
    shutil.rmtree(working.path / ".patina")
    _empty_log(working)
    assert status(working)["id"] == before
    assert "a precious note" in (working.path / ACTIVE).read_text()


def test_a_journal_that_a_checkout_brought_is_no_session_of_ours(working: Repo) -> None:
    theirs = (working.path / ACTIVE).read_text()
    working.git("add", "--force", ACTIVE)
    shutil.rmtree(working.path / ".git/patina")
    working.patina("init")
    assert status(working) is None
    (aside,) = working.path.glob(".git/patina/discarded/*")
    assert aside.read_text() == theirs


def test_a_journal_that_says_another_beginning_than_the_reflog_is_no_session_of_ours(working: Repo) -> None:
    journal = working.path / ACTIVE
    shutil.rmtree(working.path / ".git/patina")
    journal.write_text(re.sub(r"\*\*Started\*\*: [0-9]*", "**Started**: 2001", journal.read_text()))
    working.patina("init")
    assert status(working) is None


@pytest.mark.parametrize("line", ["", "**Started**: 0001-01-01T00:00:00+14:00\n", "**Started**: soon\n"])
def test_whatever_a_person_made_of_the_line_that_says_when_it_began_it_goes_on(
    working: Repo, line: str
) -> None:
    journal = working.path / ACTIVE
    text = journal.read_text().replace("- [ ] one\n", f"- [ ] one\n- [ ] use {SECRET}\n")
    journal.write_text(re.sub(r"\*\*Started\*\*: .*\n", line, text))
    working.patina("record")
    session = status(working)["id"]
    _empty_log(working)
    assert status(working)["id"] == session
    (log,) = working.path.glob(".git/patina/worktrees/*/events/*")
    assert SECRET not in log.read_text()


def test_a_copy_of_a_repository_takes_up_nothing(working: Repo, tmp_path: Path) -> None:
    shutil.copytree(working.path, tmp_path / "copy", symlinks=True)
    copy = Repo(path=tmp_path / "copy")
    _empty_log(copy)
    assert status(copy) is None
