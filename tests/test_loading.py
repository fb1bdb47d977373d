"""What a process loads is what it costs, and what it can leak: each loads no package that its work does not need."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repository import Repo

# Runs a module as `python -m` does, and at its very end writes the names of all that it loaded.
LISTEN = """
import atexit, runpy, sys
into, module = sys.argv.pop(1), sys.argv.pop(1)
atexit.register(lambda: open(into, "w").write("\\n".join(sys.modules)))
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""


def _loaded(repo: Repo, module: str, *args: str) -> set[str]:
    """Return the packages that a run of the module ends with; a run that fails, or says nothing, fails the test."""
    into = repo.path.parent / "loaded"
    done = subprocess.run(
        [sys.executable, "-P", "-c", LISTEN, into, module, *args],
        cwd=repo.path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    names = {name.partition(".")[0] for name in into.read_text().splitlines()}
    assert "patina_sessions" in names
    return names


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


def test_the_recorder_loads_neither_click_nor_docker_nor_watchdog_nor_markdown_it(active: Repo) -> None:
    common = Path(active.git("rev-parse", "--path-format=absolute", "--git-common-dir"))
    loaded = _loaded(active, "patina_sessions.recorder", str(common / "patina"), str(active.path), "")
    assert "feat: unheard of" in _journal(active)  # it did its work
    assert not loaded & {"click", "docker", "watchdog", "markdown_it"}


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


def test_the_help_loads_no_doer(repo: Repo) -> None:
    into = repo.path.parent / "loaded"
    assert not _loaded(repo, "patina_sessions", "--help") & {
        "git",
        "markdown_it",
        "docker",
        "watchdog",
        "sqlite3",
    }
    ours = {name for name in into.read_text().splitlines() if name.startswith("patina_sessions.")}
    assert {name.split(".")[1] for name in ours} <= {"cli", "errors", "safe"}


def test_importing_the_package_loads_nothing_beyond_it(repo: Repo) -> None:
    ask = "import sys; before = set(sys.modules); import patina_sessions; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", ask], cwd=repo.path, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["patina_sessions"]
