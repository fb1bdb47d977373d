"""A machine that is not kind: its disk is full, its clock is set back."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.repository import Repo
from tests.sources.watcher.watching import ON, running, watched
from tests.waiting import events, until


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return the root of a file system of four megabytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("LOUD: no tmpfs can be mounted here, so a full disk is not shown")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """Leave no byte of room."""
    filler = disk / "filler"
    with open(filler, "wb", buffering=0) as stream:
        try:
            while True:
                stream.write(b"x" * 4096)
        except OSError:
            pass
    yield
    filler.unlink()


def overwrite(file: Path, text: str) -> None:
    """Save a file in the room that it has."""
    with open(file, "r+b", buffering=0) as stream:
        stream.write(text.encode())


DAY = 86_400


def tried(pid: int) -> None:
    """Have a watcher tell, and return once it has tried: its report cannot say so on a full disk."""

    def woken() -> int:
        [line] = [
            s for s in Path(f"/proc/{pid}/status").read_text().splitlines() if s.startswith("voluntary")
        ]
        return int(line.split()[1])

    before = woken()
    os.kill(pid, signal.SIGUSR1)
    until(lambda: not running(pid) or woken() > before, "the watcher to wake")
    quiet = time.monotonic()
    last = before
    while running(pid) and time.monotonic() - quiet < 0.5:
        time.sleep(0.05)
        if woken() != last:
            last, quiet = woken(), time.monotonic()


def test_it_survives_a_full_disk_and_loses_nothing(small_disk: Path) -> None:
    repo = Repo.create(small_disk / "repo")
    repo.commit("first", dict.fromkeys(("a", "b", "c", "d", "e"), "1\n") | {".gitignore": "/filler\n"})
    with watched(repo) as here:
        pid = here.pid
        with full(small_disk):
            overwrite(repo.path / "a", "2\n")
            tried(pid)
            (repo.path / "b").unlink()
            (repo.path / "c").rename(repo.path / "f")
            tried(pid)
            assert running(pid)
        repo.patina("session", "update", env=ON)
        assert here.changes() == [("D", "b"), ("M", "a"), ("R", "f")]
        assert here.gaps() == []
        digest = here.journal().split("Files worked on")[1].split("### ")[0]
        assert ["- `a`\n" in digest, "- deleted: `b`" in digest, "- renamed: `c` → `f`" in digest] == [
            True
        ] * 3
        with full(small_disk):
            overwrite(repo.path / "d", "2\n")
            tried(pid)
            os.kill(pid, signal.SIGKILL)
            until(lambda: here.gone(pid), "the watcher to be gone")
            overwrite(repo.path / "e", "2\n")
        repo.patina("note", "whoever comes next", env=ON)
        here.ready(other_than=pid)
        assert {("M", "d"), ("M", "e")} <= set(here.changes())
        assert len(here.gaps()) == 1


class Clock:
    """The clock of the processes that are started from now on, and of those that live: it can be set."""

    def __init__(self, file: Path, library: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self._file = file
        self.set(0)
        for name, value in {
            "LD_PRELOAD": library,
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",  # the times of files are the kernel's
        }.items():
            monkeypatch.setenv(name, value)

    def set(self, seconds: int) -> None:
        """Set it to so many seconds before or after the time that it is."""
        beside = self._file.with_suffix(".new")
        beside.write_text(f"{seconds:+d}\n")
        beside.rename(self._file)


@pytest.fixture
def settable(tmp_path: Path, program: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return a clock that can be set while processes live."""
    said = subprocess.run(
        [program("faketime"), "-f", "+0", "sh", "-c", "echo $LD_PRELOAD"],
        capture_output=True,
        text=True,
        check=True,
    )
    return Clock(tmp_path / "clock", said.stdout.split(":")[0].strip(), monkeypatch)


def test_a_clock_that_is_set_back_and_forth_loses_nothing(repo: Repo, settable: Clock) -> None:
    repo.commit("first", dict.fromkeys(("a", "b", "c", "d", "e"), "1\n"))
    with watched(repo) as here:
        repo.git("config", "core.hooksPath", os.devnull)
        pid = here.pid
        repo.write("a", "2\n")
        assert here.changes() == [("M", "a")]
        settable.set(-DAY)
        repo.write("b", "2\n")
        assert here.changes() == [("M", "a"), ("M", "b")]
        first, second = [e["time"] for e in events(repo) if e["type"] == "files.changed"]
        assert second < first  # the watcher's own clock was set while it lived
        made = repo.commit("feat: of yesterday", {"a": "2\n"})
        until(lambda: f"Commit {made[:10]}" in here.journal(), "the commit in the journal")
        assert here.pid == pid
        settable.set(DAY)
        repo.write("c", "2\n")
        here.told()
        settable.set(0)  # and this time nobody sees it: what is saved now is older than what was told
        os.kill(pid, signal.SIGKILL)
        until(lambda: here.gone(pid), "the watcher to be gone")
        repo.write("d", "2\n")
        repo.patina("note", "whoever comes next", env=ON)
        here.ready(other_than=pid)
        assert ("M", "d") in here.changes()
        pid = here.pid
        settable.set(DAY)
        repo.write("e", "2\n")
        assert ("M", "e") in here.changes()
        assert here.pid == pid
        assert here.status()["alive"]
        assert len(here.gaps()) == 1
        repo.patina("session", "end", env=ON)
        assert here.gone(pid)
