"""An agent that speaks MCP lists, calls and reads everything: asked by the package's own client, over a real pipe."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, MCPError, StdioServerParameters
from mcp.types import TextContent, TextResourceContents

from patina_sessions.server import answers, resources, tools
from tests.repository import Repo
from tests.waiting import state_folders, until

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
ARGV = ["-P", "-m", "patina_sessions", "mcp"]


def ask(folder: Path, talk: Callable[[Client], Awaitable[None]], mode: str = "auto") -> None:
    """Start the server in this folder and let the client talk to it."""

    async def main() -> None:
        server = StdioServerParameters(
            command=sys.executable, args=ARGV, cwd=str(folder), env=dict(os.environ)
        )
        with anyio.fail_after(120):
            async with Client(server, mode=mode) as client:
                await talk(client)

    anyio.run(main)


async def call(client: Client, name: str, **given: Any) -> tuple[bool, str]:
    done = await client.call_tool(name, given)
    [content] = done.content
    assert isinstance(content, TextContent)
    return done.is_error, content.text


@pytest.fixture
def ready(repo: Repo) -> Repo:
    """Return a repository with a finished session and an active one."""
    repo.commit("first", a="1\n")
    repo.patina("init")
    repo.patina("session", "start", "Torn lines", "--goal", "Torn lines are skipped")
    repo.patina("note", "Offsets are in bytes")
    repo.patina("session", "end")
    repo.patina("session", "start", "The next thing")
    return repo


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_client_of_either_age_is_told_in_a_line_and_lists_everything(ready: Repo, mode: str) -> None:
    [finished] = [p.stem for p in (ready.path / "layer/sessions").glob("2*.md")]

    async def talk(client: Client) -> None:
        assert client.instructions == tools.INSTRUCTIONS
        assert "\n" not in tools.INSTRUCTIONS
        listed = (await client.list_tools()).tools
        assert [tool.name for tool in listed] == ["search", "show", "goals", "note", "test"]
        assert {t.name for t in listed if t.annotations and t.annotations.read_only_hint} == {
            "search",
            "show",
            "goals",
        }
        found = (await client.list_resources()).resources
        assert [r.uri for r in found] == [resources.ACTIVE, resources.PREFIX + finished]
        for resource, words in zip(found, ("The next thing", "Offsets are in bytes"), strict=True):
            [read] = (await client.read_resource(resource.uri)).contents
            assert isinstance(read, TextResourceContents)
            assert (read.mime_type, words in read.text) == ("text/markdown", True)
        [template] = (await client.list_resource_templates()).resource_templates
        assert template.uri_template == resources.TEMPLATE

    ask(ready.path, talk, mode)


def test_every_tool_answers_as_the_command_line_does(ready: Repo) -> None:
    [finished] = [p.stem for p in (ready.path / "layer/sessions").glob("2*.md")]

    async def talk(client: Client) -> None:
        failed, found = await call(client, "search", query="offsets")
        assert (failed, finished in found) == (False, True)
        failed, shown = await call(client, "show", session=finished)
        assert (failed, "Offsets are in bytes" in shown) == (False, True)
        assert "The next thing" in (await call(client, "show"))[1]
        assert "- [ ] Torn lines are skipped" in (await call(client, "goals"))[1]
        failed, _ = await call(client, "note", text=f"--help is a text, and {TOKEN} is none")
        assert not failed
        failed, said = await call(client, "test")
        assert failed
        assert said.startswith("Error: ")
        assert "Hint: " in said

    ask(ready.path, talk)
    journal = (ready.path / ".patina/local/active-session.md").read_text()
    assert "--help is a text" in journal
    assert TOKEN not in journal


def test_what_cannot_be_done_is_an_error_with_a_hint_and_the_next_call_is_answered(ready: Repo) -> None:
    async def talk(client: Client) -> None:
        for name, given in (
            ("search", {}),
            ("search", {"query": "x", "limit": True}),
            ("show", {"session": "--help"}),
            ("show", {"session": "../../x"}),
            ("note", {"text": " "}),
            ("note", {"words": "x"}),
            ("test", {"extra": "x"}),
        ):
            failed, said = await call(client, name, **given)
            assert (failed, said.startswith("Error: "), "\nHint: " in said) == (True, True, True), said
        for uri in ("patina://journal/../x", "file:///etc/passwd", "patina://journal/"):
            with pytest.raises(MCPError, match="no journal"):
                await client.read_resource(uri)
        with pytest.raises(MCPError, match="no tool"):
            await client.call_tool("nonsense", {})
        assert not (await call(client, "goals"))[0]

    ask(ready.path, talk)


def test_secrets_and_hidden_signs_of_a_stranger_s_journal_reach_no_agent(ready: Repo) -> None:
    evil = f"# Session: evil\n\n## Activity Log\n### 10:00 - Note\nzanzibar {TOKEN} \x1b[2J \u202e\n"
    ready.write("layer/sessions/20200101-000000.md", evil)

    async def talk(client: Client) -> None:
        [read] = (await client.read_resource(resources.PREFIX + "20200101-000000")).contents
        assert isinstance(read, TextResourceContents)
        told = [read.text, (await call(client, "show", session="20200101"))[1]]
        told.append((await call(client, "search", query="zanzibar"))[1])
        for text in told:
            assert "zanzibar" in text
            assert not [bad for bad in (TOKEN, "\x1b", "\u202e") if bad in text]

    ask(ready.path, talk)


def test_without_consent_nothing_is_said_and_nothing_listed(repo: Repo, tmp_path: Path) -> None:
    async def talk(client: Client) -> None:
        assert client.instructions is None
        assert (await client.list_tools()).tools == []
        assert (await client.list_resources()).resources == []

    ask(repo.path, talk)
    ask(tmp_path, talk)
    assert not (repo.path / ".git/patina").exists()


def test_a_server_that_is_ended_stops_what_it_runs_first(ready: Repo) -> None:
    [lock] = [folder / "lock" for folder in state_folders(ready)]
    init = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    note = {"name": "note", "arguments": {"text": "never written"}}
    lines: list[dict[str, Any]] = [
        {"id": 1, "method": "initialize", "params": init},
        {"method": "notifications/initialized"},
        {"id": 2, "method": "tools/call", "params": note},
    ]
    with (
        open(lock, "a") as held,
        subprocess.Popen(
            [sys.executable, *ARGV], cwd=ready.path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as server,
    ):
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps({"jsonrpc": "2.0", **lines[0]}) + "\n")
        server.stdin.flush()
        assert json.loads(server.stdout.readline())["id"] == 1
        fcntl.flock(held, fcntl.LOCK_EX)  # a note waits for it
        for line in lines[1:]:
            server.stdin.write(json.dumps({"jsonrpc": "2.0", **line}) + "\n")
        server.stdin.flush()
        until(lambda: _children(server.pid), "the note to be started")
        [child] = _children(server.pid)
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=60) == -signal.SIGTERM
        until(lambda: not Path(f"/proc/{child}").exists(), "the note to be gone")
    assert "never written" not in (ready.path / ".patina/local/active-session.md").read_text()


def _children(pid: int) -> list[int]:
    return [
        int(n)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for n in (task / "children").read_text().split()
    ]


def test_without_its_package_it_says_what_to_do(ready: Repo) -> None:
    hide = "import sys; sys.modules['mcp'] = None; from patina_sessions.cli import answer; sys.exit(answer(['mcp']))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", hide], cwd=ready.path, input="", capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "Error: the package mcp is not installed",
        "Hint: Install it: pip install 'patina-sessions[mcp]'",
    ]


def test_a_test_run_is_told_with_its_counts_and_its_end_and_a_failing_one_is_an_answer() -> None:
    run = {"id": "r1", "outcome": "failed", "passed": 2, "failed": 1, "skipped": None, "seconds": 1.25}
    names = {"failed_names": ["t::a"], "newly_failing": ["t::a"], "newly_passing": []}
    whole = json.dumps({"schema": "patina.test/1", "run": run | names, "code": 1})
    told = answers.tested(1, whole, "x" * 9_000 + f"\n{TOKEN}\nE assert 1 == 2\n")
    assert not told.failed
    assert told.text.startswith(
        "Tests failed: 2 passed, 1 failed, 1.2 s, run r1\nFailed: t::a\nBegan to fail: t::a\n"
    )
    assert told.text.endswith("E assert 1 == 2")
    assert TOKEN not in told.text
    assert len(told.text) < 7_000


def test_many_journals_come_in_pages() -> None:
    row = {"title": "T", "started": None, "ended": None, "active": False}
    listed = json.dumps({"sessions": [{**row, "id": f"s {n}"} for n in range(250)]})
    whole, seen, cursor = resources.journals(listed), [], None
    while True:
        part, cursor = resources.page(whole, cursor)
        seen += part
        if cursor is None:
            break
    assert seen == whole
    assert seen[0].uri == "patina://journal/s%200"
    assert resources.reading(seen[0].uri, listed) == tools.show("s 0")
    assert resources.page(whole, "nonsense") == ([], None)
