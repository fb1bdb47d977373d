"""Claude Code, the real one, in a repository: one turn from the command line, against a model on loopback."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.agents.stub import Model, Step

COMMIT: tuple[Step, ...] = (
    {"tool": "Write", "input": {"file_path": "parser.py", "content": "x = 'CONTENTS OF A FILE'\n"}},
    {
        "tool": "Bash",
        "input": {"command": "git add -A && git commit -qm 'feat: a parser'", "description": "commit"},
    },
    {"tool": "Bash", "input": {"command": "echo broken >&2; exit 3", "description": "fail"}},
    {"text": "The parser is in.\n\nAnd more that the journal does not need."},
)


def commit_in(top: Path) -> tuple[Step, ...]:
    """Return the script of a turn that writes a file in this folder, commits it, fails once and answers."""
    write = {
        "tool": "Write",
        "input": {"file_path": f"{top}/parser.py", "content": "x = 'CONTENTS OF A FILE'\n"},
    }
    return (write, *COMMIT[1:])


def environment(model: Model, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a client that knows nobody but this model."""
    return {
        **os.environ,
        "ANTHROPIC_BASE_URL": model.url,
        "ANTHROPIC_API_KEY": "test",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "CLAUDE_CODE_MAX_RETRIES": "0",
        "DISABLE_AUTOUPDATER": "1",
        "DISABLE_TELEMETRY": "1",
        "DISABLE_ERROR_REPORTING": "1",
        "IS_SANDBOX": "1",
        **(more or {}),
    }


def start(
    program: str, model: Model, folder: Path, *args: str, env: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start `claude` with these words."""
    return subprocess.Popen(
        [program, *args, "--dangerously-skip-permissions"],
        cwd=folder,
        env=environment(model, env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(program: str, model: Model, folder: Path, *args: str, env: Mapping[str, str] | None = None) -> str:
    """Run `claude` to its end and return what it said."""
    with start(program, model, folder, *args, env=env) as client:
        try:
            said, complaint = client.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            client.kill()
            raise
    assert client.returncode == 0, said + complaint
    return said
