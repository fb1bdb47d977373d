"""What it costs to see the files that are worked on, beside watchdog's recursive observer used plainly and watchfiles.

The ground is the same for all: 1,000 tracked folders with ten files each, and 15,000 folders that git ignores. CPU
seconds include the git processes that our watcher asks.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import ground
from bench.pairs import Bench, Measure, wall
from tests.repository import Repo

TRACKED, EACH, IGNORED = 1000, 10, 15_000
PAUSES = 0.25 + 0.15  # seconds: our debounce of the reflog, and the recorder's own pause

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


def _ground(folder: Path) -> Repo:
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
def _ours(repo: Repo) -> Iterator[Contender]:
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
            _until(lambda: said()["answers"] > before)
            return int(said()["told"])

        _until(lambda: said().get("backend"))
        yield Contender(child.pid, seen)
        child.terminate()


def _until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 120
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError("waited in vain")
        time.sleep(0.01)


def _plain(repo: Repo) -> Any:
    return _script(_PLAIN, repo)


def _watchfiles(repo: Repo) -> Any:
    return _script(_WATCHFILES, repo)


def _save_all(repo: Repo, text: str) -> None:
    for number in range(TRACKED):
        for each in range(EACH):
            path = f"{repo.path}/src/group{number % 30}/part{number}/file{each}.py"
            with open(path, "w") as stream:
                stream.write(text)


def _saves(start: Callable[[Repo], Any], repo: Repo, *, all_of_them: bool) -> Measure:
    """Return a measure of the CPU seconds for 10,000 saves; with `all_of_them`, one that is not told of is an error."""

    def measure() -> float:
        with start(repo) as contender:
            time.sleep(1)
            before, seen = contender.cpu(), contender.seen()
            _save_all(repo, f"{time.monotonic()}\n")
            time.sleep(4)
            told = contender.seen() - seen
            if all_of_them and told != TRACKED * EACH:
                raise AssertionError(f"{told:,} of {TRACKED * EACH:,} saves were told of")
            return float(contender.cpu() - before)

    return measure


def _of(start: Callable[[Repo], Any], repo: Repo, what: Callable[[Contender], float]) -> Measure:
    def measure() -> float:
        with start(repo) as contender:
            return what(contender)

    return measure


def _ready(start: Callable[[Repo], Any], repo: Repo) -> Measure:
    def work() -> None:
        with start(repo):
            pass

    return wall(work)


def _events(repo: Repo, rounds: int) -> Measure:
    """Return a measure of the megabytes after so many times 10,000 events."""

    def grown(contender: Contender) -> float:
        for number in range(rounds):
            _save_all(repo, f"{number} {time.monotonic()}\n")
            contender.seen()
        return contender.memory()

    return _of(_ours, repo, grown)


def _idle(repo: Repo) -> Measure:
    def minute(contender: Contender) -> float:
        time.sleep(5)
        before = contender.wakes()
        time.sleep(60)
        return contender.wakes() - before

    return _of(_ours, repo, minute)


def _told(folder: Path) -> tuple[Measure, Measure]:
    """Return what importing GitPython takes, and the way from a commit to its entry, less the pauses on purpose."""
    repo = _ground(folder)
    repo.git("config", "core.hooksPath", os.devnull)
    journal = repo.path / ".patina/local/active-session.md"

    def commit() -> None:
        name = repo.commit("feat: a step")
        heading = f"Commit {name[:10]}"
        _until(lambda: heading in journal.read_text())

    def entry() -> float:
        with _ours(repo):
            time.sleep(2)
            return wall(commit)() - PAUSES

    load = wall(lambda: subprocess.run([sys.executable, "-c", "import git"], check=True))
    return load, entry


def _pair(
    a: Callable[[Repo], Measure], b: Callable[[Repo], Measure]
) -> Callable[[Path], tuple[Measure, Measure]]:
    def prepare(folder: Path) -> tuple[Measure, Measure]:
        repo = _ground(folder)
        return a(repo), b(repo)

    return prepare


BENCHES = (
    Bench(
        name="watch-folders",
        a="kernel watches of watchdog used plainly",
        b="of the watcher",
        bar=1100 / (TRACKED + IGNORED),
        prepare=_pair(
            lambda r: _of(_plain, r, Contender.watches), lambda r: _of(_ours, r, Contender.watches)
        ),
        rounds=1,
        counts="watches",
    ),
    Bench(
        name="watch-ready",
        a="seconds until watchdog used plainly sees everything",
        b="until the watcher does",
        bar=1.0,
        prepare=_pair(lambda r: _ready(_plain, r), lambda r: _ready(_ours, r)),
        rounds=5,
    ),
    Bench(
        name="watch-saves",
        a="CPU seconds of watchdog used plainly for 10,000 saves, most of them lost",
        b="of the watcher, none lost",
        bar=0.5,
        prepare=_pair(
            lambda r: _saves(_plain, r, all_of_them=False), lambda r: _saves(_ours, r, all_of_them=True)
        ),
        rounds=3,
    ),
    Bench(
        name="watch-saves-watchfiles",
        a="CPU seconds of watchfiles for 10,000 saves",
        b="of the watcher, with git's word on every file",
        bar=2.0,
        prepare=_pair(
            lambda r: _saves(_watchfiles, r, all_of_them=False), lambda r: _saves(_ours, r, all_of_them=True)
        ),
        rounds=3,
    ),
    Bench(
        name="watch-memory",
        a="60 megabytes",
        b="resident in the watcher after 100,000 events",
        bar=1.0,
        prepare=_pair(lambda _: lambda: 60.0, lambda r: _events(r, 10)),
        rounds=1,
        counts="megabytes",
    ),
    Bench(
        name="watch-growth",
        a="megabytes after 20,000 events",
        b="after 100,000",
        bar=1.1,
        prepare=_pair(lambda r: _events(r, 2), lambda r: _events(r, 10)),
        rounds=1,
        counts="megabytes",
    ),
    Bench(
        name="watch-idle",
        a="10 wake-ups a minute",
        b="of the watcher when nothing happens",
        bar=1.0,
        prepare=_pair(lambda _: lambda: 10.0, _idle),
        rounds=1,
        counts="wake-ups",
    ),
    Bench(
        name="watch-commit",
        a='seconds of python -c "import git"',
        b="from a commit without hooks to its entry, less 0.4 of pauses",
        bar=5.0,
        prepare=_told,
        rounds=7,
    ),
)
