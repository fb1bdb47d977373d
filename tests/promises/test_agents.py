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
    asked = {"": notice, "CI=true": "With CI", "PATINA_AGENT_AUTO_START=false": "Without"}
    for number, (setting, prompt) in enumerate(asked.items(), start=1):
        name, _, value = setting.partition("=")
        if name:
            monkeypatch.setenv(name, value)
        say(given, "prompt", "UserPromptSubmit", prompt_id=f"p{number}", prompt=prompt)
        prompts = f"prompt {number}"
        until(lambda n=number: str(events(given)).count("'agent.prompt'") == n, prompts)  # type: ignore[misc]
        quiet(given)  # another recorder would see another environment
        if name:
            monkeypatch.delenv(name)
    assert journal(given) == ""


def test_half_a_character_in_a_payload_does_not_stop_the_record(given: Repo) -> None:
    half = "\ud83d"  # what is left of an emoji where a client cut a text by its length
    asked = {"session_id": f"s{half}", "prompt_id": f"p{half}"}
    say(given, "prompt", "UserPromptSubmit", **asked, prompt=f"Cut {half}")
    until(lambda: "# Session: Cut \N{REPLACEMENT CHARACTER}" in journal(given), "the session")
    say(given, "turn", "Stop", **asked, last_assistant_message=half)
    made = given.commit("more", b="1")
    until(lambda: made[:10] in journal(given), "the commit")


def turn(repo: Repo, number: int, prompt: str) -> None:
    """Set a whole turn of an agent aside, without a ring: who looks for it records it."""
    asked, made = f"p{number}", {"command": f"make part{number}"}
    say(repo, "tool", "UserPromptSubmit", prompt_id=asked, prompt=prompt)
    say(repo, "tool", "PostToolUse", tool_use_id=f"t{number}", tool_name="Bash", tool_input=made)
    say(repo, "tool", "Stop", prompt_id=asked, last_assistant_message=f"Answer {number}.")


def test_as_much_of_a_prompt_and_of_a_turn_is_kept_as_the_settings_say(given: Repo) -> None:
    given.patina("session", "start", "The work")
    prompt = (
        "Write the parser for lines " + "and then some more of it " * 3 + "without Zanzibar " + "x " * 200
    )
    number = 0

    def told(**settings: str) -> tuple[str, str]:
        nonlocal number
        number += 1
        logged, written = str(events(given)), journal(given)
        turn(given, number, prompt)
        given.patina("record", env={f"PATINA_{name.upper()}": value for name, value in settings.items()})
        return journal(given).removeprefix(written.rstrip()), str(events(given)).removeprefix(logged[:-1])

    short, log = told(agent_prompts="short")
    assert "Claude: Write the parser" in short
    assert "Zanzibar" in short
    title, log = told(agent_prompts="title")
    assert "Claude: Write the parser" in title
    assert "Zanzibar" not in title + log
    none, log = told(agent_prompts="none")
    assert "Claude: a turn" in none
    assert f"Answered: Answer {number}." in none
    assert "parser" not in none + log
    turns, log = told(journal_agent_detail="turns")
    assert "1 tool call: Bash 1" in turns
    assert "ran:" not in turns
    assert f"make part{number}" not in turns
    tools, log = told(journal_agent_detail="tools")
    assert f"- ran: `make part{number}`" in tools
    nothing, log = told(journal_agent_detail="none")
    assert nothing.strip() == ""
    assert "agent.tool" not in log
    assert "agent.turn" not in log
    assert f"part{number}" not in log


def test_a_person_s_start_takes_over_what_an_agent_began_until_somebody_has_said_something_in_it(
    given: Repo,
) -> None:
    turn(given, 1, "Write the parser")
    given.patina("record")
    given.patina("session", "start", "A parser for lines", "--goal", "It is fast")
    text = journal(given)
    assert text.startswith("# Session: A parser for lines")
    assert "- [ ] It is fast" in text
    assert "Answered: Answer 1." in text
    [began] = [e for e in events(given) if e["type"] == "session.started"]
    assert given.patina("session", "start", "Another", check=False).returncode == 1
    given.patina("session", "end")
    turn(given, 2, "Write the lexer")
    given.patina("note", "Said by somebody")  # who comes before the recorder finds the session started
    refused = given.patina("session", "start", "Mine", check=False)
    assert refused.returncode == 1
    assert journal(given).startswith("# Session: Write the lexer")
    assert began["data"]["by"] == "agent"


def test_further_agents_join_the_session_and_a_double_of_a_turn_is_told_once(given: Repo) -> None:
    turn(given, 1, "Write the parser")
    turn(given, 1, "Write the parser")
    given.patina("record")
    turn(given, 1, "Write the parser")
    codex = {"session_id": "c", "turn_id": "u1"}
    for event, more in (
        ("UserPromptSubmit", {"prompt": "Review it"}),
        ("Stop", {"last_assistant_message": "Reviewed."}),
    ):
        payload = json.dumps({"hook_event_name": event, **codex, **more})
        subprocess.run(
            ["sh", str(SCRIPT), "codex", "tool"], cwd=given.path, input=payload, text=True, check=True
        )
    given.patina("record")
    text = journal(given)
    assert text.startswith("# Session: Write the parser")
    assert text.count("Claude: Write the parser") == 1
    assert text.count("Codex: Review it") == 1
    assert len([e for e in events(given) if e["type"] == "session.started"]) == 1


def test_a_session_that_begins_in_an_agent_s_worktree_is_named_in_the_parent_s(
    given: Repo, tmp_path: Path
) -> None:
    given.patina("session", "start", "The parent")
    linked = given.worktree(tmp_path / "linked", "side")
    turn(linked, 1, "Look around")
    linked.patina("record")
    assert journal(linked).startswith("# Session: Look around")
    assert "Answered: Answer 1." in journal(linked)
    assert "Agent in worktree `linked`: session " in journal(given)
    assert "Look around" not in journal(given)


def test_a_start_is_told_what_is_on_record_within_ten_thousand_characters(given: Repo) -> None:
    given.patina("session", "start", "Parse lines", "--goal", "Torn lines are skipped")
    for number in range(5):
        given.patina("note", f"{number}: " + 'quoted "words" \\ and ünïcode ' * 240)
    told = given.patina("context", "--agent", "claude").stdout
    assert len(told) <= 9_500
    text = json.loads(told)["hookSpecificOutput"]["additionalContext"]
    assert "Torn lines are skipped" in text[:2_000]
    say(given, "prompt", "UserPromptSubmit", prompt_id="p", prompt="Go")
    say(given, "turn", "Stop", prompt_id="p", last_assistant_message="Gone.")
    path = given.path / ".git/patina/start.json"
    until(lambda: path.exists() and "Gone." in path.read_text(), "the context to be written ahead")
    assert "Gone." in say(given, "start", "SessionStart", source="startup")
    assert say(given, "start", "SessionStart", source="resume") == ""
