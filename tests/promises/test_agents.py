"""What an agent's hook sets aside, on its way through the recorder: without any client, so that it runs everywhere."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.repository import Repo
from tests.waiting import events, quiet, until

SCRIPT = Path(__file__).parents[2] / "hooks" / "agent.sh"
TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


@pytest.fixture
def given(repo: Repo) -> Repo:
    repo.commit("first", a="1")
    repo.patina("init")
    return repo


def say(repo: Repo, kind: str, event: str, *, attended: str = "1", **payload: Any) -> str:
    """Hand a payload of Claude Code's to the hook, and return what the hook said."""
    whole = {"session_id": "s", "hook_event_name": event, **payload}
    env = {**os.environ, "CLAUDE_CODE_SESSION_ATTENDED": attended, "CLAUDE_PID": str(os.getpid())}
    argv = ["sh", str(SCRIPT), "claude", kind]
    done = subprocess.run(
        argv, cwd=repo.path, env=env, input=json.dumps(whole), capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def journal(repo: Repo) -> str:
    path = repo.path / ".patina/local/active-session.md"
    return path.read_text() if path.exists() else ""


def test_no_secret_of_a_payload_is_left_in_anything_that_is_written(given: Repo) -> None:
    say(
        given,
        "prompt",
        "UserPromptSubmit",
        prompt_id="p",
        prompt=f"Use {TOKEN} please\n<private>Zanzibar</private>",
    )
    bash: dict[str, Any] = {
        "tool_name": "Bash",
        "tool_use_id": "t",
        "tool_input": {"command": f"curl -H 'Authorization: token {TOKEN}'"},
    }
    say(given, "tool", "PostToolUseFailure", **bash, error=f"Exit code 7\n{TOKEN}")
    say(
        given,
        "tool",
        "PostToolUse",
        tool_name="Write",
        tool_use_id="w",
        tool_input={"file_path": "x", "content": TOKEN},
    )
    say(given, "turn", "Stop", prompt_id="p", last_assistant_message=f"I have put {TOKEN} into .env.")
    until(lambda: "Answered" in journal(given), "the turn")
    given.patina("session", "end")
    quiet(given)
    folders = (given.path / ".git/patina", given.path / ".patina", given.path / "layer")
    written = [p for folder in folders for p in folder.rglob("*") if p.is_file()]
    assert len(written) > 10
    assert not [p for p in written if b"ghp_a1B2" in p.read_bytes() or b"Zanzibar" in p.read_bytes()]
    assert "ghp_a1B2" not in given.git("for-each-ref")


def test_a_person_s_prompt_starts_a_session_and_a_script_s_does_not(given: Repo) -> None:
    say(given, "prompt", "UserPromptSubmit", attended="0", prompt_id="p", prompt="From a script")
    until(lambda: "agent.prompt" in str(events(given)), "the prompt")
    quiet(given)
    assert journal(given) == ""
    say(given, "prompt", "UserPromptSubmit", prompt_id="q", prompt="From a person")
    until(lambda: "# Session: From a person" in journal(given), "the session")


def test_a_machine_s_prompt_starts_nothing_and_neither_does_one_where_it_is_switched_off(
    given: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice = "<task-notification>done</task-notification>"
    asked = {"": notice, "CI": "With CI", "PATINA_AGENT_AUTO_START": "Without"}
    for number, (name, prompt) in enumerate(asked.items(), start=1):
        if name:
            monkeypatch.setenv(name, "false")
        say(given, "prompt", "UserPromptSubmit", prompt_id=f"p{number}", prompt=prompt)
        prompts = f"prompt {number}"
        until(lambda n=number: str(events(given)).count("'agent.prompt'") == n, prompts)  # type: ignore[misc]
        quiet(given)  # another recorder would see another environment
        if name:
            monkeypatch.delenv(name)
    assert journal(given) == ""


def test_a_start_is_told_what_is_on_record_within_ten_thousand_characters(given: Repo) -> None:
    given.patina("session", "start", "Parse lines", "--goal", "Torn lines are skipped")
    for number in range(30):
        given.patina("note", f"{number}: " + 'quoted "words" \\ and ünïcode ' * 40)
    told = given.patina("context", "--agent", "claude").stdout
    assert len(told) <= 9_900
    text = json.loads(told)["hookSpecificOutput"]["additionalContext"]
    assert "Torn lines are skipped" in text[:2_000]
    say(given, "prompt", "UserPromptSubmit", prompt_id="p", prompt="Go")
    say(given, "turn", "Stop", prompt_id="p", last_assistant_message="Gone.")
    path = given.path / ".git/patina/start.json"
    until(lambda: path.exists() and "Gone." in path.read_text(), "the context to be written ahead")
    assert "Gone." in say(given, "start", "SessionStart", source="startup")
    assert say(given, "start", "SessionStart", source="resume") == ""
