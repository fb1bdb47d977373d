"""What a process loads is what it costs, and what it can leak: each loads no package that its work does not need."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.repository import Repo
from tests.waiting import until

# Runs a module as `python -m` does, and at its very end writes the names of all that it loaded.
LISTEN = """
import atexit, runpy, sys
into, module = sys.argv.pop(1), sys.argv.pop(1)
atexit.register(lambda: open(into, "w").write("\\n".join(sys.modules)))
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""


def _argv(repo: Repo, module: str, *args: str) -> list[str]:
    return [sys.executable, "-P", "-c", LISTEN, f"{repo.path.parent}/loaded", module, *args]


def _packages(repo: Repo) -> set[str]:
    """Return the packages that the last listened run ended with; one that never came to its end fails the test."""
    names = {name.partition(".")[0] for name in (repo.path.parent / "loaded").read_text().splitlines()}
    assert "patina_sessions" in names
    return names


def _loaded(repo: Repo, module: str, *args: str) -> set[str]:
    """Run the module to its end and return what it loaded; a run that fails, fails the test."""
    done = subprocess.run(
        _argv(repo, module, *args), cwd=repo.path, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return _packages(repo)


@pytest.fixture
def active(repo: Repo) -> Repo:
    """Return a repository in the middle of a session, with one commit that no bell has told of."""
    repo.commit("first", a="1")
    repo.patina("init")
    repo.patina("session", "start", "Load little")
    repo.git(
        "-c", f"core.hooksPath={os.devnull}", "commit", "--quiet", "--allow-empty", "-m", "feat: unheard of"
    )
    return repo


def _journal(repo: Repo) -> str:
    return (repo.path / ".patina/local/active-session.md").read_text()


def test_the_recorder_loads_none_of_the_libraries(active: Repo) -> None:
    common = Path(active.git("rev-parse", "--path-format=absolute", "--git-common-dir"))
    loaded = _loaded(active, "patina_sessions.recorder", str(common / "patina"), str(active.path), "")
    assert "feat: unheard of" in _journal(active)  # it did its work
    assert not loaded & {"git", "click", "docker", "watchdog", "markdown_it"}


def test_the_watcher_loads_neither_git_nor_docker_nor_click_nor_markdown_it(active: Repo) -> None:
    common = Path(active.git("rev-parse", "--path-format=absolute", "--git-common-dir"))
    key = (common / "patina-id").read_text().split()[0]
    report = common / "patina/worktrees" / key / "watcher.json"
    place = [str(active.path), str(common), str(common), key, repr(time.time())]
    with subprocess.Popen(
        _argv(active, "patina_sessions.sources.watcher", *place), cwd=active.path
    ) as watcher:
        try:
            _until(lambda: report.exists() and json.loads(report.read_text())["backend"])
            active.write("src/saved.py", "print()")
            _until(lambda: _told(watcher, report))
        finally:
            watcher.terminate()
    assert watcher.returncode == 0
    assert not _packages(active) & {"git", "docker", "click", "markdown_it"}


def _told(watcher: subprocess.Popen[bytes], report: Path) -> bool:
    """Have the watcher tell what it has seen, and return whether that was anything."""
    watcher.send_signal(signal.SIGUSR1)
    return bool(json.loads(report.read_text())["told"])


def _until(so: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("words", [["status"], ["note", "Offsets are in bytes"], ["goal", "Speed"]])
def test_a_daily_command_that_finds_all_recorded_loads_neither_git_nor_markdown_it_nor_docker(
    active: Repo, words: list[str]
) -> None:
    active.patina("record")
    assert "feat: unheard of" in _journal(active)
    loaded = _loaded(active, "patina_sessions", *words)
    assert "click" in loaded
    assert not loaded & {"git", "markdown_it", "docker", "watchdog"}
    assert words == ["status"] or words[-1] in _journal(active)


def test_a_command_that_finds_nothing_new_loads_no_source(active: Repo) -> None:
    into = active.path.parent / "loaded"
    needed = {
        "remotes",
        "watcher",
        "watcher.process",
    }  # the folders that are compared, and whether a watcher lives

    def loads_none() -> bool:
        _loaded(active, "patina_sessions", "status")
        names = set(into.read_text().splitlines())
        asked = {n.removeprefix("patina_sessions.sources.") for n in names if ".sources." in n} - needed
        return not asked and not names & {"hashlib", "secrets"}

    # The first ones may come in the tick of a change, and so have to look.
    until(loads_none, "a status that asks no source")


@pytest.mark.parametrize("words", [["list"], ["goals"], ["report", "--help"]])
def test_only_a_report_loads_what_makes_pages_and_pictures(active: Repo, words: list[str]) -> None:
    assert not _loaded(active, "patina_sessions", *words) & {"jinja2", "markupsafe", "drawsvg"}


def test_the_help_loads_no_doer(repo: Repo) -> None:
    assert not _loaded(repo, "patina_sessions", "--help") & {
        "git",
        "markdown_it",
        "docker",
        "watchdog",
        "sqlite3",
    }
    ours = {
        name
        for name in (repo.path.parent / "loaded").read_text().splitlines()
        if name.startswith("patina_sessions.")
    }
    assert {name.split(".")[1] for name in ours} <= {"cli", "errors", "safe"}


def test_importing_the_package_loads_nothing_beyond_it(repo: Repo) -> None:
    ask = "import sys; before = set(sys.modules); import patina_sessions; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", ask], cwd=repo.path, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["patina_sessions"]
