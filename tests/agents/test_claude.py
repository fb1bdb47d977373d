"""Claude Code itself makes a turn with tools and a commit: the journal has it, and the next one is told of it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from patina_sessions.setup import claude_plugin
from tests.agents import claude
from tests.agents.conftest import Clients
from tests.agents.stub import model
from tests.repository import Repo
from tests.waiting import events, quiet, until

pytestmark = pytest.mark.agents


def journal(repo: Repo) -> str:
    path = repo.path / ".patina/local/active-session.md"
    return path.read_text() if path.exists() else ""


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def told(repo: Repo, words: str) -> str:
    """Return the journal once it has these words."""
    try:
        until(lambda: words in journal(repo), f"the journal to say {words!r}")
    except AssertionError as error:
        left = sorted(path.name for path in (repo.path / ".git/patina/spool").glob("*"))
        raise AssertionError(f"{error}; not taken yet: {left}; it says:\n{journal(repo)}") from None
    quiet(repo)
    return journal(repo)


def settled(repo: Repo) -> None:
    """Return once what is written ahead is as new as the journal."""
    [start] = (repo.path / ".git/patina/worktrees").glob("*/start.json")
    until(
        lambda: start.stat().st_mtime >= (repo.path / ".patina/local/active-session.md").stat().st_mtime,
        "context",
    )


def test_a_turn_is_in_the_journal_and_the_next_session_hears_of_it(
    clients: Clients, recorded: Callable[..., Repo]
) -> None:
    program = clients.program("claude")
    repo = recorded("--agent", "claude", "--project")
    repo.patina("session", "start", "Parse lines", "--goal", "Torn lines are skipped")
    with model(*claude.commit_in(repo.path)) as first:
        claude.run(program, first, repo.path, "-p", "Write the parser")
    text = told(repo, "Claude: Write the parser")
    assert text.count("feat: a parser") == 1
    assert text.count("Claude: Write the parser") == 1
    assert "Answered: The parser is in." in text
    assert "3 tool calls: Write 1, Bash 2" in text
    assert "- edited: `parser.py`" in text
    assert "- failed: `echo broken >&2; exit 3` (exit 3)" in text
    assert text.index("feat: a parser") < text.index("Claude: Write the parser")
    assert first.heard("Torn lines are skipped")  # the context of the start
    everything = "".join(map(str, events(repo))) + text
    assert "CONTENTS OF A FILE" not in everything
    settled(repo)
    with model({"text": "I see."}) as second:
        claude.run(program, second, repo.path, "-p", "What was done?")
    assert second.heard("The parser is in.")
    assert not list((repo.path / ".git/patina/spool").glob("*.tmp"))


def test_the_plugin_fires_in_a_folder_below_and_beside_the_project_s_own_hooks_records_once(
    clients: Clients, recorded: Callable[..., Repo], monkeypatch: pytest.MonkeyPatch
) -> None:
    program = Path(clients.program("claude"))
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("IS_SANDBOX", "1")
    settings = Path.home() / ".claude/settings.json"
    settings.parent.mkdir()
    settings.write_text('{\n\t"n": 1.50, "statusLine": {"type": "command", "command": "echo mine"}}')
    before = {p: p.read_bytes() for p in Path.home().rglob("*") if p.is_file()}
    repo = recorded("--agent", "claude")
    heard = [c for c in json.loads(repo.patina("doctor", "--json").stdout)["checks"] if c["name"] == "agents"]
    assert [(c["level"], c["words"]) for c in heard] == [("ok", "Claude Code is heard by the plugin")]
    repo.patina("init", "--agent", "claude", "--project")
    repo.patina("session", "start", "Parse lines")
    below = repo.path / "src" / "deep"
    below.mkdir(parents=True)
    for folder, asked in ((below, "From below"), (repo.path, "From the top")):
        with model(
            {"tool": "Bash", "input": {"command": "true", "description": "x"}}, {"text": f"{asked}: done."}
        ) as m:
            claude.run(str(program), m, folder, "-p", asked)
        text = told(repo, f"Claude: {asked}")
        assert text.count(f"Claude: {asked}") == 1
        assert m.heard("Parse lines")
    assert text.count("1 tool call: Bash 1") == 2
    repo.patina("session", "end")
    quiet(repo)
    repo.patina("uninstall")
    books = [
        ".claude/settings.json",
        *(f".claude/plugins/{n}.json" for n in ("installed_plugins", "known_marketplaces")),
    ]
    assert not [
        b for b in books if "patina" in _read(Path.home() / b)
    ]  # the client's own cache stays the client's
    assert not (Path.home() / ".local/share/patina").exists()
    assert all(path.read_bytes() == data for path, data in before.items())


def test_a_plugin_whose_folder_is_gone_is_silent_and_doctor_makes_it_heard_again(
    clients: Clients, recorded: Callable[..., Repo], monkeypatch: pytest.MonkeyPatch
) -> None:
    program = Path(clients.program("claude"))
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("IS_SANDBOX", "1")
    repo = recorded("--agent", "claude")
    known = Path.home() / ".claude/plugins/known_marketplaces.json"
    settings = Path.home() / ".claude/settings.json"
    for path in (
        known,
        settings,
    ):  # as after the virtual environment in which Patina was installed is removed
        path.write_text(path.read_text().replace(str(claude_plugin.market()), "/gone/claude-plugin"))
    repo.patina("session", "start", "Parse lines")
    with model({"text": "I was not heard."}) as m:
        claude.run(str(program), m, repo.path, "-p", "Are you heard?")
    assert "the folder of the plugin" in repo.patina("doctor", check=False).stdout
    fixed = repo.patina("doctor", "--fix", check=False).stdout
    assert "wrote anew for agents: the folder of the plugin" in fixed
    with model({"text": "I was heard."}) as m:
        claude.run(str(program), m, repo.path, "-p", "And now?")
    text = told(repo, "Answered: I was heard.")
    assert "not heard" not in text
    repo.patina("uninstall")
    assert "patina" not in _read(known) + _read(settings)


def test_resume_goes_on_without_a_second_copy_and_a_fork_is_a_session_of_its_own(
    clients: Clients, recorded: Callable[..., Repo]
) -> None:
    program = clients.program("claude")
    repo = recorded("--agent", "claude", "--project")
    repo.patina("session", "start", "Parse lines", "--goal", "Torn lines are skipped")
    marks = {}
    for words in (["-p", "One"], ["-c", "-p", "Two"], ["-c", "--fork-session", "-p", "Three"]):
        with model({"text": f"Done with {words[-1]}."}) as m:
            claude.run(program, m, repo.path, *words)
        text = told(repo, f"Claude: {words[-1]}")
        settled(repo)
        marks[words[-1]] = json.dumps(m.requests[-1]).count("has on record")
    assert marks == {"One": 1, "Two": 1, "Three": 1}  # resumed: the first one's copy, and no other
    assert text.count("Claude: ") == 3
    prompts = [e["data"]["agent_session"] for e in events(repo) if e["type"] == "agent.prompt"]
    assert prompts[0] == prompts[1] != prompts[2]


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"])
def test_a_client_that_is_killed_in_a_turn_leaves_it_in_the_journal(
    clients: Clients, recorded: Callable[..., Repo], name: str
) -> None:
    program = clients.program("claude")
    repo = recorded("--agent", "claude", "--project")
    repo.patina("session", "start", "Parse lines")
    slow = {
        "tool": "Bash",
        "input": {"command": "touch begun; python3 -c 'import time; time.sleep(25)'", "description": "x"},
    }
    with model(slow) as m, claude.start(program, m, repo.path, "-p", "Do it") as client:
        until((repo.path / "begun").exists, "the tool to begin")
        client.send_signal(getattr(signal, name))
        client.communicate(timeout=60)
    until(lambda: not (repo.path / ".git/patina/rung").exists(), "the recorder")
    repo.patina("record")
    text = told(repo, "Claude: Do it")
    word = "Cut off" if name == "SIGKILL" else "Interrupted"
    assert word in text
    assert text.count("Claude: Do it") == 1


def test_eight_at_once_lose_nothing(clients: Clients, recorded: Callable[..., Repo]) -> None:
    program = clients.program("claude")
    repo = recorded("--agent", "claude", "--project")
    repo.patina("session", "start", "Parse lines")
    bash = {"tool": "Bash", "input": {"command": "true", "description": "x"}}
    with ExitStack() as stack:
        models = [stack.enter_context(model(bash, {"text": f"Answer {n}."})) for n in range(8)]
        running = [claude.start(program, m, repo.path, "-p", f"Task {n}") for n, m in enumerate(models)]
        said = [client.communicate(timeout=120) for client in running]
    assert [client.returncode for client in running] == [0] * 8, said
    for number in range(8):
        text = told(repo, f"Answered: Answer {number}.")
    assert sorted(re.findall(r"Claude: Task (\d)", text)) == list("01234567")
    assert text.count("1 tool call: Bash 1") == 8


def test_its_own_validator_passes_the_plugin(clients: Clients) -> None:
    plugin = Path(__file__).parents[2] / "hooks" / "claude-plugin"
    for folder in (plugin, plugin / "patina"):
        argv = [clients.program("claude"), "plugin", "validate", str(folder)]
        done = subprocess.run(argv, capture_output=True, text=True, env={**os.environ, "IS_SANDBOX": "1"})
        assert done.returncode == 0, done.stdout + done.stderr
