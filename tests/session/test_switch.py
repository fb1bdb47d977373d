"""Switched off, nothing happens by itself; what a person types is done, and nothing that git keeps is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repository import Repo
from tests.waiting import LONG, events, quiet, until

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def ready(repo: Repo) -> Repo:
    """Return a repository with a commit, Patina, and a session."""
    repo.commit("first", a="1\n")
    repo.patina("init")
    repo.patina("session", "start", "the work")
    quiet(repo)
    return repo


def journal(repo: Repo) -> str:
    return (repo.path / ".patina/local/active-session.md").read_text()


def state(repo: Repo) -> Path:
    return repo.path / ".git" / "patina"


def test_off_the_hooks_ring_nobody_and_on_tells_what_was_committed_once(ready: Repo) -> None:
    ready.patina("off")
    made = ready.commit("unheard", b="1\n")
    assert not (state(ready) / "rung").exists()
    assert "unheard" not in journal(ready)
    ready.patina("on")
    assert journal(ready).count(f"Commit {made[:10]}: unheard") == 1
    ready.commit("heard", c="1\n")
    until(lambda: "heard" in journal(ready).replace("unheard", ""), "the recorder to be back")
    assert journal(ready).count(": unheard") == 1


def test_a_recorder_that_was_called_before_finds_it_off_and_records_nothing(ready: Repo) -> None:
    ready.git("commit", "--quiet", "--allow-empty", "-m", "x", env={"PATINA": "0"})
    before = len(events(ready))
    ready.patina("off")
    argv = [sys.executable, "-P", "-m", "patina_sessions.recorder", str(state(ready)), str(ready.path), ""]
    assert subprocess.run(argv, timeout=LONG).returncode == 0
    assert len(events(ready)) == before


def test_off_an_agent_is_not_heard_and_is_told_nothing(ready: Repo) -> None:
    (state(ready) / "start.json").write_text("told")
    payload = json.dumps({"hook_event_name": "SessionStart", "source": "startup"})
    argv = ["sh", str(ROOT / "hooks/agent.sh"), "claude", "start"]

    def hear() -> str:
        done = subprocess.run(
            argv, cwd=ready.path, env=os.environ, input=payload, capture_output=True, text=True
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    ready.patina("off")
    assert hear() == ""
    assert list((state(ready) / "spool").iterdir()) == []
    ready.patina("on")
    assert hear() != ""
    quiet(ready)


def test_off_the_watcher_ends_and_no_command_starts_another(ready: Repo) -> None:
    watching = {"PATINA_WATCH_ENABLED": "true"}

    def alive() -> bool:
        return bool(json.loads(ready.patina("watch", "--status", "--json").stdout)["alive"])

    ready.patina("note", "x", env=watching)
    until(alive, "the watcher to begin")
    ready.patina("off", env=watching)
    until(lambda: not alive(), "the watcher to end")
    ready.patina("note", "y", env=watching)
    assert not alive()


def test_off_is_said_by_status_by_the_bare_command_and_by_doctor(ready: Repo) -> None:
    ready.patina("off")
    for argv in (("session", "status"), (), ("doctor",)):
        assert "switched off in this worktree: patina on" in ready.patina(*argv, check=False).stdout
    ready.patina("on")
    for argv in (("session", "status"), (), ("doctor",)):
        assert "switched off in this" not in ready.patina(*argv, check=False).stdout
    assert "unset PATINA" in ready.patina("session", "status", env={"PATINA": "0"}).stdout


def test_off_a_session_can_still_be_ended(ready: Repo) -> None:
    ready.patina("note", "kept")
    ready.patina("off")
    ready.patina("session", "end")
    assert list((ready.path / "layer/sessions").glob("*.md"))


def test_switching_twice_is_no_error_and_uninstall_takes_the_switch_out(ready: Repo) -> None:
    assert [json.loads(ready.patina("off", "--json").stdout)["changed"] for _ in range(2)] == [True, False]
    ready.patina("off", "--all")
    ready.patina("session", "end")
    ready.patina("uninstall")
    assert not (state(ready) / "off").exists()
    assert not (ready.path / ".git/patina-off").exists()


def test_off_in_a_linked_worktree_leaves_the_others_on(ready: Repo, tmp_path: Path) -> None:
    """An agent may be at work in another: what it does is not to be lost because a person wanted quiet here."""
    linked = ready.worktree(tmp_path / "linked", "linked")
    linked.patina("session", "start", "beside")
    quiet(ready)  # the new worktree has rung
    linked.patina("off")
    linked.commit("unheard", b="1\n")
    assert not (state(ready) / "rung").exists()
    ready.commit("heard", c="1\n")
    until(lambda: ": heard" in journal(ready), "the recorder to be called")
    quiet(ready)
    assert "unheard" not in journal(linked)
    linked.patina("on")
    assert journal(linked).count(": unheard") == 1


def test_off_everywhere_is_off_in_each_worktree_and_on_in_one_is_on_in_all(
    ready: Repo, tmp_path: Path
) -> None:
    linked = ready.worktree(tmp_path / "linked", "linked")
    linked.patina("session", "start", "beside")
    quiet(ready)
    ready.patina("off")
    linked.patina("off", "--all")
    for repo in (ready, linked):
        repo.commit("unheard", b="1\n")
    assert not (state(ready) / "rung").exists()
    assert "in this repository" in ready.patina("session", "status").stdout
    said = linked.patina("on").stdout
    assert said.startswith("Patina is on in all worktrees of this repository but 1, switched off by itself")
    assert "in this worktree" in ready.patina("session", "status").stdout
    linked.patina("on", "--all")
    assert "patina on" not in ready.patina("session", "status").stdout


def test_on_says_what_is_on_by_then_all_worktrees_or_this_one(ready: Repo) -> None:
    for off, words, everywhere in (("--all", "all worktrees", True), ("", "this worktree", False)):
        ready.patina("off", *filter(None, [off]))
        assert ready.patina("on").stdout.startswith(f"Patina is on in {words}")
        ready.patina("off", *filter(None, [off]))
        assert json.loads(ready.patina("on", "--json").stdout)["all"] is everywhere


def test_on_where_the_environment_is_silent_says_that_it_is(ready: Repo) -> None:
    ready.patina("off")
    said = ready.patina("on", env={"PATINA": "0"}).stdout.splitlines()
    assert said[0].startswith("Patina is on in this worktree")
    assert said[1:] == ["It is silent all the same: switched off in this environment: unset PATINA"]
    assert json.loads(ready.patina("on", "--json", env={"PATINA": "0"}).stdout)["silent"]
    assert "silent" not in ready.patina("on").stdout
