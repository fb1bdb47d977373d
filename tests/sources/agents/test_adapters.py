"""What agents' hooks say becomes the few facts that a journal needs: on payloads that the real clients sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patina_sessions.model import AgentEvent
from patina_sessions.sources.agents import ADAPTERS, Keep, payloads

RECORDED = Path(__file__).parents[2] / "data" / "agents"
KEEP = Keep(top="/home/dev/proj")


def recorded(name: str, agent: str = "claude", keep: Keep = KEEP) -> list[AgentEvent]:
    """Return the events of a recorded session, in order."""
    lines = (RECORDED / f"{name}.jsonl").read_text().splitlines()
    return [e for line in lines for e in ADAPTERS[agent](json.loads(line)["payload"], keep)]


def claude(**payload: Any) -> AgentEvent:
    [event] = ADAPTERS["claude"]({"session_id": "s", **payload}, KEEP)
    return event


def prompt(text: str, keep: Keep = KEEP, agent: str = "claude") -> AgentEvent:
    name = "BeforeAgent" if agent == "gemini" else "UserPromptSubmit"
    [event] = ADAPTERS[agent]({"session_id": "s", "hook_event_name": name, "prompt": text}, keep)
    return event


def told(events: list[AgentEvent]) -> list[tuple[str, ...]]:
    return [tuple(filter(None, (e.what, e.tool, e.target, e.outcome, e.source, e.text))) for e in events]


def test_a_turn_of_claude_code_is_start_prompt_tool_answer_and_end() -> None:
    assert told(recorded("basic")) == [
        ("started", "startup"),
        ("prompt", "hello"),
        ("tool", "Bash", "ok"),
        ("turn", "ok", "All done."),
        ("ended", "other"),
    ]


def test_edits_name_their_files_and_a_failing_command_itself_with_its_exit_code() -> None:
    assert told(recorded("tools"))[2:-2] == [
        ("tool", "Write", "a.py", "ok"),
        ("tool", "Read", "ok"),
        ("tool", "Edit", "a.py", "ok"),
        ("tool", "Bash", "echo oops >&2; exit 3", "failed", "exit 3"),
        ("tool", "Bash", "ok"),
    ]


def test_codex_says_edits_in_a_patch_and_never_how_a_command_ended() -> None:
    assert told(recorded("codex_patch", "codex")) == [
        ("started", "startup"),
        ("prompt", "x"),
        ("tool", "apply_patch", "a.txt", "ok"),
        ("tool", "Bash", "unknown"),
        ("turn", "ok", "done"),
        ("ended", "other"),
    ]


def test_gemini_hands_our_own_context_back_and_it_is_stripped() -> None:
    assert told(recorded("gemini_basic", "gemini")) == [
        ("started", "startup"),
        ("prompt", "hello"),
        ("tool", "run_shell_command", "ok"),
        ("tool", "write_file", "a.txt", "ok"),
        ("tool", "run_shell_command", "exit 3", "failed", "exit 3"),
        ("turn", "ok", "all done"),
        ("ended", "exit"),
    ]


def test_opencode_s_plugin_says_the_same_in_its_own_words() -> None:
    adapter = ADAPTERS["opencode"]
    said = {"session_id": "o", "hook_event_name": "PostToolUse", "tool_name": "bash", "tool_use_id": "c1"}
    [event] = adapter({**said, "tool_input": {"command": "make"}, "exit": 2}, KEEP)
    assert told([event]) == [("tool", "bash", "make", "failed", "exit 2")]
    [event] = adapter({**said, "tool_name": "write", "tool_input": {"filePath": "/home/dev/proj/b"}}, KEEP)
    assert told([event]) == [("tool", "write", "b", "ok")]


def test_a_background_task_s_prompt_is_the_client_s_own_and_a_compaction_s_subagent_says_nothing() -> None:
    prompts = [e for e in recorded("subagent") if e.what == "prompt"]
    assert [(p.human, p.text) for p in prompts] == [(True, "x"), (False, "")]
    assert told(recorded("compact")) == [
        ("started", "resume"),
        ("started", "compact"),
        ("compacted", "manual"),
        ("ended", "other"),
    ]


@pytest.mark.parametrize(
    ("text", "human"),
    [
        ("fix it", True),
        ("<task-notification>\n<task-id>1</task-id></task-notification>\n", False),
        ("<task-notification>x</task-notification> and then fix it", True),
        ("<system-reminder>a</system-reminder>\n<system-reminder>b</system-reminder>", False),
        ("<div>why is this centred?</div>", True),
    ],
)
def test_prompts_of_clients_are_told_from_those_of_people(text: str, human: bool) -> None:
    assert prompt(text).human is human


def test_both_of_a_double_have_one_key_and_two_calls_have_two() -> None:
    call = {"hook_event_name": "PostToolUse", "tool_name": "Bash", "tool_input": {"command": "ls"}}
    one, again = claude(**call, tool_use_id="t1"), claude(**call, tool_use_id="t1")
    assert one.key == again.key != claude(**call, tool_use_id="t2").key
    assert one.key != claude(**{**call, "session_id": "other"}, tool_use_id="t1").key


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("a <private>b</private> c", "a c"),
        ("a <PRIVATE>b\n</Private>c", "a c"),
        ("a <private>b <private>c</private> d</private> e", "a e"),
        ("a <private>b", "a"),
        ("<private>a</private>", ""),
        ("a </private> b", "a b"),
    ],
)
def test_what_is_private_stays_out(said: str, kept: str) -> None:
    assert prompt(said).text == kept


@given(st.text(), st.text(), st.text())
def test_nothing_between_private_tags_is_kept_whatever_stands_around(a: str, b: str, c: str) -> None:
    secret = "QXZQ" + b.replace("<", "")
    kept = prompt(f"{a.replace('<', '')}<private>{secret}</private>{c.replace('<', '')}").text
    assert "QXZQ" not in kept or "QXZQ" in a + c


def test_as_much_of_a_prompt_is_kept_as_the_setting_says() -> None:
    long = "Please make the parser faster, " * 30
    assert prompt(long, Keep(prompts="none")).text == ""
    assert len(prompt(long, Keep(prompts="title")).text) <= 60
    assert 250 < len(prompt(long).text) <= 300


def test_a_secret_in_a_prompt_a_command_or_an_answer_is_redacted() -> None:
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    failing = {"hook_event_name": "PostToolUseFailure", "tool_name": "Bash", "error": "Exit code 1"}
    events = [
        prompt(f"use {token} for it"),
        claude(**failing, tool_input={"command": f"curl -H 'Authorization: token {token}' x"}),
        claude(hook_event_name="Stop", last_assistant_message=f"I have put {token} into .env"),
    ]
    assert all("ghp_" not in e.text + e.target and "[redacted:" in e.text + e.target for e in events)


def test_no_contents_of_files_and_no_output_leave_the_adapter() -> None:
    for name, agent in (("tools", "claude"), ("codex_patch", "codex"), ("gemini_basic", "gemini")):
        everything = repr(recorded(name, agent, Keep(top="/home/dev/proj", detail="tools")))
        for content in ("x = 1", "y = 2", "+hello", "oops\n", "transcript", "/home/dev"):
            assert content not in everything
    heredoc = {"command": "cat >key.pem <<X\nthe contents of a file\nX"}
    failed = claude(hook_event_name="PostToolUseFailure", tool_name="Bash", tool_input=heredoc, error="x")
    assert failed.target == "cat >key.pem <<X …"


def test_a_path_outside_the_working_tree_is_only_its_last_part() -> None:
    edit = {"hook_event_name": "PostToolUse", "tool_name": "Edit"}
    assert claude(**edit, tool_input={"file_path": "/home/dev/.ssh/config"}).target == "outside: config"
    assert claude(**edit, tool_input={"file_path": "/home/dev/project/x"}).target == "outside: x"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = (
    "session_id prompt_id turn_id prompt source reason tool_name tool_use_id tool_input tool_response error exit"
    " last_assistant_message prompt_response trigger timestamp is_interrupt agent_type"
).split()
EVENTS = (
    "SessionStart UserPromptSubmit PostToolUse PostToolUseFailure Stop StopFailure PostCompact SessionEnd BeforeAgent"
    " AfterTool AfterAgent PreCompress Interrupt Nonsense"
).split()


@given(
    st.sampled_from(sorted(ADAPTERS)), st.sampled_from(EVENTS), st.dictionaries(st.sampled_from(FIELDS), JSON)
)
def test_no_payload_however_strange_is_an_error_or_grows_long(
    agent: str, event: str, fields: dict[str, Any]
) -> None:
    for found in ADAPTERS[agent]({**fields, "hook_event_name": event}, KEEP):
        assert found.agent == agent
        assert len(found.text) <= 420


@given(
    st.recursive(st.none() | st.text() | st.integers(), lambda s: st.lists(s) | st.dictionaries(st.text(), s))
)
def test_whatever_json_a_client_writes_is_read_as_text_that_can_be_written(value: Any) -> None:
    raw = json.dumps({"a": value}).encode()  # each half character spelled as JavaScript spells it
    found = payloads.read(raw)
    assert found is not None
    json.dumps(found, ensure_ascii=False).encode("utf-8", "surrogateescape")
    if "\\ud" not in raw.decode():
        assert found == {"a": value}


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (rb'{"a": "\ud83d\ude00"}', "\N{GRINNING FACE}"),
        (rb'{"a": "\ud83d"}', "\N{REPLACEMENT CHARACTER}"),
        (rb'{"a": "\ude00 \\ud83d"}', "\N{REPLACEMENT CHARACTER} \\ud83d"),
        (b'{"a": "caf\xe9"}', "caf\udce9"),
    ],
)
def test_pairs_stay_and_halves_are_replaced(raw: bytes, said: str) -> None:
    assert payloads.read(raw) == {"a": said}


@pytest.mark.parametrize("raw", [b"", b"[1]", b"{", b"null", b'{"a":' + b"[" * 100_000])
def test_what_is_no_object_is_none(raw: bytes) -> None:
    assert payloads.read(raw) is None
