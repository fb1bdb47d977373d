"""Completion works in the shells themselves: Tab is pressed in each, on a terminal, and the line grows."""

from __future__ import annotations

import os
import pty
import re
import select
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.repository import Repo

TAB, LINE = b"\t", b"\r"
_PATIENCE = 40  # seconds
_BEGIN = {
    "bash": (
        ["--norc", "--noprofile", "-i"],
        'eval "$(patina completion bash)"; bind "set enable-bracketed-paste off"',
    ),
    "zsh": (["-f", "-i"], 'unsetopt zle_bracketed_paste beep; eval "$(patina completion zsh)"'),
    "fish": (["--no-config", "-i"], "patina completion fish | source"),
}


class Terminal:
    """A shell on a terminal of its own, in which somebody types."""

    def __init__(self, argv: list[str], *, cwd: Path, env: dict[str, str]) -> None:
        self.seen = b""
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            os.execvpe(argv[0], argv, env)

    def type(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def until(self, words: str) -> str:
        """Read until the words were shown, escapes left out, and return all that was shown since the last time."""
        late = time.monotonic() + _PATIENCE
        while time.monotonic() < late:
            shown = re.sub(
                rb"\x1b(?:\[[0-9;?>=]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][A-B0]|[=>])",
                b"",
                self.seen,
            )
            if words.encode() in shown:
                self.seen = b""
                return shown.decode("utf-8", "replace")
            if select.select([self.master], [], [], 0.2)[0]:
                try:
                    self.seen += os.read(self.master, 65536)
                except OSError:
                    break
        raise AssertionError(f"{words!r} was never shown: {self.seen!r}")

    def close(self) -> None:
        os.close(self.master)  # a shell whose terminal is gone ends
        late = time.monotonic() + 10
        while time.monotonic() < late:
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                return
            time.sleep(0.02)
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)


@pytest.fixture
def worked(repo: Repo) -> Repo:
    """Return a repository with a finished session of a known id."""
    repo.commit("first", a="1\n")
    repo.patina("init")
    now = {"PATINA_NOW": "2031-01-01T10:00:00+00:00"}
    repo.patina("session", "start", "the \x1b[31mparser", env=now)
    repo.patina("note", "n", env={"PATINA_NOW": "2031-01-01T10:01:00+00:00"})
    repo.patina("session", "end", env={"PATINA_NOW": "2031-01-01T10:02:00+00:00"})
    return repo


@pytest.fixture
def shell(
    request: pytest.FixtureRequest, program: Callable[..., str], worked: Repo, tmp_path: Path
) -> Iterator[Terminal]:
    """Return a shell that has read our completion."""
    name = request.param
    at = program(name)
    programs = tmp_path / "bin"
    programs.mkdir()
    patina = programs / "patina"
    patina.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -P -m patina_sessions "$@"\n')
    patina.chmod(0o755)
    options, begin = _BEGIN[name]
    env = {
        **os.environ,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "TERM": "xterm",
        "PAGER": "cat",
        "HOME": str(tmp_path),
        "PS1": "> ",
    }
    env.pop("COLUMNS", None)
    terminal = Terminal([at, *options], cwd=worked.path, env=env)
    try:
        terminal.type(f"{begin}; echo rea''dy".encode() + LINE)
        terminal.until("ready")
        yield terminal
    finally:
        terminal.close()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"], indirect=True)
def test_tab_completes_commands_and_ids(shell: Terminal) -> None:
    shell.type(b"patina show 2031" + TAB)
    shell.until("20310101-100000")
    shell.type(LINE)
    assert "\x1b[31m" not in shell.until("Session Start")
    shell.type(b"patina expl" + TAB)
    shell.until("explain")
    shell.type(b"a.t" + TAB)
    shell.until("a.txt")
    shell.type(LINE)
    shell.until("Session: unknown")
