"""A repository of another owner, and one that cannot be written: what can be read is read, the rest is said in one line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest

from tests.repository import Repo
from tests.twins import snapshot
from tests.waiting import quiet

NOBODY = 65534
READING = (
    ("session", "status"),
    ("list",),
    ("show",),
    ("search", "parser"),
    ("context",),
    ("goals",),
    ("explain", "a.txt"),
    ("check",),
    ("export", "sessions"),
)
WRITING = (("note", "x"), ("session", "end"), ("session", "update"), ("goal", "x"), ("off",))

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act in somebody else's place")


@pytest.fixture
def theirs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Repo]:
    """Return a repository of root's with a session in progress and a finished one, where everybody may look."""
    folder = Path(mkdtemp(prefix="patina-test-"))
    folder.chmod(0o755)
    (folder / "home").mkdir()
    os.chown(folder / "home", NOBODY, NOBODY)
    monkeypatch.setenv("HOME", str(folder / "home"))
    repo = Repo.create(folder / "repo")
    repo.commit("first", a="1\n")
    repo.patina("init")
    for n, title in enumerate(("the parser", "in progress")):
        repo.patina("session", "start", title)
        repo.commit(f"commit {n}", a=f"{n} again\n")
        repo.patina("record")
        if not n:
            repo.patina("session", "end")
    quiet(repo)
    yield repo
    shutil.rmtree(folder)


def trust(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = repo.path.parent / "trust"
    settings.write_text("[safe]\n\tdirectory = *\n")
    settings.chmod(0o644)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))


# Where these tests run may be nobody's business too, so everything is loaded before the user is changed.
AS_NOBODY = f"""
import importlib, os, pkgutil, sqlite3, sys
import git, patina_sessions
from patina_sessions import cli
run = cli.run  # a module of that name takes its place below
for module in pkgutil.walk_packages(patina_sessions.__path__, "patina_sessions."):
    if not module.name.endswith("__main__") and ".server" not in module.name and ".docker" not in module.name:
        importlib.import_module(module.name)
os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})
cli.run = run
cli.main()
"""


def as_nobody(repo: Repo, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-c", AS_NOBODY, *args],
        cwd=repo.path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def test_where_git_refuses_anothers_repository_its_reason_and_the_way_out_are_said(theirs: Repo) -> None:
    for command in (("session", "status"), ("init",), ("doctor",), ("list",)):
        done = as_nobody(theirs, *command)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.splitlines()[0] == "Error: git refuses this repository: it belongs to another user"
        assert done.stderr.endswith(f"git config --global --add safe.directory {theirs.path}\n")


def test_who_may_only_look_reads_everything_and_changes_nothing(
    theirs: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(theirs, monkeypatch)
    shown(theirs.path)
    before = snapshot(theirs.path)
    for command in READING:
        done = as_nobody(theirs, *command)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
    for command in WRITING:
        done = as_nobody(theirs, *command)
        assert done.returncode == 1, (command, done.stdout)
        assert done.stderr.startswith("Error: ")
        assert done.stderr.count("\n") <= 2
    assert snapshot(theirs.path) == before


def shown(top: Path) -> None:
    """Let everybody read what the state holds, as a group's repository does."""
    for path in (top / ".git/patina").rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    (top / ".git/patina").chmod(0o755)
    (top / ".git/patina-id").chmod(0o644)


def test_who_may_not_even_look_into_the_state_is_told_so_in_one_line(
    theirs: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(theirs, monkeypatch)
    for command in (("session", "status"), ("note", "x"), ("list",)):
        done = as_nobody(theirs, *command)
        assert done.returncode in (0, 1)
        assert "Traceback" not in done.stderr
        assert "fault of Patina" not in done.stderr
        if done.returncode:
            assert done.stderr.startswith("Error: ")


@pytest.fixture
def read_only(repo: Repo) -> Iterator[Repo]:
    """Return a repository with a session on a file system that has become read-only."""
    repo.commit("first", a="1\n")
    repo.patina("init")
    repo.patina("session", "start", "the parser")
    repo.git("commit", "--quiet", "--allow-empty", "-m", "unrecorded", env={"PATINA": "0"})
    bind = ["mount", "--bind", str(repo.path), str(repo.path)]
    if subprocess.run(bind, capture_output=True).returncode:
        pytest.skip("this needs the right to mount")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(repo.path)], check=True, capture_output=True)
        yield repo
    finally:
        subprocess.run(["umount", "-l", str(repo.path)], check=True)


def test_on_a_read_only_disk_what_is_there_is_read_and_what_cannot_be_recorded_is_said(
    read_only: Repo,
) -> None:
    before = snapshot(read_only.path)
    said = read_only.patina("session", "status")
    assert "the parser" in said.stdout
    assert "nothing can be recorded now" in said.stdout
    for command in (("list", "--all"), ("show",), ("search", "parser"), ("context",), ("goals",)):
        read_only.patina(*command)
    for words in (*WRITING, ("gc",), ("session", "start", "x")):
        done = read_only.patina(*words, check=False)
        assert done.returncode == 1, words
        assert done.stderr.startswith("Error: ")
        assert done.stderr.count("\n") <= 2
    plain = subprocess.run(["git", "log", "--oneline"], cwd=read_only.path, capture_output=True, text=True)
    assert (plain.returncode, plain.stderr) == (0, "")
    assert snapshot(read_only.path) == before
