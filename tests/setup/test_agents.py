"""The hooks of coding agents go in beside those of others, and come out byte for byte."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patina_sessions.setup import agent_hooks, claude_plugin
from patina_sessions.setup.plan import Step
from tests.repository import Repo

AGENTS = ("claude", "codex", "gemini", "opencode")
EVERY = [word for agent in AGENTS for word in ("--agent", agent)]
PLUGIN = Path(__file__).parents[2] / "hooks" / "claude-plugin"


def picture(*folders: Path) -> dict[str, bytes | None]:
    """Return every path below these folders with its bytes, git's own folder aside."""
    paths = [p for folder in folders for p in folder.rglob("*") if ".git" not in p.parts]
    return {str(p): p.read_bytes() if p.is_file() else None for p in paths}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=5,
)
HOOK = st.fixed_dictionaries({"type": st.just("command"), "command": st.text(max_size=9)})
ENTRY = st.fixed_dictionaries(
    {"hooks": st.lists(HOOK, max_size=2)}, optional={"matcher": st.text(max_size=3)}
)
EVENT = st.sampled_from(["Stop", "SessionStart", "PreToolUse", "AfterTool"])
SETTINGS = st.dictionaries(st.text(max_size=5).filter(lambda n: n != "hooks"), VALUES, max_size=3).flatmap(
    lambda rest: st.one_of(
        st.just(rest),
        st.dictionaries(EVENT, st.lists(ENTRY, max_size=2)).map(lambda hooks: {**rest, "hooks": hooks}),
    )
)


@given(SETTINGS, st.sampled_from(["claude", "codex", "gemini"]))
def test_all_that_was_there_is_there_afterwards_in_its_order(settings: dict[str, Any], agent: str) -> None:
    text = json.dumps(settings).encode()
    after = agent_hooks.merged(text, agent)
    assert after is not None
    found = json.loads(after)
    assert {k: v for k, v in found.items() if k != "hooks"} == {
        k: v for k, v in settings.items() if k != "hooks"
    }
    for event, entries in settings.get("hooks", {}).items():
        assert found["hooks"][event][: len(entries)] == entries
    assert agent_hooks.merged(after, agent) == after
    back = agent_hooks.without(after)
    assert back is not None
    there = {k: v for k, v in settings.get("hooks", {}).items() if v}
    assert {k: v for k, v in json.loads(back).get("hooks", {}).items() if v} == there


@given(SETTINGS, st.text(max_size=12).filter(lambda own: "\0" not in own), st.integers(0, 4))
def test_a_status_line_of_ours_has_the_person_s_own_in_it_and_gives_it_back(
    settings: dict[str, Any], own: str, indent: int
) -> None:
    mine = {"statusLine": {"type": "command", "padding": 1, "command": own}} if own else {}
    text = json.dumps({**settings, **mine}, indent=indent, ensure_ascii=False).encode(
        "utf-8", "surrogatepass"
    )
    after = agent_hooks.lined(text)
    assert after is not None
    assert agent_hooks.lined(after) == after
    line = json.loads(after)["statusLine"]
    assert agent_hooks.own_line(line["command"]) == own
    assert line.get("padding") == (1 if own else None)
    # As Claude Code leaves it when the plugin has come and gone: in its own manner, with empty tables.
    left = {**json.loads(after), "enabledPlugins": {}, "extraKnownMarketplaces": {}}
    assert agent_hooks.restored(json.dumps(left, indent=2).encode(), text) == text
    added = agent_hooks.restored(json.dumps({**left, "new": 1}).encode(), text)
    assert added is not None
    assert json.loads(added) == {**json.loads(text), "new": 1}


def test_a_plugin_that_a_person_took_out_or_whose_client_is_gone_does_not_stop_uninstall(
    tmp_path: Path,
) -> None:
    settings = tmp_path / ".claude/settings.json"
    settings.parent.mkdir()
    environ = {"HOME": str(tmp_path), "PATH": str(tmp_path)}
    gone = "/gone/claude"
    undo = [
        Step(what="run", path=Path(gone), why="takes the plugin out", argv=(gone, "plugin", *words))
        for words in claude_plugin.UNDO.values()
    ]
    assert claude_plugin.still_to_run(undo, environ) == ([], [])
    settings.write_text(json.dumps({"enabledPlugins": {claude_plugin.PLUGIN: True}}))
    steps, [note] = claude_plugin.still_to_run(undo, environ)
    assert steps == []
    assert f"/plugin uninstall {claude_plugin.PLUGIN}" in note.text
    (tmp_path / "claude").write_text("#!/bin/sh\n")
    (tmp_path / "claude").chmod(0o755)
    [step], notes = claude_plugin.still_to_run(undo, environ)
    assert (step.argv[0], notes) == (str(tmp_path / "claude"), [])


def test_settings_that_were_not_there_before_are_gone_afterwards() -> None:
    after = agent_hooks.lined(None)
    assert after is not None
    left = {**json.loads(after), "enabledPlugins": {}}
    assert agent_hooks.restored(json.dumps(left).encode(), None) is None
    assert agent_hooks.restored(b"{ broken", None) == b"{ broken"


@pytest.mark.parametrize("line", ['"mine"', '{"type": "static"}', "[]", '{"command": 1}'])
def test_a_status_line_of_another_form_is_left_alone(line: str) -> None:
    text = b'{"statusLine": %s}' % line.encode()
    assert agent_hooks.lined(text) in (None, text)


@pytest.mark.parametrize(
    "text",
    [
        b"{",
        b"[]",
        b'// mine\n{"a": 1}',
        b'{"hooks": []}',
        b'{"hooks": {"Stop": {}}}',
        b'{"a": 1, "a": 2}',
        b"\xff{}",
    ],
)
def test_a_file_that_does_not_parse_or_has_another_form_is_not_touched(repo: Repo, text: bytes) -> None:
    repo.write(".claude/settings.json", text)
    said = repo.patina("init", "--agent", "claude", "--project").stdout
    assert (repo.path / ".claude/settings.json").read_bytes() == text
    assert "left alone" in said


@pytest.mark.parametrize("where", [[], ["--project"]])
def test_uninstall_gives_back_every_byte_of_the_project_and_of_the_home(repo: Repo, where: list[str]) -> None:
    home = Path.home()
    mine = b'{\n\t"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "say done"}]}]}, "n": 1.50}'
    for folder in (repo.path, home):
        for name in (".claude/settings.json", ".gemini/settings.json"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(mine)
    before = picture(repo.path, home)
    shown = repo.patina("init", *EVERY, *where, "--dry-run").stdout
    assert picture(repo.path, home) == before
    told = repo.patina("init", *EVERY, *where).stdout
    heard = "Codex, Gemini CLI, OpenCode" if not where else "Claude Code, Codex, Gemini CLI, OpenCode"
    assert f"What {heard} does here is told" in told
    during = picture(repo.path, home)
    changed = {p for p in during if during[p] != before.get(p)}
    top = f"{repo.path}/"
    listed = {p for p in changed if p.removeprefix(top) in shown}
    assert {Path(p).name for p in changed - listed} == {"agents.json", "agents.lock"}
    assert "nothing to change" in repo.patina("init", *EVERY, *where).stdout
    assert picture(repo.path, home) == during
    repo.patina("uninstall")
    assert picture(repo.path, home) == before


def test_uninstall_takes_the_repository_off_the_person_s_list_and_leaves_the_others_on_it(
    repo: Repo, tmp_path: Path
) -> None:
    before = picture(Path.home())
    other = Repo.create(tmp_path / "other")
    for one in (repo, other):
        one.patina("init")
        one.patina("session", "start", "The work")
        one.patina("session", "end")
    listed = Path.home() / ".local/state/patina/repositories"
    assert len(listed.read_text().splitlines()) == 2
    repo.patina("uninstall")
    assert [line.split("\t")[1] for line in listed.read_text().splitlines()] == [str(other.path)]
    other.patina("uninstall")
    assert {p for p in picture(Path.home()) if "patina" in p} == {p for p in before if "patina" in p}


def test_what_somebody_added_since_stays_and_ours_goes(repo: Repo) -> None:
    repo.patina("init", "--agent", "claude", "--project")
    path = repo.path / ".claude/settings.json"
    settings = json.loads(path.read_text())
    settings["hooks"]["Stop"].insert(0, {"hooks": [{"type": "command", "command": "mine"}]})
    path.write_text(json.dumps({"model": "opus", **settings}))
    repo.patina("uninstall")
    kept = {"model": "opus", "hooks": {"Stop": [{"hooks": [{"type": "command", "command": "mine"}]}]}}
    assert json.loads(path.read_text()) == kept


@pytest.mark.parametrize("renewed", ["set up anew", "renewed"])
@pytest.mark.parametrize("where", [[], ["--project"]])
def test_uninstall_gives_back_what_a_person_has_by_then_and_no_older_file(
    repo: Repo, where: list[str], renewed: str
) -> None:
    """The file was written anew since `init`, or added to; then Patina put its hooks in once more, or renewed them."""
    path = (repo.path if where else Path.home()) / ".gemini/settings.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text('{"theme": "old"}')
    repo.patina("init", "--agent", "gemini", *where)
    new = b'{\n "theme": "new", "hooks": {"Other": []}, "key": true\n}'
    if renewed == "set up anew":
        path.write_bytes(new)
    else:
        ours = json.loads(path.read_text())["hooks"]
        older = json.dumps({**json.loads(new), "hooks": {**ours, "Other": []}})
        path.write_text(older.replace("agent.sh", "agent.sh older"))
    repo.patina("init", "--agent", "gemini", *where)
    assert "agent.sh older" not in path.read_text()
    assert "agent.sh" in path.read_text()
    repo.patina("uninstall")
    kept = json.loads(path.read_text())
    assert {**kept, "hooks": {}} == {"theme": "new", "key": True, "hooks": {}}
    assert "agent.sh" not in path.read_text()


@pytest.mark.parametrize("agent", ["gemini", "claude", "opencode"])
def test_settings_that_a_person_removed_do_not_come_back(repo: Repo, agent: str) -> None:
    where = [] if agent == "opencode" else ["--project"]
    name = ".config/opencode/plugins/patina.js" if agent == "opencode" else f".{agent}/settings.json"
    path = (repo.path if where else Path.home()) / name
    path.parent.mkdir(parents=True)
    path.write_text('{"theme": "old"}')
    repo.patina("init", "--agent", agent, *where)
    path.unlink()
    repo.patina("init", "--agent", agent, *where)
    repo.patina("uninstall")
    assert not path.exists()


def test_what_a_person_made_of_the_settings_in_another_form_stays_in_that_form(repo: Repo) -> None:
    """They took Patina's hooks out by hand: nothing of it is left to be undone."""
    path = Path.home() / ".gemini/settings.json"
    path.parent.mkdir()
    path.write_text('{"theme": "old"}')
    repo.patina("init", "--agent", "gemini")
    path.write_text('{ "theme":   "old" }\n')
    repo.patina("uninstall")
    assert path.read_text() == '{ "theme":   "old" }\n'


def test_settings_that_say_one_for_true_are_others_and_an_event_without_a_hook_says_nothing() -> None:
    assert agent_hooks.restored(b'{"a": 1}', b'{"a": true}') == b'{"a": 1}'
    empty = b'{"hooks": {"Stop": []}}'
    after = agent_hooks.merged(empty, "claude")
    assert after is not None
    assert agent_hooks.restored(after, empty) == empty


def test_a_person_s_hooks_stay_while_another_repository_uses_them(repo: Repo, tmp_path: Path) -> None:
    other = Repo.create(tmp_path / "other")
    before = picture(Path.home())
    for one in (repo, other):
        one.patina("init", "--agent", "codex")
    assert "other repositories use it" in repo.patina("uninstall").stdout
    assert (Path.home() / ".codex/hooks.json").exists()
    other.patina("uninstall")
    assert picture(Path.home()) == before


def test_nothing_is_written_through_a_link_that_leads_out_of_the_project(repo: Repo, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (repo.path / ".claude").symlink_to(outside)
    assert "leads out of the project" in repo.patina("init", "--agent", "claude", "--project").stdout
    assert list(outside.iterdir()) == []


def test_the_plugin_has_the_hooks_that_a_project_gets_and_says_which_version_it_is() -> None:
    plugin = json.loads((PLUGIN / "patina/hooks/hooks.json").read_text())
    assert plugin["hooks"] == agent_hooks.hooks("claude")
    market = json.loads((PLUGIN / ".claude-plugin/marketplace.json").read_text())
    assert [p["source"] for p in market["plugins"]] == ["./patina"]
    assert sorted(p.parent.name for p in PLUGIN.rglob("SKILL.md")) == [
        "end",
        "note",
        "search",
        "start",
        "update",
    ]


def test_the_skills_name_commands_and_options_that_there_are(repo: Repo) -> None:
    named: dict[str, set[str]] = {}
    for skill in PLUGIN.rglob("SKILL.md"):
        for line in re.findall(r"`patina ([^`]+)`", skill.read_text()):
            words = line.split()
            command = " ".join(words[:2] if words[0] == "session" else words[:1])
            named.setdefault(command, set()).update(re.findall(r"--[a-z-]+", line))
        if skill.parent.name in ("update", "end"):
            named.setdefault("session update", set()).update(
                re.findall(r"`(--(?:work|decision|challenge|pattern))`", skill.read_text())
            )
    assert {"session start", "session update", "session end", "note", "goal", "search", "show"} <= set(named)
    for command, options in named.items():
        told = repo.patina(*command.split(), "--help").stdout
        assert not [option for option in options if option not in told], command


def test_the_plugin_s_server_is_started_from_a_file_that_may_be_missing(repo: Repo) -> None:
    """Where Patina, its package or its interpreter is gone, what the plugin names ends at once without a word."""
    [server] = json.loads((PLUGIN / "patina/.mcp.json").read_text())["mcpServers"].values()
    argv = [server["command"], *server["args"]]
    file = Path.home() / ".local/share/patina/mcp.sh"

    def started() -> subprocess.CompletedProcess[str]:
        return subprocess.run(argv, cwd=repo.path, input="", capture_output=True, text=True)

    silent = started()
    assert (silent.returncode, silent.stdout, silent.stderr) == (0, "", "")
    repo.patina("init", "--agent", "claude")
    assert sys.executable in file.read_text()
    file.write_text(file.read_text().replace(sys.executable, "/gone/python"))
    silent = started()
    assert (silent.returncode, silent.stdout, silent.stderr) == (0, "", "")
