"""Codex, Gemini CLI and OpenCode themselves make a turn with tools and a commit: the journal has it, once."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from patina_sessions.setup import codex_trust
from tests.agents.conftest import Clients
from tests.agents.stub import Model, Step, model
from tests.agents.test_claude import settled, told
from tests.repository import Repo
from tests.waiting import quiet, until

pytestmark = pytest.mark.agents

COMMIT = "git commit -q --allow-empty -m 'feat: a parser'"
Runner = Callable[[Clients, Repo, Model, str], None]


def _run(argv: list[str], repo: Repo, env: Mapping[str, str]) -> None:
    done = subprocess.run(
        argv,
        cwd=repo.path,
        env={**os.environ, "PWD": str(repo.path), **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def codex(clients: Clients, repo: Repo, m: Model, asked: str) -> None:
    _run(_codex(clients, repo, m, asked), repo, {"STUB_KEY": "test"})


def _codex(clients: Clients, repo: Repo, m: Model, asked: str) -> list[str]:
    """Configure Codex for this model, and return its command line."""
    settings = f"""model = "gpt-5.5"
model_provider = "stub"
[model_providers.stub]
name = "stub"
base_url = "{m.url}/v1"
wire_api = "responses"
env_key = "STUB_KEY"
request_max_retries = 0
stream_max_retries = 0
[projects."{repo.path}"]
trust_level = "trusted"
[analytics]
enabled = false
"""
    home = Path.home() / ".codex"
    home.mkdir(exist_ok=True)
    (home / "config.toml").write_text(settings)
    trust = ["--dangerously-bypass-hook-trust", "--dangerously-bypass-approvals-and-sandbox"]
    return [clients.program("codex"), "exec", "--json", *trust, asked]


def gemini(clients: Clients, repo: Repo, m: Model, asked: str) -> None:
    home = Path.home() / ".gemini"
    home.mkdir(exist_ok=True)
    (home / "trustedFolders.json").write_text(json.dumps({str(repo.path): "TRUST_FOLDER"}))
    path = home / "settings.json"
    there = json.loads(path.read_text()) if path.exists() else {}
    quiet = {"privacy": {"usageStatisticsEnabled": False}, "telemetry": {"enabled": False}}
    path.write_text(json.dumps({**there, **quiet, "security": {"auth": {"selectedType": "gemini-api-key"}}}))
    env = {"GEMINI_API_KEY": "test", "GOOGLE_GEMINI_BASE_URL": m.url, "GEMINI_CLI_NO_RELAUNCH": "true"}
    words = ["-p", asked, "--yolo", "-m", "gemini-2.5-pro", "--output-format", "json"]
    _run([clients.program("gemini"), *words], repo, env)


def opencode(clients: Clients, repo: Repo, m: Model, asked: str) -> None:
    stub = {
        "npm": "@ai-sdk/anthropic",
        "name": "stub",
        "options": {"baseURL": f"{m.url}/v1", "apiKey": "test"},
        "models": {
            "stub": {"name": "stub", "tool_call": True, "limit": {"context": 200_000, "output": 8_000}}
        },
    }
    settings = {
        "model": "stub/stub",
        "small_model": "stub/stub",
        "enabled_providers": ["stub"],
        "autoupdate": False,
        "share": "disabled",
        "permission": {"bash": "allow", "edit": "allow"},
        "provider": {"stub": stub},
    }
    repo.write("opencode.json", json.dumps(settings))
    env = {
        "OPENCODE_DISABLE_AUTOUPDATE": "1",
        "OPENCODE_DISABLE_MODELS_FETCH": "1",
        "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1",
    }
    _run([clients.program("opencode"), "run", "-m", "stub/stub", asked, "--format", "json"], repo, env)


def bash(tool: str, command: str, **more: str) -> Step:
    name = {"codex": "cmd"}.get(more.pop("of", ""), "command")
    return {"tool": tool, "input": {name: command, **more}}


CASES: dict[str, tuple[Runner, Step]] = {
    "codex": (codex, bash("exec_command", COMMIT, of="codex")),
    "gemini": (gemini, bash("run_shell_command", COMMIT)),
    "opencode": (opencode, bash("bash", COMMIT, description="commit")),
}
NAMES = {"codex": "Codex", "gemini": "Gemini", "opencode": "OpenCode"}


@pytest.mark.parametrize("where", ["person", "project"])
@pytest.mark.parametrize("agent", sorted(CASES))
def test_a_turn_is_in_the_journal_and_the_next_session_hears_of_it(
    clients: Clients, recorded: Callable[..., Repo], agent: str, where: str
) -> None:
    run, commit = CASES[agent]
    clients.program(agent)
    repo = recorded("--agent", agent, *(["--project"] if where == "project" else []))
    repo.patina("session", "start", "Parse lines", "--goal", "Torn lines are skipped")
    with model(commit, {"text": "The parser is in."}) as first:
        run(clients, repo, first, "Write the parser")
    text = told(repo, "Answered: The parser is in.")
    # OpenCode's `run` puts what it was given into quotation marks.
    assert len(re.findall(f'{NAMES[agent]}: "?Write the parser', text)) == 1
    assert text.count("feat: a parser") == 1
    assert "1 tool call: " in text
    assert first.heard("Torn lines are skipped")
    settled(repo)
    with model({"text": "I see."}) as second:
        run(clients, repo, second, "What was done?")
    assert second.heard("The parser is in.")
    again = told(repo, "Answered: I see.")
    assert again.count("has on record") == 0  # our own context does not come back as a prompt


@pytest.mark.parametrize(
    ("name", "word"), [("SIGINT", "Interrupted"), ("SIGTERM", "Cut off"), ("SIGKILL", "Cut off")]
)
def test_codex_that_is_killed_in_a_turn_leaves_it_in_the_journal(
    clients: Clients, recorded: Callable[..., Repo], name: str, word: str
) -> None:
    clients.program("codex")
    repo = recorded("--agent", "codex")
    repo.patina("session", "start", "Parse lines")
    slow = bash("exec_command", "touch begun; python3 -c 'import time; time.sleep(25)'", of="codex")
    with model(slow) as m:
        argv = _codex(clients, repo, m, "Do it")
        env = {**os.environ, "PWD": str(repo.path), "STUB_KEY": "test"}
        with subprocess.Popen(
            argv,
            cwd=repo.path,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as client:
            until((repo.path / "begun").exists, "the tool to begin")
            # What npm installs is a program of node that starts Codex and hands signals on; that one it cannot.
            children = Path(f"/proc/{client.pid}/task/{client.pid}/children").read_text().split()
            os.kill(int(children[0]) if children else client.pid, getattr(signal, name))
            client.wait(timeout=60)
    quiet(repo)
    repo.patina("record")
    text = told(repo, "Codex: Do it")
    assert word in text
    assert text.count("Codex: Do it") == 1


def hooks_that_codex_lists(program: str, folder: Path) -> dict[str, tuple[str, str]]:
    """Return of each hook of ours its key, and the hash and the trust that Codex itself tells of it."""
    calls = (
        {"id": 1, "method": "initialize", "params": {"clientInfo": {"name": "t", "version": "1"}}},
        {"id": 2, "method": "hooks/list", "params": {"cwds": [str(folder)]}},
    )
    argv = [program, "app-server"]
    with subprocess.Popen(
        argv, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        for asked in calls:
            server.stdin.write(json.dumps(asked) + "\n")
            server.stdin.flush()
            said = next(m for m in map(json.loads, server.stdout) if m.get("id") == asked["id"])
        server.terminate()
    return {
        h["key"]: (h["currentHash"], h["trustStatus"]) for cwd in said["result"]["data"] for h in cwd["hooks"]
    }


def test_doctor_tells_of_each_hook_whether_codex_trusts_it_as_codex_itself_does(
    clients: Clients, recorded: Callable[..., Repo]
) -> None:
    program = clients.program("codex")
    repo = recorded("--agent", "codex")
    hooks, config = Path.home() / ".codex/hooks.json", Path.home() / ".codex/config.toml"
    settings = json.loads(hooks.read_text())
    # Somebody else's hook in front, a matcher, and seconds that Codex cuts: all of it is in the key or the hash.
    settings["hooks"]["Stop"].insert(0, {"hooks": [{"type": "command", "command": "true"}]})
    settings["hooks"]["PostToolUse"][0]["matcher"] = "Bash"
    settings["hooks"]["SessionEnd"][0]["hooks"][0]["timeout"] = 9
    hooks.write_text(json.dumps(settings))
    ours = {key: digest for _, key, digest in codex_trust.keys(str(hooks), settings)}
    theirs = hooks_that_codex_lists(program, repo.path)
    assert {k: v for k, v in theirs.items() if k in ours} == {k: (d, "untrusted") for k, d in ours.items()}
    assert len(ours) == 7
    assert "7 hooks" in repo.patina("doctor", check=False).stdout
    config.write_text(
        "".join(f"[hooks.state.{json.dumps(k)}]\ntrusted_hash = {json.dumps(d)}\n" for k, d in ours.items())
    )
    theirs = hooks_that_codex_lists(program, repo.path)
    assert {theirs[key][1] for key in ours} == {"trusted"}
    assert "without a word" not in repo.patina("doctor", check=False).stdout
