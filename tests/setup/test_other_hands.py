"""A repository of another owner, and one that cannot be written: what can be read is read, the rest is said in one line."""

from __future__ import annotations

import json
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
    ("runs",),
    ("gc", "--dry-run"),
    ("forget", "--dry-run", "parser"),
    ("uninstall", "--dry-run"),
    ("statusline",),
)
WRITING = (
    ("note", "x"),
    ("session", "end"),
    ("session", "update"),
    ("goal", "x"),
    ("off",),
    ("report",),
    ("doctor", "--fix"),
)

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act in somebody else's place")


@pytest.fixture
def theirs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Repo]:
    """Return another user's repository with a session in progress and a finished one, where everybody may look."""
    folder = Path(mkdtemp(prefix="patina-test-"))
    folder.chmod(0o755)
    (folder / "home").mkdir()
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
    subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", str(repo.path)], check=True)
    yield repo
    shutil.rmtree(folder)


def trust(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = repo.path.parent / "trust"
    settings.write_text("[safe]\n\tdirectory = *\n")
    settings.chmod(0o644)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))


# Root without its rights over files, which modes bind as they bind anybody. Not another user: where these tests run may
# be open to root alone.
RIGHTS = "-dac_override,-dac_read_search,-fowner"
BOUND = ("setpriv", f"--bounding-set={RIGHTS}", f"--inh-caps={RIGHTS}", sys.executable, "-P", "-m")


def as_a_guest(repo: Repo, *args: str) -> subprocess.CompletedProcess[str]:
    """Run the command as somebody who may write only what is root's and has a mode for it."""
    return subprocess.run(
        [*BOUND, "patina_sessions", *args],
        cwd=repo.path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def complaint(done: subprocess.CompletedProcess[str]) -> str:
    """Return the word before the colon of what is complained of, where that is one line and perhaps a hint."""
    lines = [
        line for line in done.stderr.splitlines() if not line.startswith("Warning: nothing can be recorded")
    ]
    return lines[0].partition(":")[0] if len(lines) <= 2 else done.stderr


def test_where_git_refuses_anothers_repository_its_reason_and_the_way_out_are_said(theirs: Repo) -> None:
    for command in (("session", "status"), ("init",), ("doctor",), ("list",)):
        done = as_a_guest(theirs, *command)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.splitlines()[0] == "Error: git refuses this repository: it belongs to another user"
        assert done.stderr.endswith(f"git config --global --add safe.directory {theirs.path}\n")


def test_who_may_only_look_reads_everything_and_changes_nothing(
    theirs: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(theirs, monkeypatch)
    shown(theirs.path)
    before = snapshot(theirs.path)
    for command in (*READING, ("report", "--out", str(theirs.path.parent / "home/report.html"))):
        done = as_a_guest(theirs, *command)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
    for command in WRITING:
        done = as_a_guest(theirs, *command)
        assert (done.returncode, complaint(done)) == (1, "Error"), command
    assert snapshot(theirs.path) == before


def test_doctor_says_that_anothers_state_cannot_be_written_and_what_keeps_the_record(
    theirs: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(theirs, monkeypatch)
    shown(theirs.path)
    before = snapshot(theirs.path)
    plain, rows = as_a_guest(theirs, "doctor"), as_a_guest(theirs, "doctor", "--json")
    assert (plain.returncode, rows.returncode, plain.stderr, rows.stderr) == (1, 1, "", "")
    found = {check["name"]: check for check in json.loads(rows.stdout)["checks"]}
    assert [name for name, check in found.items() if check["level"] == "wrong"] == ["state"]
    assert found["state"]["hint"].endswith(".git is another user's: work on a clone of your own.")
    assert "git's reflog keeps what happens" in found["bell"]["words"]
    assert plain.stdout.count("WRONG") == 1
    assert snapshot(theirs.path) == before


@pytest.mark.parametrize("locked", [".git/patina", ".git/patina/spool", ".git/patina/worktrees/*/events"])
def test_doctor_finds_a_part_of_our_own_state_that_we_cannot_write(repo: Repo, locked: str) -> None:
    repo.commit("first", a="1\n")
    repo.patina("init")
    repo.patina("session", "start", "x")
    quiet(repo)
    (folder,) = repo.path.glob(locked)
    folder.chmod(0o500)
    done = as_a_guest(repo, "doctor")
    assert (done.returncode, done.stderr) == (1, "")
    assert f"WRONG state: {folder} cannot be written: nothing is recorded\n" in done.stdout
    assert f"do: chmod -R u+rwX {repo.path}/.git/patina\n" in done.stdout
    folder.chmod(0o700)
    assert as_a_guest(repo, "doctor").returncode == 0


def test_a_home_that_cannot_be_written_is_missed_by_no_command(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit("first", a="1\n")
    repo.patina("init")
    repo.patina("session", "start", "the parser")
    (tmp_path / "locked").mkdir(mode=0o555)
    monkeypatch.setenv("HOME", str(tmp_path / "locked"))
    for command in (
        *READING,
        ("doctor",),
        ("note", "x"),
        ("session", "end"),
        ("search", "parser"),
        ("report",),
    ):
        done = as_a_guest(repo, *command)
        assert (done.returncode, done.stderr) == (0, ""), command
    assert list((tmp_path / "locked").iterdir()) == []


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
        done = as_a_guest(theirs, *command)
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
    for command in (*READING, ("list", "--all")):
        read_only.patina(*command)
    doctor = read_only.patina("doctor", check=False)
    assert (doctor.returncode, doctor.stderr, doctor.stdout.count("WRONG")) == (1, "", 1)
    assert "do: The file system is read-only: work on a writable copy.\n" in doctor.stdout
    assert "bell: not rung: no recorder could write; git's reflog keeps what happens" in doctor.stdout
    for words in (*WRITING, ("gc",), ("session", "start", "x")):
        done = read_only.patina(*words, check=False)
        assert (done.returncode, complaint(done)) == (1, "Error"), words
    plain = subprocess.run(["git", "log", "--oneline"], cwd=read_only.path, capture_output=True, text=True)
    assert (plain.returncode, plain.stderr) == (0, "")
    assert snapshot(read_only.path) == before
