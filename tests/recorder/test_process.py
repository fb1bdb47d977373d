"""The recorder's process: when it takes the ring down, and for whom it waits."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from patina_sessions.errors import PatinaError
from patina_sessions.recorder import __main__ as process
from patina_sessions.recorder.__main__ import LEASE
from patina_sessions.system import files
from tests.repository import Repo
from tests.waiting import quiet, until


@pytest.fixture
def recorded(repo: Repo) -> Repo:
    """Return a repository in the middle of a session, with nobody at work."""
    repo.commit("first", a="1")
    repo.patina("init")
    repo.patina("session", "start", "One call")
    return repo


def _state(repo: Repo) -> Path:
    return repo.path / ".git" / "patina"


def _recorders(repo: Repo) -> int:
    return (_state(repo) / "log" / "patina.log").read_text().count(" INFO worktree ")


def test_one_recorder_sits_out_a_rebase_that_moves_however_often_it_rings(recorded: Repo) -> None:
    moving = recorded.path / ".git" / "rebase-merge"
    moving.mkdir()
    os.utime(moving, (time.time() + 3600,) * 2)  # so it moves now, however slow the machine is
    for number in range(3):
        recorded.commit(f"feat: number {number}")
        (_state(recorded) / "marks").write_bytes(b"." * 62)  # the next ring but one would call another
        until(lambda: not (_state(recorded) / "marks").exists(), "the recorder to say that it is there")
        assert (_state(recorded) / "rung").exists()
    moving.rmdir()
    quiet(recorded)
    assert _recorders(recorded) == 1
    journal = (recorded.path / ".patina/local/active-session.md").read_text()
    assert [journal.count(f"feat: number {number}") for number in range(3)] == [1, 1, 1]


def test_a_recorder_that_sits_out_a_burst_renews_its_lease_and_records_what_was_covered_by_it(
    recorded: Repo,
) -> None:
    lease = _state(recorded) / "lease"
    moving = recorded.path / ".git" / "rebase-merge"
    moving.mkdir()
    os.utime(moving, (time.time() + 3600,) * 2)
    recorded.commit("feat: the first rings")
    # Longer than one lease, so that it is seen to be renewed; and it ends by itself, should nobody take it away.
    begun = time.monotonic()
    while time.monotonic() < begun + LEASE * 1.5:
        until(lambda: lease.exists() and lease.stat().st_mtime > time.time(), "a lease that lies ahead")
        assert lease.stat().st_mtime < time.time() + LEASE + 1
        time.sleep(0.1)
    recorded.commit("feat: the second need not")
    moving.rmdir()
    quiet(recorded)
    assert not lease.exists()
    journal = (recorded.path / ".patina/local/active-session.md").read_text()
    assert journal.count("feat: the second need not") == 1


def test_a_lease_that_cannot_be_written_costs_no_record(
    recorded: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise PatinaError("the disk is full", "Free some of it.")

    recorded.git("commit", "--quiet", "--allow-empty", "-m", "feat: all the same", env={"PATINA": "0"})
    monkeypatch.setattr(files, "set_time", full)
    monkeypatch.setattr(process, "_detach", lambda: None)
    process.main([str(_state(recorded)), str(recorded.path)])
    assert "feat: all the same" in (recorded.path / ".patina/local/active-session.md").read_text()


def test_a_rebase_that_waits_for_a_person_is_not_waited_for(recorded: Repo) -> None:
    waiting = recorded.path / ".git" / "rebase-merge"
    waiting.mkdir()
    os.utime(waiting, (time.time() - 3600,) * 2)
    recorded.commit("feat: split off")
    quiet(recorded)
    assert waiting.exists()
    assert "feat: split off" in (recorded.path / ".patina/local/active-session.md").read_text()
