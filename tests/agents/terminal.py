"""An interactive client in a terminal of its own, in tmux: what a person types, and what stands on the screen."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.agents.stub import Model
from tests.conftest import _absent
from tests.waiting import until


@dataclass
class Terminal:
    """A tmux server of this test alone."""

    socket: str
    model: Model | None = None

    def tmux(self, *words: str) -> str:
        argv = ["tmux", "-f", "/dev/null", "-S", self.socket, *words]
        return subprocess.run(argv, capture_output=True, text=True).stdout

    @property
    def screen(self) -> str:
        return self.tmux("capture-pane", "-p")

    def type(self, line: str) -> None:
        """Type a line and press Enter, once it stands there: a client takes a fast paste and its Enter for one."""
        self.tmux("send-keys", "-l", line)
        until(lambda: line in self.screen, f"{line!r} to stand on the screen")
        time.sleep(0.3)
        self.tmux("send-keys", "Enter")

    def press(self, key: str) -> None:
        self.tmux("send-keys", key)


@contextmanager
def terminal(folder: Path, socket: Path, env: Mapping[str, str], *argv: str) -> Iterator[Terminal]:
    """Run a program in a terminal, with nothing in its environment but this."""
    if shutil.which("tmux") is None:
        _absent("tmux", "tmux is not on PATH")
    found = Terminal(str(socket))
    words = ["env", "-i", *(f"{k}={v}" for k, v in env.items()), "TERM=xterm-256color", *argv]
    found.tmux("new-session", "-d", "-x", "150", "-y", "50", "-c", str(folder), *words)
    try:
        yield found
    finally:
        found.tmux("kill-server")


def trusting(home: Path, folder: Path) -> None:
    """Answer beforehand what Claude Code asks a person the first time."""
    project = {"hasTrustDialogAccepted": True, "hasCompletedProjectOnboarding": True}
    answers = {
        "hasCompletedOnboarding": True,
        "theme": "dark",
        "customApiKeyResponses": {"approved": ["test"], "rejected": []},
        "bypassPermissionsModeAccepted": True,
        "projects": {str(folder): project},
    }
    (home / ".claude.json").write_text(json.dumps(answers))
