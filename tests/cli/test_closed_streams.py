"""A standard stream that is closed is no fault: what a command does is done all the same, and nothing else is said."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.repository import Repo


@pytest.fixture
def working(repo: Repo) -> Repo:
    """Return a repository with a session in it."""
    repo.commit("first", a="1\n")
    repo.patina("init")
    repo.patina("session", "start", "the work")
    return repo


def shell(repo: Repo, words: str) -> subprocess.CompletedProcess[str]:
    """Run `patina` with these words of a shell, in a process of its own: the streams are what is tested."""
    line = f'exec "{sys.executable}" -P -m patina_sessions {words}'
    return subprocess.run(["sh", "-c", line], cwd=repo.path, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_a_command_with_a_closed_stream_is_carried_out_and_succeeds(working: Repo, closed: str) -> None:
    done = shell(working, f"note 'said once' {closed}")
    assert (done.returncode, done.stderr) == (0, "")
    assert (working.path / ".patina/local/active-session.md").read_text().count("said once") == 1
    assert not list(working.path.glob(".git/patina/log/crash-*"))


def test_a_wrong_command_with_closed_streams_has_its_exit_code(working: Repo) -> None:
    assert shell(working, "note --no-such-option >&- 2>&- <&-").returncode == 2


def test_an_output_that_is_open_for_reading_alone_is_said_and_no_fault_of_ours(working: Repo) -> None:
    done = shell(working, "list 1</dev/null")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: cannot write the output: Bad file descriptor\nHint: ")
