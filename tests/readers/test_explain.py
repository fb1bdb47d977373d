"""Which session made a commit is known through all that git does to commits, and unknown rather than guessed."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from patina_sessions.readers import explain
from patina_sessions.readers.ties import Tie
from tests.repository import Repo


def explained(repo: Repo, what: str) -> dict[str, Any]:
    commits: list[dict[str, Any]] = json.loads(repo.patina("explain", what, "--json").stdout)["commits"]
    return commits[0]


@pytest.fixture
def worked(repo: Repo) -> Repo:
    """Return a repository whose first session made two commits on a branch, with a decision and a note."""
    repo.commit("first", base="1\n")
    repo.patina("init")
    repo.patina("session", "start", "the parser", "--goal", "quotes are parsed")
    repo.git("switch", "--quiet", "-c", "topic")
    repo.commit("feat: quotes", {"src/parser.py": "def quotes():\n    return 1\n"})
    repo.patina("note", "offsets are bytes")
    repo.commit("feat: escapes", {"src/escapes.py": "def escapes():\n    return 2\n"})
    repo.patina("session", "update", "--decision", "no recursion: stack depth", "--work", "quotes")
    repo.patina("session", "end")
    return repo


def test_a_commit_tells_what_was_asked_decided_and_noted(worked: Repo) -> None:
    told = explained(worked, "HEAD~1")
    assert told["title"] == "the parser"
    assert told["goals"] == ["quotes are parsed"]
    assert told["decisions"] == ["no recursion: stack depth"]
    assert told["notes"] == ["offsets are bytes"]
    assert told["tie"] == "id"


def test_a_line_and_a_file_lead_to_their_commit(worked: Repo) -> None:
    assert explained(worked, "src/parser.py:2")["subject"] == "feat: quotes"
    assert explained(worked, "src/escapes.py")["subject"] == "feat: escapes"


def test_a_range_tells_of_each(worked: Repo) -> None:
    commits = json.loads(worked.patina("explain", "main..topic", "--json").stdout)["commits"]
    assert [c["subject"] for c in commits] == ["feat: escapes", "feat: quotes"]


def test_the_active_session_is_known(worked: Repo) -> None:
    worked.patina("session", "start", "the next")
    worked.commit("feat: more", more="1\n")
    assert explained(worked, "HEAD")["title"] == "the next"


def test_what_was_made_outside_any_session_is_unknown(worked: Repo) -> None:
    worked.commit("outside", outside="1\n")
    assert explained(worked, "HEAD")["session"] is None
    assert "Session: unknown" in worked.patina("explain", "HEAD").stdout


def test_through_an_amend_after_the_session(worked: Repo) -> None:
    worked.git("commit", "--quiet", "--amend", "-m", "feat: escapes, worded better")
    assert explained(worked, "HEAD")["title"] == "the parser"
    assert explained(worked, "HEAD")["tie"] == "patch"


def test_through_an_amend_in_the_session(repo: Repo) -> None:
    repo.commit("first", base="1\n")
    repo.patina("init")
    repo.patina("session", "start", "the work")
    old = repo.commit("half", a="1\n")
    repo.write("a.txt", "whole\n")
    repo.git("commit", "--quiet", "--amend", "-am", "whole")
    repo.patina("session", "end")
    assert explained(repo, "HEAD")["tie"] == "id"
    assert explained(repo, old)["tie"] == "rewritten"


def test_through_an_interactive_rebase_that_squashes(worked: Repo) -> None:
    worked.git("switch", "--quiet", "main")
    worked.commit("meanwhile", other="1\n")
    worked.git("switch", "--quiet", "topic")
    env = {"GIT_SEQUENCE_EDITOR": "sed -i 2s/pick/squash/", "GIT_EDITOR": "true"}
    worked.git("rebase", "--quiet", "-i", "main", env=env)
    told = explained(worked, "HEAD")
    assert (told["title"], told["tie"]) == ("the parser", "squash")


def test_through_a_squash_merge(worked: Repo) -> None:
    worked.git("switch", "--quiet", "main")
    worked.commit("meanwhile", other="1\n")
    worked.git("merge", "--quiet", "--squash", "topic")
    worked.git("commit", "--quiet", "-m", "all of topic")
    assert explained(worked, "HEAD")["tie"] == "squash"


def test_through_a_cherry_pick_to_another_branch(worked: Repo) -> None:
    worked.git("switch", "--quiet", "main")
    worked.commit("meanwhile", other="1\n")  # else the pick can be the same commit, made in the same second
    worked.git("cherry-pick", "topic~1")
    told = explained(worked, "HEAD")
    assert (told["title"], told["tie"]) == ("the parser", "patch")


def test_in_a_fresh_clone_with_nothing_but_the_archive(worked: Repo, tmp_path: Path) -> None:
    worked.git("add", "layer")
    worked.git("commit", "--quiet", "-m", "the journals")
    worked.git("clone", "--quiet", str(worked.path), str(tmp_path / "elsewhere"))
    clone = Repo(tmp_path / "elsewhere")
    clone.patina("init")
    assert explained(clone, "HEAD~1")["title"] == "the parser"
    assert explained(clone, "HEAD~1")["decisions"] == ["no recursion: stack depth"]


def test_through_a_file_that_was_renamed_twice(worked: Repo) -> None:
    worked.git("mv", "src/parser.py", "src/grammar.py")
    worked.git("commit", "--quiet", "-m", "rename")
    worked.git("mv", "src/grammar.py", "reader.py")
    worked.git("commit", "--quiet", "-m", "rename again")
    assert explained(worked, "reader.py:2")["title"] == "the parser"
    commits = json.loads(worked.patina("explain", "reader.py", "--json").stdout)["commits"]
    assert [c["session"] is not None for c in commits] == [False, False, True]


def test_a_tie_that_two_sessions_claim_is_none(repo: Repo) -> None:
    repo.commit("first", base="1\n")
    repo.patina("init")
    for branch in ("one", "two"):
        repo.git("switch", "--quiet", "-c", branch, "main")
        repo.patina("session", "start", branch)
        repo.commit(f"the same on {branch}", same="same\n")
        repo.patina("session", "end")
    repo.git("switch", "--quiet", "-c", "three", "main")
    repo.commit("the same once more", same="same\n")
    assert explained(repo, "HEAD")["session"] is None


def test_what_came_after_is_told(worked: Repo) -> None:
    worked.patina("session", "start", "faster quotes")
    worked.commit("perf: quotes", {"src/parser.py": "def quotes():\n    return 3\n"})
    worked.patina("session", "end")
    assert [row["title"] for row in explained(worked, "HEAD~2")["later"]] == ["faster quotes"]


def test_of_two_sessions_of_one_second_the_later_is_told_by_the_earlier_and_not_the_other_way() -> None:
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE TABLE journal(id, title, files, started, path)")
        rows = [(f"20260102-030405{n}", f"the {n or 1}", "a.py", 1.0, f"{n or 1}") for n in ("", "2", "3")]
        db.executemany("INSERT INTO journal VALUES (?, ?, ?, ?, ?)", rows)

        def later(path: str, session: str) -> list[str]:
            tie = Tie(session=session, path=path, how="id", commit="0" * 40)
            return [title for _, title in explain._later(db, tie, ["a.py"])]

        assert later("1", "20260102-030405") == ["the 2", "the 3"]
        assert later("2", "20260102-0304052") == ["the 3"]
        assert later("3", "20260102-0304053") == []


def test_a_tracked_link_is_explained_and_not_what_it_leads_to(worked: Repo) -> None:
    (worked.path / "out").symlink_to("/etc/passwd")
    worked.git("add", "out")
    worked.git("commit", "--quiet", "-m", "feat: a link out")
    assert "feat: a link out" in worked.patina("explain", "out").stdout
    assert "feat: a link out" in worked.patina("explain", ".").stdout


def test_what_is_nothing_here_is_said(worked: Repo) -> None:
    said = worked.patina("explain", "no-such-thing", check=False)
    assert said.returncode == 1
    assert "is no commit, range or file here" in said.stderr
    for asked in (
        "/etc/passwd",
        "..",
        "a" * 5000,
        "x" * 300 + ":1",
        "src/parser.py:999999",
        "-n1..HEAD",
        "HEAD..-x",
    ):
        said = worked.patina("explain", "--", asked, check=False)
        assert said.returncode == 1, said.stderr
        assert said.stderr.startswith("Error: ")
    worked.write("src/parser.py", "changed\n")
    assert "not committed yet" in worked.patina("explain", "src/parser.py:1", check=False).stderr


def test_what_a_user_likes_to_see_of_git_changes_nothing_and_their_programs_do_not_run(
    worked: Repo, tmp_path: Path
) -> None:
    gpg = tmp_path / "gpg"
    gpg.write_text('#!/bin/sh\ncat > /dev/null\necho "[GNUPG:] SIG_CREATED " >&2\necho "a signature"\n')
    gpg.chmod(0o755)
    worked.git("config", "gpg.program", str(gpg))
    worked.write("src/signed.py", "1\n")
    worked.write(".gitattributes", "*.py diff=shown\n")
    worked.git("add", "src/signed.py")
    worked.git("commit", "--quiet", "-S", "-m", "feat: signed")
    worked.git("config", "diff.shown.textconv", f"echo ran >> '{tmp_path}/ran'; cat")
    worked.git("config", "log.showSignature", "true")
    worked.git("config", "color.ui", "always")
    for what in ("src/signed.py", "src/signed.py:1"):
        assert explained(worked, what)["subject"] == "feat: signed"
    assert not (tmp_path / "ran").exists()
