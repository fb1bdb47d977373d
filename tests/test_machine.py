"""The machine that a test starts on is its own, whatever the one around it is like."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import conftest
from tests.repository import Repo

HOSTILE = {
    "CI": "true",
    "CLAUDECODE": "1",
    "DOCKER_HOST": "unix:///",
    "GIT_DIR": "/nowhere/.git",
    "GIT_INDEX_FILE": "/nowhere/index",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "init.defaultBranch",
    "GIT_CONFIG_VALUE_0": "trunk",
    "HOME": "/nowhere",
    "LC_ALL": "C",
    "PATINA_NOW": "1999-01-01T00:00:00Z",
    "PATINA": "0",
    "PYTHONPATH": "/nowhere",
    "TZ": "Pacific/Kiritimati",
    "XDG_CONFIG_HOME": "/nowhere",
}


BYTES = """
import pytest
def test_fails():
    assert '\\udce9' == 'x'
def test_passes():
    print('\\udce9')
def test_is_skipped():
    pytest.skip('why \\udce9')
"""


def test_nothing_of_the_surroundings_is_seen() -> None:
    strangers = {"CI", "GIT_DIR", "GIT_INDEX_FILE", "PATINA", "PATINA_NOW", "PYTHONPATH", "XDG_CONFIG_HOME"}
    assert not {
        name for name in os.environ if name in strangers or name.startswith(("GIT_CONFIG_KEY", "CLAUDE"))
    }
    assert (os.environ["TZ"], os.environ["LC_ALL"]) == ("UTC", "C.UTF-8")
    assert list(Path.home().iterdir()) == []
    assert (os.environ["GIT_CONFIG_GLOBAL"], os.environ["GIT_CONFIG_NOSYSTEM"]) == (os.devnull, "1")


def test_git_has_no_settings_but_the_repository_s_own(repo: Repo) -> None:
    first = repo.commit("one", {"src/b.py": "2"}, a="1")
    assert (
        repo.git("log", "-1", "--format=%H %an <%ae> %cn %D")
        == f"{first} Ada Lovelace <ada@example.org> Ada Lovelace HEAD -> main"
    )
    assert repo.git("ls-files") == "a.txt\nsrc/b.py"
    assert {line.split(":")[0] for line in repo.git("config", "--list", "--show-scope").split("\t")[:1]} == {
        "local"
    }
    assert repo.worktree(repo.path.parent / "tree", "other").git("branch", "--show-current") == "other"


def test_the_folders_above_a_test_s_are_no_repository(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="not a git repository"):
        Repo(tmp_path).git("status")


def test_no_engine_answers_unless_the_test_asks_for_one() -> None:
    assert not Path(os.environ["DOCKER_HOST"].removeprefix("unix://")).exists()
    assert conftest.engine_silence.__wrapped__() is not None


@pytest.mark.docker
def test_an_engine_answers_where_the_test_asks_for_one() -> None:
    assert conftest.engine_silence.__wrapped__() is None


def test_the_command_runs_in_a_process_of_its_own(repo: Repo, new_repo: Callable[..., Repo]) -> None:
    assert repo.patina("--version").stdout.startswith("patina, version ")
    assert repo.patina("--no-such-option", check=False).returncode == 2
    with pytest.raises(AssertionError, match=r"patina --no-such-option gave 2:\n.*no-such-option"):
        new_repo("other").patina("--no-such-option")


def test_a_hostile_machine_changes_none_of_this(
    request: pytest.FixtureRequest, new_repo: Callable[..., Repo]
) -> None:
    around = new_repo("around")  # a temporary folder in somebody's repository
    words = [
        "-q",
        "-p",
        "no:cacheprovider",
        f"--basetemp={around.path}/base",
        "-k",
        "not hostile and not answers_where and not utf_8",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, __file__],
        cwd=request.config.rootpath,
        env={**os.environ, **HOSTILE},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


def test_a_failure_that_is_no_utf_8_is_told_and_ends_nothing(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    (tmp_path / "test_bytes.py").write_text(BYTES)
    words = ["-n", "1", "-q", "-ra", "-p", "tests.conftest", "-p", "no:cacheprovider", "-c", "pyproject.toml"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, f"--basetemp={tmp_path}/base", tmp_path / "test_bytes.py"],
        cwd=request.config.rootpath,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "AssertionError: assert '\\udce9' == 'x'" in done.stdout
    assert ": why \\udce9\n" in done.stdout
    assert "1 failed, 1 passed, 1 skipped" in done.stdout
