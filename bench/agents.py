"""What a coding agent waits for: the hook after a tool, and the one at a start, against the least that sh can do."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench import ground
from bench.pairs import Bench, Measure
from patina_sessions.setup import agent_hooks

TIMES = 40
PAYLOAD = (
    b'{"session_id":"s","hook_event_name":"PostToolUse","tool_name":"Bash","tool_input":{"command":"ls"}}\n'
)


def _wait(argv: Sequence[str], folder: Path, env: Mapping[str, str]) -> Measure:
    """Return the middle of what a client waits for this hook, given a payload and its end."""

    def once() -> float:
        begin = time.perf_counter()
        subprocess.run(argv, cwd=folder, env=env, input=PAYLOAD, stdout=subprocess.DEVNULL, check=True)
        return time.perf_counter() - begin

    return lambda: statistics.median(once() for _ in range(TIMES))


def _prepare(kind: str, least: str, folder: Path) -> tuple[Measure, Measure]:
    repo = ground.repository(folder / "repo")
    ground.record(repo)
    common = repo.path / ".git" / "patina"
    (common / "rung").touch()  # the recorder's own work is not what a client waits for
    (common / "start.json").write_text("x" * 9_000)
    data = folder / "data" / "patina"
    data.mkdir(parents=True)
    script = Path(__file__).parent.parent / "hooks" / "agent.sh"
    (data / "agent.sh").write_bytes(script.read_bytes())
    env = {**os.environ, "XDG_DATA_HOME": str(data.parent), "PWD": str(repo.path)}
    ours = ["sh", "-c", agent_hooks.command("claude", kind)]
    return _wait(["sh", "-c", least], repo.path, env), _wait(ours, repo.path, env)


def _tool(folder: Path) -> tuple[Measure, Measure]:
    return _prepare("tool", f"cat >{folder}/payload", folder)


def _forks(folder: Path) -> tuple[Measure, Measure]:
    # Two forks more than the least: what the bar allows.
    return _prepare("tool", f"cat >{folder}/payload; /bin/true; /bin/true; :", folder)


def _start(folder: Path) -> tuple[Measure, Measure]:
    return _prepare("start", 'cat "$PWD/.git/patina/start.json"', folder)


BENCHES = (
    Bench(
        name="agent-tool", a="sh -c 'cat > file'", b="the hook after a tool", bar=3, prepare=_tool, rounds=11
    ),
    Bench(
        name="agent-tool-forks",
        a="sh -c 'cat > file' and two programs that do nothing",
        b="the hook after a tool",
        bar=1.25,
        prepare=_forks,
        rounds=11,
    ),
    Bench(
        name="agent-start", a="sh -c 'cat context'", b="the hook at a start", bar=3, prepare=_start, rounds=11
    ),
)
