"""Claude Code itself makes a turn with tools and a commit: the journal has it, and the next one is told of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.agents import claude
from tests.agents.conftest import Clients
from tests.agents.stub import model
from tests.repository import Repo
from tests.waiting import events, quiet, until

pytestmark = pytest.mark.agents

ATTENDED = {"CLAUDE_CODE_SESSION_ATTENDED": "1"}


def journal(repo: Repo) -> str:
    path = repo.path / ".patina/local/active-session.md"
    return path.read_text() if path.exists() else ""


def told(repo: Repo, words: str) -> str:
    """Return the journal once it has these words."""
    until(lambda: words in journal(repo), f"the journal to say {words!r}")
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
