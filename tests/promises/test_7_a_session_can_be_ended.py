"""Promise 7: a session can always be ended, from whatever state a crash, a kill or a full disk left it in."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.repository import Repo
from tests.waiting import events, quiet

ACTIVE = ".patina/local/active-session.md"


@pytest.fixture
def working(repo: Repo) -> Repo:
    """Return a repository with Patina, an active session, a commit and a note in it."""
    repo.commit("first", readme="hello\n")
    repo.patina("init")
    repo.patina("session", "start", "the work")
    repo.commit("more", a="1\n")
    quiet(repo)
    repo.patina("note", "a note")
    return repo


@pytest.fixture(params=[40, pytest.param(200, marks=pytest.mark.soak)])
def kill_count(request: pytest.FixtureRequest) -> int:
    """Return how often to kill: a few in every run of the tests, many in a soak."""
    count: int = request.param
    return count


def start_and_kill(repo: Repo, after: float, *args: str) -> bool:
    """Run a command and kill it after so many seconds; return whether it was still at work."""
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "patina_sessions", *args],
        cwd=repo.path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        child.wait(after)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        return True
    return False


def seconds_of(repo: Repo, *args: str) -> float:
    """Return how long a command takes here and now, so that a machine of any speed is killed in the middle of it."""
    begun = time.monotonic()
    repo.patina(*args)
    return time.monotonic() - begun


def archived(repo: Repo) -> list[Path]:
    return sorted(repo.path.glob("layer/sessions/2*.md"))


def test_end_that_is_killed_at_random_instants_ends_the_session_once(working: Repo, kill_count: int) -> None:
    dice, killed = random.Random(7), 0
    whole = seconds_of(working, "session", "end")
    working.patina("session", "start", "the first to be killed", env={"PATINA_NOW": moment(0)})
    working.patina("note", "so that it is kept")
    made = 1
    for number in range(kill_count):
        if start_and_kill(working, whole * dice.uniform(0.05, 1.5), "session", "end"):
            killed += 1
        working.patina("record")
        if "No active session" in working.patina("session", "status").stdout:
            made += 1
            assert len(archived(working)) == made
            working.patina("session", "start", f"session {number}", env={"PATINA_NOW": moment(1 + number)})
            working.patina("note", "so that it is kept")
    working.patina("session", "end")
    assert killed > kill_count // 4
    texts = [path.read_text() for path in archived(working)]
    assert len(texts) == made + 1
    assert all(text.count("## Session Classification") == 1 and "<!-- 1" not in text for text in texts)
    assert not (working.path / ACTIVE).exists()


def moment(number: int) -> str:
    """Return a start time of its own for each session, so that ids differ and the order is theirs."""
    return f"2030-01-{1 + number // 24:02d}T{number % 24:02d}:00:00+00:00"


def test_update_that_is_killed_at_random_instants_leaves_a_session_that_ends(
    working: Repo, kill_count: int
) -> None:
    dice = random.Random(8)
    whole = seconds_of(working, "session", "update", "--work", "point of reference")
    for number in range(kill_count):
        start_and_kill(
            working, whole * dice.uniform(0.05, 1.5), "session", "update", "--work", f"point {number}"
        )
    working.patina("session", "end")
    [path] = archived(working)
    text = path.read_text()
    for number in range(kill_count):
        assert text.count(f"- point {number}\n") <= 1
    assert text.count("Commit ") >= 1


@pytest.mark.parametrize(
    "what", ["journal", "mirror", "both", "snapshot", "last line", "state folder's lock"]
)
def test_a_session_whose_files_are_damaged_can_be_ended(working: Repo, what: str) -> None:
    [state] = (working.path / ".git/patina/worktrees").iterdir()
    journal = working.path / ACTIVE
    match what:
        case "journal":
            journal.unlink()
        case "mirror":
            (state / "journal.md").unlink()
        case "both":
            journal.unlink()
            (state / "journal.md").unlink()
        case "snapshot":
            (state / "state.json").write_text('{"half')
        case "last line":
            segment = state / "events" / "000001.jsonl"
            segment.write_bytes(segment.read_bytes()[:-7])
        case _:
            (state / "lock").unlink()
    working.patina("session", "end")
    [path] = archived(working)
    assert path.read_text().count(": more\n") == 1
    assert path.read_text().count("\na note\n") == 1


def test_an_empty_repository_can_start_and_end(repo: Repo) -> None:
    repo.patina("init")
    repo.patina("session", "start", "nothing yet")
    repo.patina("note", "ünïcödé " * 400)
    repo.patina("session", "end")
    [path] = archived(repo)
    assert "**Starting Commit**: none" in path.read_text()


def test_a_session_can_be_ended_in_the_middle_of_a_rebase_and_says_so(working: Repo) -> None:
    working.git(
        "rebase", "--quiet", "-i", "HEAD~1", env={"GIT_SEQUENCE_EDITOR": "sed -i s/pick/edit/"}, check=False
    )
    done = working.patina("session", "end", "--commit", check=False)
    assert done.returncode == 1
    assert "rebase is not over" in done.stdout
    assert "Error: it is not committed: a rebase is going on" in done.stderr
    assert working.patina("session", "status").stdout.startswith("No active session")
    working.git("rebase", "--abort")


def test_what_a_session_left_open_is_ended_by_the_next_start_once_it_is_idle(working: Repo) -> None:
    refused = working.patina("session", "start", "the next", check=False)
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[1].startswith("Hint: ")
    working.patina("session", "start", "the next", env={"PATINA_NOW": "2099-01-01T00:00:00+00:00"})
    [path] = archived(working)
    assert '"ended":"2099' not in path.read_text()


def test_a_full_disk_loses_nothing_and_the_session_ends_once_there_is_room(
    repo: Repo, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("LOUD: no tmpfs can be mounted here, so a full disk is not shown")
    try:
        small = Repo.create(disk / "repo")
        small.commit("first", readme="hello\n")
        small.patina("init")
        small.patina("session", "start", "the work")
        made = small.commit("more", a="1\n")
        quiet(small)
        filler = disk / "filler"
        with open(filler, "wb", buffering=0) as stream:
            try:
                while True:
                    stream.write(b"x" * 4096)
            except OSError:
                pass
        refused = small.patina("note", "no room", check=False)
        assert refused.returncode == 1
        assert refused.stderr.splitlines()[0].startswith("Error: cannot write")
        assert "free some space" in refused.stderr.splitlines()[1]
        # With room for the file, but not for its event, neither is written: what is said again stands there once.
        os.truncate(filler, filler.stat().st_size - 45_056)
        for command in (("goal", "a goal"), ("goal", "--done", "1"), ("rename", "another")):
            assert small.patina(*command, check=False).returncode == 1
        filler.unlink()
        for command in (("goal", "a goal"), ("goal", "--done", "1"), ("rename", "another")):
            small.patina(*command)
        kinds = [event["type"] for event in events(small)]
        assert [kinds.count(kind) for kind in ("goal.added", "goal.done", "session.renamed")] == [1, 1, 1]
        small.patina("note", "room again")
        small.patina("session", "end")
        text = next(small.path.glob("layer/sessions/2*.md")).read_text()
        assert text.count(f"Commit {made[:10]}: ") == 1
        assert "room again" in text
        assert text.count("] a goal") == 1
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
