"""Promise 1: the `GIT_*` with which git calls its hooks, and those that somebody has set, lead Patina nowhere else.

All that git may leak points at another repository, or at nothing. Nothing there changes by a byte, our index stays as it
is, and what happened here is recorded here.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.repository import Repo, system_path
from tests.waiting import quiet, until


def leaks(other: Repo) -> dict[str, str]:
    git = other.path / ".git"
    return {
        "GIT_INDEX_FILE": str(git / "index"),
        "GIT_WORK_TREE": str(other.path),
        "GIT_COMMON_DIR": str(git),
        "GIT_OBJECT_DIRECTORY": str(git / "objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(git / "objects"),
        "GIT_QUARANTINE_PATH": str(git / "objects" / "tmp_objdir-incoming"),
        "GIT_NAMESPACE": "elsewhere",
        "GIT_PREFIX": "nowhere/",
        "GIT_CEILING_DIRECTORIES": "/",
        "GIT_CONFIG": str(git / "config"),
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": "core.worktree",
        "GIT_CONFIG_VALUE_0": str(other.path),
        "GIT_CONFIG_KEY_1": "core.hooksPath",
        "GIT_CONFIG_VALUE_1": str(other.path),
        "GIT_CONFIG_PARAMETERS": f"'core.bare'='true' 'core.worktree'='{other.path}'",
        "GIT_REFLOG_ACTION": "a push to https://ada:secret@example.org",
        "GIT_TRACE": str(git / "trace"),
        "GIT_EXEC_PATH": "/nowhere",
        "GIT_DIFF_OPTS": "--unified=0",
        "GIT_EXTERNAL_DIFF": f"touch {git}/diffed",
    }


def everything(repo: Repo) -> dict[str, bytes]:
    return {str(p.relative_to(repo.path)): p.read_bytes() for p in repo.path.rglob("*") if p.is_file()}


@pytest.fixture
def other(repo: Repo, tmp_path: Path) -> Repo:
    """Return another repository; the first has a session and something staged."""
    other = Repo.create(tmp_path / "other")
    other.commit("theirs", theirs="1\n")
    repo.commit("first", a="1\n")
    repo.patina("init")
    repo.patina("session", "start", "the work")
    quiet(repo)
    repo.git("commit", "--quiet", "--allow-empty", "-m", "untold", env={"PATINA": "0"})
    repo.write("staged.txt", "1\n")
    repo.git("add", "staged.txt")
    return other


@pytest.mark.parametrize("event", ["post-commit", "post-checkout", "post-merge", "post-rewrite"])
@pytest.mark.parametrize("told", ["", ".git"])
def test_a_recorder_that_a_hook_calls_with_them_records_here(
    repo: Repo, other: Repo, event: str, told: str
) -> None:
    before, index = everything(other), (repo.path / ".git/index").read_bytes()
    journal = repo.path / ".patina/local/active-session.md"
    env = {"PATH": system_path(), "PATINA_WATCH_ENABLED": "false", **leaks(other)}
    env.update({"GIT_DIR": told} if told else {})
    done = subprocess.run(
        [repo.path / ".git/hooks" / event, "amend", "x", "1"],
        cwd=repo.path,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    until(lambda: ": untold" in journal.read_text(), "the recorder")
    quiet(repo)
    assert everything(other) == before
    assert (repo.path / ".git/index").read_bytes() == index
    assert "secret" not in journal.read_text()


@pytest.mark.parametrize("told", ["", ".git"])
def test_commands_that_a_hook_calls_with_them_speak_of_here(repo: Repo, other: Repo, told: str) -> None:
    before, index = everything(other), (repo.path / ".git/index").read_bytes()
    env = {**leaks(other), **({"GIT_DIR": told} if told else {})}
    journal = repo.path / ".patina/local/active-session.md"
    for words in (("record",), ("note", "from a hook"), ("session", "status"), ("session", "update")):
        repo.patina(*words, env=env)
    assert ": untold" in journal.read_text()
    assert "from a hook" in journal.read_text()
    repo.patina("doctor", env=env, check=False)
    assert (repo.path / ".git/index").read_bytes() == index
    repo.patina("session", "end", "--commit", env=env)
    assert everything(other) == before
    assert repo.git("diff", "--cached", "--name-only") == "staged.txt"
    assert repo.git("log", "-1", "--format=%s").startswith("Session ")
