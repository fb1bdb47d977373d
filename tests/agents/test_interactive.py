"""Claude Code in a terminal, with a person before it: sessions start without typing, and what is said there is kept."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.agents import claude
from tests.agents.conftest import Clients
from tests.agents.stub import Step, model
from tests.agents.terminal import Terminal, terminal, trusting
from tests.agents.test_claude import journal, settled, told
from tests.repository import Repo
from tests.waiting import events, until

pytestmark = pytest.mark.agents


@contextmanager
def person(clients: Clients, folder: Path, socket: Path, *script: Step) -> Iterator[Terminal]:
    """Sit down before Claude Code in this folder."""
    trusting(Path.home(), folder)
    with model(*script) as m:
        program = clients.program("claude")
        with terminal(
            folder, socket, claude.environment(m), program, "--dangerously-skip-permissions"
        ) as seat:
            until(lambda: "❯" in seat.screen or ">" in seat.screen, "the prompt")
            seat.model = m
            yield seat


def test_a_first_prompt_starts_a_session_with_the_commit_in_it_and_a_start_takes_it_over(
    clients: Clients, recorded: Callable[..., Repo], tmp_path: Path
) -> None:
    repo = recorded("--agent", "claude", "--project")
    with person(clients, repo.path, tmp_path / "t", *claude.commit_in(repo.path)) as seat:
        seat.type("Write the parser <private>for Zanzibar</private>")
        text = told(repo, "Answered: The parser is in.")
        seat.type("/exit")
    assert "# Session: Write the parser" in text
    assert text.index("feat: a parser") < text.index("Claude: Write the parser")
    assert "Zanzibar" not in text + str(events(repo))
    [started] = [e["data"] for e in events(repo) if e["type"] == "session.started"]
    assert (started["by"], started["commit"]) == ("agent", repo.git("rev-parse", "HEAD^"))
    repo.patina("session", "start", "A parser for lines", "--goal", "It is fast")
    assert "# Session: A parser for lines" in journal(repo)
    assert "It is fast" in journal(repo)
    assert repo.patina("session", "start", "Another", check=False).returncode == 1


def test_the_plugin_brings_skills_and_a_server_and_the_session_stands_in_the_status_line(
    clients: Clients, recorded: Callable[..., Repo], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = Path(clients.program("claude"))
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("IS_SANDBOX", "1")
    settings = Path.home() / ".claude/settings.json"
    settings.parent.mkdir()
    settings.write_text('{"statusLine": {"type": "command", "command": "read -r x; echo MINE"}}')
    repo = recorded("--agent", "claude")
    repo.patina("session", "start", "Parse lines", "--goal", "Torn lines are skipped")
    goals: Step = {"tool": "mcp__plugin_patina_journal__goals", "input": {}}
    script = (*claude.commit_in(repo.path), goals, {"text": "One goal is open."})
    with person(clients, repo.path, tmp_path / "t", *script) as seat:
        until(lambda: "Parse lines · 0 commits · 1 open goal" in seat.screen, "the status line")
        seat.type("Write the parser")
        told(repo, "Answered: The parser is in.")
        settled(repo)
        seat.type("/patina:note Offsets are in bytes")
        until(lambda: "Parse lines · 1 commit" in seat.screen, "the status line to count the commit")
        assert "MINE" in seat.screen
        text = told(repo, "Answered: One goal is open.")
        seat.type("/exit")
    assert "mcp__plugin_patina_journal__goals 1" in text
    last = json.dumps(seat.model.requests[-1]) if seat.model else ""
    assert "Run `patina note" in last  # what the skill says
    assert "- [ ] Torn lines are skipped (since" in last  # what the server answered


def test_esc_clear_and_compact_are_understood(
    clients: Clients, recorded: Callable[..., Repo], tmp_path: Path
) -> None:
    repo = recorded("--agent", "claude", "--project")
    repo.patina("session", "start", "Parse lines")
    slow = {
        "tool": "Bash",
        "input": {"command": "touch begun; python3 -c 'import time; time.sleep(25)'", "description": "x"},
    }
    answers = [{"text": f"Answer {n}."} for n in range(5)]
    with person(clients, repo.path, tmp_path / "t", slow, *answers) as seat:
        m = seat.model
        assert m is not None
        seat.type("Do it slowly")
        until((repo.path / "begun").exists, "the tool to begin")
        seat.press("Escape")
        until(lambda: "nterrupted" in seat.screen, "the interruption")
        seat.type("Do it fast")
        text = told(repo, "Claude: Do it fast")
        seat.type("/clear")
        until(
            lambda: len([e for e in events(repo) if e["data"].get("source") == "clear"]) > 1, "a new session"
        )
        seat.type("And once more")
        told(repo, "Claude: And once more")
        repo.patina("note", "The offsets are in bytes")
        settled(repo)
        seat.type("/compact")
        told(repo, "Claude: its context was compacted")
        seat.type("And what is known?")
        whole = told(repo, "Claude: And what is known?")
        seat.type("/exit")
    assert whole.count("its context was compacted") == 1
    # The request after it has what is on record now, and once: what was compacted is gone.
    last = json.dumps(m.requests[-1])
    assert "The offsets are in bytes" in last
    assert last.count("has on record") == 1
    assert text.index("Claude: Do it slowly") < text.index("Interrupted") < text.index("Claude: Do it fast")
    sessions = {e["data"]["agent_session"] for e in events(repo) if e["type"] == "agent.prompt"}
    assert len(sessions) == 2


def test_an_agent_s_worktree_is_a_session_of_its_own_named_in_the_parent_s(
    clients: Clients, recorded: Callable[..., Repo], tmp_path: Path
) -> None:
    repo = recorded("--agent", "claude", "--project")
    repo.git("add", ".claude", ".patina")
    repo.git("commit", "-qm", "chore: patina")
    repo.patina("session", "start", "The parent")
    linked = repo.worktree(tmp_path / "linked", "side")
    with person(clients, linked.path, tmp_path / "t", {"text": "Seen."}) as seat:
        seat.type("Look around")
        until(lambda: "Answered: Seen." in journal(linked), "the worktree's journal")
        seat.type("/exit")
    assert "Claude: Look around" not in told(repo, "Agent in worktree `linked`")
    assert "# Session: Look around" in journal(linked)
