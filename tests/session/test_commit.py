"""`end --commit` commits the journal as `git add` would have taken it in, alone, and wholly or not at all."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from patina_sessions.system import files
from tests.repository import Repo
from tests.waiting import quiet, state_folders, until


@pytest.fixture
def ready(repo: Repo) -> Repo:
    """Return a repository in which a session goes on and something of the user's is staged."""
    repo.commit("first", a="1\n")
    repo.patina("init")
    repo.git("add", "-A")
    repo.git("commit", "--quiet", "--allow-empty", "-m", "what init made")
    repo.patina("session", "start", "the work")
    repo.patina("note", "plain words")
    repo.write("mine.txt", "staged\n")
    repo.git("add", "mine.txt")
    return repo


def journal(repo: Repo) -> str:
    [path] = (repo.path / "layer/sessions").glob("*.md")
    return path.relative_to(repo.path).as_posix()


def attributes(repo: Repo, line: str) -> None:
    """Commit an attribute of the journals alone; what is staged stays that."""
    repo.write(".gitattributes", f"layer/sessions/** {line}\n")
    repo.git("add", "-N", ".gitattributes")
    repo.git("commit", "--quiet", "-m", "attributes", "-o", ".gitattributes")


def end(repo: Repo) -> dict[str, object]:
    said: dict[str, object] = json.loads(
        repo.patina("session", "end", "--commit", "--json", check=False).stdout
    )
    return said


def test_the_journal_goes_through_the_filters_and_nothing_is_changed_afterwards(ready: Repo) -> None:
    ready.git("config", "filter.crypt.clean", "tr a-z A-Z")
    attributes(ready, "filter=crypt")
    assert end(ready)["committed"]
    said = ready.git("show", f"HEAD:{journal(ready)}")
    assert "PLAIN WORDS" in said
    assert "plain words" not in said
    assert ready.git("status", "--porcelain") == "A  mine.txt"


def test_the_ends_of_lines_are_those_that_git_would_write(ready: Repo) -> None:
    attributes(ready, "text=auto")
    ready.git("config", "core.autocrlf", "true")
    file = ready.path / ".patina/local/active-session.md"
    file.write_bytes(file.read_bytes() + b"\r\na line from elsewhere\r\n")
    assert end(ready)["committed"]
    assert b"elsewhere\r\n" in (ready.path / journal(ready)).read_bytes()
    assert ready.git("ls-files", "--eol", journal(ready)).startswith("i/lf ")
    assert ready.git("status", "--porcelain") == "A  mine.txt"


@pytest.mark.parametrize("clean", ["false", None])
def test_without_its_filter_it_is_not_committed_in_plain_text(ready: Repo, clean: str | None) -> None:
    """The filter fails, or nobody has set it up here; `git add` would take the words in as they are."""
    if clean:
        ready.git("config", "filter.crypt.clean", clean)
    attributes(ready, "filter=crypt")
    before = ready.git("rev-parse", "HEAD")
    said = end(ready)
    assert said["committed"] is None
    assert "crypt" in str(said["not_committed"])
    assert "git add" in str(said["not_committed"])
    assert ready.git("rev-parse", "HEAD") == before
    assert ready.git("diff", "--cached", "--name-only") == "mine.txt"


def test_no_hook_of_the_users_runs(ready: Repo, tmp_path: Path) -> None:
    ran, asked = tmp_path / "ran", tmp_path / "asked"
    for name, what in (
        ("reference-transaction", "grep -e HEAD -e refs/heads"),
        ("post-index-change", "echo"),
    ):
        hook = ready.path / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\n{what} >> {ran}\n")
        hook.chmod(0o755)
    # Git 2.54 runs this one whatever `core.hooksPath` says; an older git shows only that it was told not to.
    ready.git("config", "hook.a.b.command", "true")
    ready.git("config", "hook.a.b.event", "reference-transaction")
    git = tmp_path / "bin/git"
    git.parent.mkdir()
    git.write_text(f'#!/bin/sh\necho "$@" >> {asked}\nexec {shutil.which("git")} "$@"\n')
    git.chmod(0o755)
    path = f"{git.parent}{os.pathsep}{os.environ['PATH']}"
    said = json.loads(ready.patina("session", "end", "--commit", "--json", env={"PATH": path}).stdout)
    assert said["committed"]
    assert not ran.exists() or ran.read_text() == ""
    [moved] = [line for line in asked.read_text().splitlines() if " update-ref -m commit:" in line]
    assert " -c hook.a.b.enabled=false " in moved


def test_a_head_that_cannot_be_moved_leaves_the_index_as_it_was(ready: Repo) -> None:
    lock = ready.path / ".git/refs/heads/main.lock"
    lock.write_bytes(b"")
    said = end(ready)
    lock.unlink()
    assert said["committed"] is None
    assert ready.git("diff", "--cached", "--name-only") == "mine.txt"


def test_what_the_project_ignores_is_not_committed_and_the_way_that_is_told_works(ready: Repo) -> None:
    ready.write(".gitignore", "layer/\n")
    done = ready.patina("session", "end", "--commit", check=False)
    assert done.returncode == 1
    error, hint = done.stderr.splitlines()
    assert error.startswith(f"Error: it is not committed: git ignores {journal(ready)} (.gitignore:1:layer/")
    ready.git(*hint.rpartition("git ")[2].split(" "))
    assert f"A  {journal(ready)}" in ready.git("status", "--porcelain")


def test_end_names_a_way_to_commit_a_journal_that_git_ignores(ready: Repo) -> None:
    ready.write(".gitignore", "layer/\n")
    said = ready.patina("session", "end").stdout
    (line,) = (line for line in said.splitlines() if "git ignores it" in line)
    ready.git(*line.rpartition("git ")[2].split(" "))
    assert f"A  {journal(ready)}" in ready.git("status", "--porcelain")


def test_what_was_committed_while_it_waited_is_where_it_ends(ready: Repo) -> None:
    quiet(ready)
    [state] = state_folders(ready)
    with files.locked(state / "lock"):
        argv = [sys.executable, "-P", "-m", "patina_sessions", "session", "end", "--commit", "--json"]
        ending = subprocess.Popen(argv, cwd=ready.path, stdout=subprocess.PIPE, text=True)
        blocked = re.compile(rf"-> FLOCK .* {ending.pid} ")
        until(lambda: blocked.search(Path("/proc/locks").read_text()), "it to wait for the lock")
        made = ready.commit("feat: just in time", b="1\n")
    said = json.loads(ending.communicate()[0])
    assert ready.git("rev-parse", f"{said['committed']}^") == made
    assert f'"head":"{made}"' in (ready.path / journal(ready)).read_text()
