"""Promises 1 and 6 beside the managers of hooks that people have, really installed, whoever came first.

The same is done in two repositories, one of them with Patina: git says and returns the same in both, the manager's own
hooks do what they did, each commit is recorded, and after `uninstall` everything is as where Patina had never been.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import _absent
from tests.repository import Repo
from tests.twins import FIXED, SHORT, Twin, difference, make, work
from tests.waiting import events, quiet

STAGES = ("post-commit", "post-checkout", "post-merge", "post-rewrite")
HUSKY = "husky@9.1.7"
# What a manager makes of its own time or its own name for each machine.
PASSED = (
    "lefthook.checksum",
    ".git/config",
)  # git-lfs writes its settings in any order: they are compared sorted


@dataclass(frozen=True, slots=True)
class Manager:
    """How a manager is configured in a repository, and installed there."""

    configure: Callable[[Repo], None]
    install: Callable[[Repo], None]


def run(repo: Repo, *argv: str | Path, check: bool = True) -> None:
    done = subprocess.run(
        argv,
        cwd=repo.path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env={**os.environ, **FIXED},
    )
    assert not check or done.returncode == 0, done.stdout + done.stderr


def beside(name: str) -> Path:
    """Return a program that was installed with the tests."""
    path = Path(sys.executable).with_name(name)
    assert path.exists(), f"{name} is missing: pip install -e '.[dev]'"
    return path


KEPT = 'echo "$0 $*" >>../kept'


def configure_pre_commit(repo: Repo) -> None:
    hooks = "".join(
        f"  - {{id: {s}, name: {s}, language: system, entry: sh -c '{KEPT}' {s}, stages: [{s}],"
        " always_run: true, pass_filenames: false}\n"
        for s in STAGES
    )
    repo.write(".pre-commit-config.yaml", f"repos:\n- repo: local\n  hooks:\n{hooks}")


def configure_lefthook(repo: Repo) -> None:
    text = "no_auto_install: true\noutput: [execution_out]\n" + "".join(
        f"{s}:\n  commands:\n    keep:\n      run: echo {s} {{0}} >>../kept; cat >>../kept\n      use_stdin: true\n"
        for s in STAGES
    )
    repo.write("lefthook.yml", text)


def configure_husky(repo: Repo) -> None:
    for stage in STAGES:
        rest = "cat >>../kept\n" if stage == "post-rewrite" else ""
        repo.write(f".husky/{stage}", f"{KEPT}\n{rest}")


def install_pre_commit(name: str) -> Callable[[Repo], None]:
    return lambda repo: run(repo, beside(name), "install", *(f"--hook-type={stage}" for stage in STAGES))


def install_lefthook(repo: Repo) -> None:
    run(repo, "lefthook", "install", "--force")


def install_husky(repo: Repo) -> None:
    run(repo, "node", Path(os.environ["HUSKY_OF_THE_TEST"]) / "bin.js")


def install_lfs(repo: Repo) -> None:
    """It refuses a hook that is there, ours too, and says how to go on: `git lfs update --force`."""
    run(repo, "git", "lfs", "install", "--local", check=False)
    run(repo, "git", "lfs", "update", "--force")


def nothing(repo: Repo) -> None:
    """It needs no file in the project."""


MANAGERS = {
    "pre-commit": Manager(configure_pre_commit, install_pre_commit("pre-commit")),
    "prek": Manager(configure_pre_commit, install_pre_commit("prek")),
    "lefthook": Manager(configure_lefthook, install_lefthook),
    "husky": Manager(configure_husky, install_husky),
    "git-lfs": Manager(nothing, install_lfs),
}


@pytest.fixture(scope="session")
def husky(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the installed package; without npm the test is skipped, or fails where REQUIRE names npm."""
    if shutil.which("npm") is None:
        _absent("npm", "NOT TESTED: husky, since npm is not on PATH")
    folder = tmp_path_factory.mktemp("husky")
    (folder / "package.json").write_text("{}")
    argv = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", HUSKY]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=120)
    if done.returncode:
        _absent("npm", f"NOT TESTED: husky cannot be installed: {done.stderr.strip()[-200:]}")
    return folder / "node_modules" / "husky"


@pytest.fixture
def manager(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Manager:
    """Return a manager that can be called by its name, as its hooks do."""
    name: str = request.param
    if name == "husky":
        monkeypatch.setenv("HUSKY_OF_THE_TEST", str(request.getfixturevalue("husky")))
    elif name == "git-lfs":
        request.getfixturevalue("program")("git-lfs")
    elif name == "lefthook":
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / name).symlink_to(beside(name))
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "home-of-pre-commit"))
    monkeypatch.setenv("PREK_HOME", str(tmp_path / "home-of-prek"))
    return MANAGERS[name]


def made(twin: Twin) -> set[str]:
    """Return the commits that the work made: all that HEAD ever stood at, but for the first."""
    return set(twin.repo.git("reflog", "--format=%H").split()) - {twin.repo.git("rev-parse", "with-file^")}


@pytest.mark.parametrize("order", ["the manager first", "Patina first"])
@pytest.mark.parametrize("manager", MANAGERS, indirect=True)
def test_beside_a_manager_of_hooks_nothing_is_felt_and_nothing_stays(
    tmp_path: Path, manager: Manager, order: str
) -> None:
    one = make(tmp_path / "one", manager.configure)
    other = make(tmp_path / "other", manager.configure)
    manager.install(other.repo)
    if order == "Patina first":
        one.repo.patina("init")
        manager.install(one.repo)
    else:
        manager.install(one.repo)
        one.repo.patina("init")

    assert work(one, SHORT) == work(other, SHORT)
    one.repo.patina("init")  # a manager that came later may have taken our lines away
    again = (("commit", "--allow-empty", "-m", "after init again"), ("checkout", "topic"))
    assert work(one, again) == work(other, again)
    quiet(one.repo)
    kept = [
        path.read_text() if path.exists() else "" for path in (tmp_path / "one/kept", tmp_path / "other/kept")
    ]
    assert kept[0] == kept[1]
    configured = manager.configure is not nothing
    assert all(stage in kept[0] for stage in STAGES if configured)
    one.repo.patina("record")
    quiet(one.repo)
    told = {e["data"]["commit"]["id"] for e in events(one.repo) if "commit" in e["data"]}
    assert told == made(one)

    one.repo.patina("uninstall", "--purge")
    left = [
        line
        for line in difference(tmp_path / "one", tmp_path / "other")
        if not line.split(":")[0].endswith(PASSED)
    ]
    assert left == []
    settings = [sorted((twin.repo.path / ".git/config").read_text().split("\n")) for twin in (one, other)]
    assert settings[0] == settings[1]


def test_files_of_git_lfs_reach_the_remote_beside_our_hooks(
    repo: Repo, tmp_path: Path, program: Callable[[str], str]
) -> None:
    """Its pre-push reads the refs from standard input, and its post-* hooks stand beside our lines."""
    program("git-lfs")
    repo.git("lfs", "install", "--local")
    repo.patina("init")
    repo.git("lfs", "track", "*.bin")
    repo.commit(
        "a large file", {".gitattributes": (repo.path / ".gitattributes").read_bytes(), "a.bin": b"\0" * 4096}
    )
    origin = Repo.create(tmp_path / "origin.git", "--bare")
    repo.git("remote", "add", "origin", f"file://{origin.path}")
    repo.git("push", "--quiet", "origin", "main")
    stored = [path for path in (origin.path / "lfs").rglob("*") if path.is_file()]
    assert [path.read_bytes() for path in stored if path.stat().st_size == 4096] == [b"\0" * 4096]
    quiet(repo)
    repo.patina("record")
    assert {"git.commit", "git.push"} <= {e["type"] for e in events(repo)}
