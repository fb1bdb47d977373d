"""Three watchers on one ground: ours, watchdog's recursive observer used plainly, and watchfiles."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import ground
from tests.repository import Repo

TRACKED, EACH, IGNORED = 1000, 10, 15_000
FOLDERS, FILES = TRACKED + IGNORED, TRACKED * EACH

_PLAIN = """
import sys, time
from watchdog.events import FileSystemEventHandler
from watchdog.observers import Observer
seen = set()
class Hear(FileSystemEventHandler):
    def on_modified(self, event):
        if not event.is_directory:
            seen.add(event.src_path)
observer = Observer()
observer.schedule(Hear(), sys.argv[1], recursive=True)
observer.start()
print("ready", flush=True)
for _ in sys.stdin:
    print(len([p for p in seen if "/src/" in p]), flush=True)
"""
_WATCHFILES = """
import sys, threading
from watchfiles import DefaultFilter, watch
seen = set()
def run():
    for changes in watch(sys.argv[1], watch_filter=DefaultFilter(), yield_on_timeout=True, rust_timeout=50):
        if not ready.is_set():
            ready.set()
        seen.update(path for _, path in changes)
ready = threading.Event()
threading.Thread(target=run, daemon=True).start()
ready.wait()
print("ready", flush=True)
for _ in sys.stdin:
    print(len([p for p in seen if "/src/" in p]), flush=True)
"""


@dataclass(frozen=True, slots=True)
class Contender:
    """A watcher at work: its process, and how to ask how many files it has seen."""

    pid: int
    seen: Callable[[], int]

    def cpu(self) -> float:
        """Return its CPU seconds so far, with those of the children that it waited for."""
        words = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(int(word) for word in words[11:15]) / os.sysconf("SC_CLK_TCK")

    def watches(self) -> int:
        """Return how many watches the kernel keeps for it."""
        infos = Path(f"/proc/{self.pid}/fdinfo").iterdir()
        return sum(line.startswith("inotify ") for info in infos for line in info.read_text().splitlines())

    def memory(self) -> float:
        """Return its resident megabytes."""
        return self._number("VmRSS:") / 1024

    def wakes(self) -> float:
        """Return how often it has woken: its voluntary switches, in all its threads."""
        tasks = Path(f"/proc/{self.pid}/task").iterdir()
        return sum(_field(task / "status", "voluntary_ctxt_switches:") for task in tasks)

    def _number(self, name: str) -> float:
        return _field(Path(f"/proc/{self.pid}/status"), name)


def _field(status: Path, name: str) -> float:
    [line] = [line for line in status.read_text().splitlines() if line.startswith(name)]
    return float(line.split()[1])


def prepared(folder: Path) -> Repo:
    """Return the repository, in a session."""
    repo = ground.repository(folder / "repo")
    for number in range(TRACKED):
        for each in range(EACH):
            repo.write(f"src/group{number % 30}/part{number}/file{each}.py", "0\n")
    repo.write(".gitignore", "node_modules/\n__pycache__/\n")
    repo.git("add", ".")
    repo.git("commit", "-qm", "chore: all of it")
    for number in range(IGNORED // 3):
        (repo.path / f"node_modules/package{number}/lib/deep").mkdir(parents=True)
    ground.record(repo)
    return repo


@contextmanager
def _script(code: str, repo: Repo) -> Iterator[Contender]:
    with subprocess.Popen(
        [sys.executable, "-c", code, str(repo.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        out, into = child.stdout, child.stdin

        def seen() -> int:
            into.write("?\n")
            into.flush()
            return int(out.readline())

        if out.readline() != "ready\n":
            raise AssertionError("it did not begin")
        yield Contender(child.pid, seen)
        child.kill()


@contextmanager
def ours(repo: Repo) -> Iterator[Contender]:
    """Start the watcher; what is given sees everything."""
    git = repo.path / ".git"
    key = (git / "patina-id").read_text().split()[0]
    report = git / "patina/worktrees" / key / "watcher.json"
    report.unlink(missing_ok=True)
    argv = [
        sys.executable,
        "-P",
        "-m",
        "patina_sessions.sources.watcher",
        str(repo.path),
        str(git),
        str(git),
        key,
    ]
    with subprocess.Popen([*argv, repr(time.time())], cwd=repo.path) as child:

        def said() -> dict[str, Any]:
            found: dict[str, Any] = json.loads(report.read_bytes()) if report.exists() else {}
            return found

        def seen() -> int:
            before = said()["answers"]
            child.send_signal(signal.SIGUSR1)
            until(lambda: said()["answers"] > before)
            return int(said()["told"])

        until(lambda: said().get("backend"))
        yield Contender(child.pid, seen)
        child.terminate()


def until(true: Callable[[], object]) -> None:
    """Return once it is true."""
    deadline = time.monotonic() + 120
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError("waited in vain")
        time.sleep(0.01)


def save_all(repo: Repo, text: str) -> None:
    """Save every file of the ground."""
    for number in range(TRACKED):
        for each in range(EACH):
            path = f"{repo.path}/src/group{number % 30}/part{number}/file{each}.py"
            with open(path, "w") as stream:
                stream.write(text)


def plain(repo: Repo) -> AbstractContextManager[Contender]:
    """Start watchdog's observer; what is given sees everything."""
    return _script(_PLAIN, repo)


def watchfiles(repo: Repo) -> AbstractContextManager[Contender]:
    """Start watchfiles; what is given sees everything."""
    return _script(_WATCHFILES, repo)
