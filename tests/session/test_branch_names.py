"""A branch whose name carries a secret is worked on as any other, and its name is written nowhere."""

from __future__ import annotations

import json
from pathlib import Path

from tests.repository import Repo
from tests.session.test_forget import holding
from tests.waiting import quiet

SECRET = "AKIAIOSFODNN7EXAMPLQ"
BRANCH = f"rotate-{SECRET}"


def test_a_secret_in_a_branchs_name_is_written_nowhere(repo: Repo) -> None:
    repo.commit("first", a="1\n")
    repo.patina("init")
    repo.git("switch", "--quiet", "-c", BRANCH)
    repo.patina("session", "start", "the work")
    repo.patina("note", "a note")
    repo.commit("more", b="1\n")
    repo.patina("session", "update")
    repo.git("switch", "--quiet", "-c", f"again-{SECRET}")
    repo.patina("record")
    quiet(repo)
    done = repo.patina("session", "end", "--commit")
    assert "secret" not in done.stderr
    assert "Committed as" in done.stdout
    assert holding(repo, SECRET) == []
    assert "**Git Branch**: rotate-" in repo.git("show", "HEAD:" + journal(repo))


def journal(repo: Repo) -> str:
    [path] = (repo.path / "layer/sessions").glob("*.md")
    return path.relative_to(repo.path).as_posix()


def test_what_a_removed_worktree_made_last_on_such_a_branch_is_found(repo: Repo, tmp_path: Path) -> None:
    repo.commit("first", a="1\n")
    repo.patina("init")
    linked = repo.worktree(tmp_path / "linked", BRANCH)
    linked.patina("session", "start", "in the linked one")
    quiet(repo)
    linked.git("commit", "--quiet", "--allow-empty", "-m", "untold", env={"PATINA": "0"})
    repo.git("worktree", "remove", "--force", str(linked.path))
    repo.patina("record")
    quiet(repo)
    [row] = json.loads(repo.patina("list", "--json").stdout)["sessions"]
    [path] = (repo.path / ".git/patina/archive").glob("*.md")
    assert row["title"] == "in the linked one"
    assert path.read_text().count(": untold\n") == 1
    assert holding(repo, SECRET) == []
