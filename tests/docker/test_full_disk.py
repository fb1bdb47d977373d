"""A disk that is full, here or in the engine: the command's own exit code, its end recorded, one clear error."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.docker.conftest import IMAGE, Bench, small_disk
from tests.docker.engine import Dockerd
from tests.repository import Repo


@pytest.fixture
def small(tmp_path: Path, images: None) -> Iterator[Bench]:
    """Return a repository on a disk of six megabytes."""
    with small_disk(tmp_path / "disk", "6m") as disk:
        bench = Bench(Repo.create(disk / "repo"))
        bench.set_up()
        bench.run("exec", "--", "true")
        yield bench
        bench.run("clean", "--force")


def test_a_log_that_fills_the_disk_leaves_room_for_the_run_s_end(small: Bench) -> None:
    free = os.statvfs(small.repo.path)
    small.repo.write("filler", b"x" * (free.f_bavail * free.f_frsize - 1_100_000))
    line = "o" * 4000  # a little at a time, so that the log takes the last kilobytes that it may
    script = f"i=0; while [ $i -lt 300 ]; do echo {line}; true | cat; i=$((i + 1)); done; exit 3"
    done = small.run("exec", "--", "sh", "-c", script)
    assert (done.returncode, done.stdout.count("\n")) == (3, 300), done.stderr
    assert small.runs()[0]["exit_code"] == 3
    assert "Its log is not whole: cannot write" in small.journal
    log = small.run("runs", "show").stdout
    assert log.startswith(line)
    assert "from here on the output could not be kept" in log.splitlines()[-1]
    small.repo.patina("note", "there is room for this")


def test_a_command_that_fills_the_disk_keeps_its_code_and_is_recorded_once_there_is_room(
    small: Bench,
) -> None:
    done = small.run("exec", "--", "sh", "-c", "cat /dev/zero > filler; exit 3")
    assert done.returncode == 3
    assert "How it ended is not recorded yet: cannot write" in done.stderr
    listed = small.run("runs")
    assert listed.returncode == 0
    assert "failed" in listed.stdout.splitlines()[0]
    refused = small.run("exec", "--", "true")
    assert (refused.returncode, refused.stderr.count("Error: ")) == (125, 1)
    (small.repo.path / "filler").unlink()
    small.repo.patina("note", "room again")
    assert small.journal.count("- Exec failed") == 1
    assert "Exit code: 3" in small.journal
    assert [run["exit_code"] for run in small.runs()] == [3, 0]
    assert not list(small.repo.path.glob(".git/patina/worktrees/*/runs/*.lock"))


def test_output_that_goes_to_a_full_disk_is_one_clear_error(bench: Bench) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            bench.argv("exec", "--", "sh", "-c", "echo oh; sleep 4242"),
            cwd=bench.repo.path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 125
    assert done.stderr.splitlines()[-2:] == [
        "Error: cannot write the output: No space left on device",
        "Hint: Free some space where it goes to.",
    ]
    assert bench.processes("4242") == []


def test_an_engine_whose_disk_is_full_is_one_clear_error(
    repo: Repo, own_engine: Callable[..., Dockerd], tmp_path: Path
) -> None:
    bench = Bench(repo)
    bench.set_up()
    own_engine(room="16m")
    filled = bench.run("exec", "--", "sh", "-c", "cat /dev/zero > /tmp/filler")
    assert filled.returncode == 1
    repo.write("Dockerfile", f"FROM {IMAGE}\nRUN cat /dev/zero > /filler\n")
    bench.configure("")
    other = repo.worktree(tmp_path / "other", "other")  # wants a workspace of its own
    for done in (
        bench.run("build"),
        bench.run("exec", "--", "true"),
        other.patina("exec", "--image", IMAGE, "--", "true", check=False),
    ):
        assert done.returncode == 125
        assert done.stderr.count("Error: ") == 1
        assert "no space left" in done.stderr.lower()
        assert "Hint: The engine's disk is full: patina clean" in done.stderr
    assert bench.run("exec", "--image", IMAGE, "--", "rm", "/tmp/filler").returncode == 0
