"""A repository with Patina in it, and an engine: the user's for most tests, one of their own for those that kill it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import conftest
from tests.docker import engine
from tests.repository import Repo

IMAGE = "patina-test-busybox"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder: it needs an engine, and one worker does not get in another's way."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.docker)


@pytest.fixture(scope="session")
def images() -> None:
    """Let the engine have the images of the tests."""
    if conftest.engine_silence() is None:
        if engine.busybox() is None:
            conftest._absent("docker", "busybox is missing, or not static: apt-get install busybox-static")
        engine.give_images(os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock"))


@pytest.fixture
def bench(repo: Repo, images: None) -> Iterator[Bench]:
    """Return a repository in mid-session whose commands run in busybox; its containers are gone afterwards."""
    bench = Bench(repo)
    bench.set_up()
    yield bench
    repo.patina("clean", "--force", check=False)


@dataclass
class Bench:
    """A repository, the command line in it, and what its journal says."""

    repo: Repo

    def set_up(self, settings: str = "") -> None:
        self.repo.commit("first", a="1")
        self.repo.patina("init")
        self.configure(f'docker.image = "{IMAGE}"\n{settings}')
        self.repo.patina("session", "start", "Run things")

    def configure(self, text: str) -> None:
        self.repo.write(".patina/config.toml", text)

    def run(self, *args: str, **options: Any) -> subprocess.CompletedProcess[str]:
        return self.repo.patina(*args, check=False, **options)

    def argv(self, *args: str) -> list[str]:
        return [sys.executable, "-P", "-m", "patina_sessions", *args]

    def start(self, *args: str, **options: Any) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.argv(*args),
            cwd=self.repo.path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **options,
        )

    @property
    def journal(self) -> str:
        return (self.repo.path / ".patina/local/active-session.md").read_text()

    def runs(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.run("runs", "--json").stdout)["runs"]
        return found

    def processes(self, word: str) -> list[str]:
        """Return the processes of the workspace whose words hold this one."""
        script = 'for d in /proc/[0-9]*; do tr "\\0" " " < $d/cmdline 2>/dev/null; echo; done'
        said = self.run("exec", "--", "sh", "-c", script).stdout
        return [line for line in said.splitlines() if word in line and "/proc/" not in line]


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """Give a folder whose disk has this size."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "patina-test", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("LOUD: no tmpfs can be mounted here, so a full disk is not shown")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def own_engine(
    monkeypatch: pytest.MonkeyPatch, program: Callable[[str], str]
) -> Iterator[Callable[..., engine.Dockerd]]:
    """Return a starter of engines that a test may kill. It needs root and dockerd."""
    if os.geteuid() != 0:
        conftest._absent("docker", "an engine of the test's own needs root")
    if shutil.which("dockerd") is None or engine.busybox() is None:
        conftest._absent("docker", "dockerd or a static busybox is missing")
    contexts: list[AbstractContextManager[engine.Dockerd]] = []
    folder = Path(tempfile.mkdtemp(prefix="patina-engine-"))

    def start(hidden: Path | None = None, room: str = "") -> engine.Dockerd:
        context = engine.dockerd(folder / str(len(contexts)), hidden=hidden, room=room)
        one = context.__enter__()
        contexts.append(context)
        monkeypatch.setenv("DOCKER_HOST", one.host)
        monkeypatch.setenv("PATINA_DOCKER_NETWORK", "none")
        return one

    yield start
    for context in contexts:
        context.__exit__(None, None, None)
    shutil.rmtree(folder, ignore_errors=True)
