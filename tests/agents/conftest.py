"""The real clients, from npm: in the folder that AGENT_CLIENTS names, or in one that this run fills."""

from __future__ import annotations

import fcntl
import functools
import os
import platform
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import _absent
from tests.repository import Repo

_CPU = {"x86_64": "x64", "aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "x64")
_OS = {"Linux": "linux", "Darwin": "darwin"}.get(platform.system(), "linux")
PACKAGES = {
    "claude": (
        f"@anthropic-ai/claude-code-{_OS}-{_CPU}@2.1.331",
        f"@anthropic-ai/claude-code-{_OS}-{_CPU}/claude",
    ),
    "codex": ("@openai/codex@0.169.0", ".bin/codex"),
    "gemini": ("@google/gemini-cli@0.61.0", ".bin/gemini"),
    "opencode": ("opencode-ai@1.18.33", f"opencode-{_OS}-{_CPU}/bin/opencode"),
}


@functools.cache
def _installed(folder: Path, agent: str) -> tuple[Path, str | None]:
    """Return where the client is, and why it cannot be had, None where it is there."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / f"{agent}.lock", "w") as held:  # who runs tests beside us installs it for both
        fcntl.flock(held, fcntl.LOCK_EX)
        return _found(folder, agent)


def _found(folder: Path, agent: str) -> tuple[Path, str | None]:
    package, program = PACKAGES[agent]
    for place in (folder, folder / agent):  # one folder with all of them, or one for each
        if (place / "node_modules" / program).exists():
            return place / "node_modules" / program, None
    place = folder / agent  # npm takes out of a folder what it was not asked for this time
    place.mkdir(exist_ok=True)
    (place / "package.json").write_text("{}")
    argv = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", package]
    try:
        done = subprocess.run(argv, cwd=place, capture_output=True, text=True, timeout=170)
    except (OSError, subprocess.TimeoutExpired) as error:
        return place, f"npm: {error}"
    silence = (done.stderr.strip().splitlines() or ["npm failed"])[-1] if done.returncode else None
    return place / "node_modules" / program, silence


@dataclass
class Clients:
    """Where the clients are. Asking for one that cannot be installed skips the test, or fails it where it is required."""

    folder: Path

    def program(self, agent: str) -> str:
        path, silence = _installed(self.folder, agent)
        if silence is not None:
            _absent("agents", f"{agent} cannot be installed: {silence}")
        return str(path)


@pytest.fixture(scope="session")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Clients:
    """Return the clients; each is installed when it is first asked for."""
    named = os.environ.get("AGENT_CLIENTS")
    run = tmp_path_factory.getbasetemp()
    shared = run.parent if "PYTEST_XDIST_WORKER" in os.environ else run
    return Clients(Path(named) if named else shared / "clients")


@pytest.fixture
def recorded(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Repo]:
    """Return a maker of a repository that is given to Patina, with these agents set up."""

    def make(*options: str) -> Repo:
        repo.commit("chore: first", a="1")
        repo.patina("init", *options)
        return repo

    return make
