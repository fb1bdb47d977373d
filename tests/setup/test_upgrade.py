"""A repository that an older Patina set up goes on with this one; what a newer one wrote is refused and left alone.

`tests/data/older` has a repository for each release, as its own `init`, `session start`, commits and `end` left it: one
finished session, one in progress, a hook of its owner's with our lines in it, and an interpreter that is gone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.repository import Repo
from tests.twins import snapshot
from tests.waiting import events, quiet, until

OLDER = Path(__file__).parents[1] / "data" / "older"
RELEASES = sorted(path.name.removesuffix(".tar.gz") for path in OLDER.glob("*.tar.gz"))


@pytest.fixture(params=RELEASES)
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Repo:
    """Return the repository, where and as it would be had it never been moved."""
    with tarfile.open(OLDER / f"{request.param}.tar.gz") as packed:
        packed.extractall(tmp_path, filter="tar")
    repo = Repo(tmp_path / "repo")
    name = repo.path / ".git/patina-id"
    key = name.read_text().split()[0]
    # Of a copy the number of the folder is another, and a copy has no session in progress.
    name.write_text(f"{key} {os.stat(repo.path / '.git').st_ino}\n")
    (repo.path / f".git/patina/worktrees/{key}/top").write_text(str(repo.path))
    return repo


def test_there_is_an_older_release() -> None:
    assert RELEASES


def test_an_interpreter_that_is_gone_is_silent_for_git_and_named_by_doctor(older: Repo) -> None:
    done = subprocess.run(
        ["git", "commit", "--quiet", "--allow-empty", "-m", "unheard"], cwd=older.path, capture_output=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    checks = json.loads(older.patina("doctor", "--json", check=False).stdout)["checks"]
    (bell,) = [check for check in checks if check["name"] == "bell"]
    assert (bell["level"], bell["hint"]) == ("wrong", "patina init")
    assert "/opt/older/bin/python" in bell["words"]


def test_init_upgrades_and_the_session_in_progress_goes_on(older: Repo) -> None:
    planned = json.loads(older.patina("init", "--dry-run", "--json").stdout)
    assert ".git/patina/hook.sh" in [step["path"] for step in planned["steps"]]
    older.patina("init")
    assert json.loads(older.patina("init", "--dry-run", "--json").stdout)["steps"] == []
    assert sys.executable in (older.path / ".git/patina/hook.sh").read_text()
    quiet(older)
    before = len(events(older))
    made = older.commit("heard", b="1\n")
    journal = older.path / ".patina/local/active-session.md"
    until(lambda: f"Commit {made[:10]}: heard" in journal.read_text(), "the recorder")
    quiet(older)
    assert len(events(older)) == before + 1
    assert json.loads(older.patina("session", "end", "--json").stdout)["commits"] == 2


def test_what_it_recorded_is_read_and_can_be_made_anew(older: Repo) -> None:
    older.patina("init")
    first = min(row["id"] for row in json.loads(older.patina("list", "--all", "--json").stdout)["sessions"])
    assert "parse quotes" in older.patina("search", "quotes").stdout
    made = json.loads(older.patina("rebuild", first, "--json").stdout)
    assert made["same"] is True
    assert "left open" in older.patina("goals").stdout


def test_uninstall_gives_back_the_hook_that_was_there_before_the_older_one(older: Repo) -> None:
    older.patina("init")
    older.patina("uninstall", "--purge", "--lose-session")
    hooks = sorted((older.path / ".git/hooks").iterdir())
    assert [path.read_bytes() for path in hooks] == [(older.path.parent / "hook").read_bytes()]
    assert not (older.path / ".git/patina").exists()


COMMANDS = (
    ("init",),
    ("uninstall",),
    ("session", "status"),
    ("session", "start", "x"),
    ("session", "end"),
    ("note", "x"),
    ("record",),
    ("list",),
    ("search", "x"),
    ("gc",),
    ("off",),
    ("forget", "the parser"),
)


def test_what_a_newer_patina_wrote_is_refused_by_every_command_and_left_alone(older: Repo) -> None:
    consent = older.path / ".git/patina/repo.json"
    consent.write_bytes(consent.read_bytes().replace(b'"format": 1', b'"format": 2'))
    assert json.loads(consent.read_bytes())["format"] == 2
    before = snapshot(older.path)
    for command in COMMANDS:
        done = older.patina(*command, check=False)
        assert done.returncode == 1, command
        assert "format 2" in done.stderr, command
        assert "Hint: Upgrade" in done.stderr
    argv = [sys.executable, "-P", "-m", "patina_sessions.recorder", str(consent.parent), str(older.path), ""]
    assert subprocess.run(argv, capture_output=True).returncode == 0
    assert snapshot(older.path) == before
