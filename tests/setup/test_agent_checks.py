"""An agent that is not heard, or heard twice, is said with what to do: its client says nothing of it."""

from __future__ import annotations

import json
import os
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from patina_sessions.setup import agent_checks, agent_hooks, codex_trust
from patina_sessions.system.repository import discover
from tests.repository import Repo
from tests.setup.test_agents import AGENTS, EVERY, picture
from tests.setup.test_doctor import examined


@pytest.fixture
def ready(repo: Repo) -> Repo:
    """Return a repository with a commit and Patina."""
    repo.commit("first", a="1\n")
    repo.patina("init")
    return repo


def said(repo: Repo, *, fix: bool = False) -> list[str]:
    """Return what doctor says of agents: its level, its words, and what to do."""
    here = discover(repo.path)
    if fix:
        assert agent_checks.fix(here, os.environ) != []
    return [f"{c.level} {c.words} -> {c.hint}" for c in agent_checks.examine(here, os.environ)]


def trust(place: Path, **changed: Any) -> None:
    """Let Codex trust these hooks, as `/hooks` does."""
    config = Path.home() / ".codex/config.toml"
    before = config.read_text() if config.exists() else ""
    for _, key, digest in codex_trust.keys(str(place), json.loads(place.read_text())):
        lines = {"trusted_hash": digest, **changed}
        before += f"[hooks.state.{json.dumps(key)}]\n"
        before += "".join(f"{name} = {json.dumps(value)}\n" for name, value in lines.items())
    config.write_text(before)
    tomllib.loads(before)


def test_of_agents_that_were_never_set_up_nothing_is_said(ready: Repo) -> None:
    for name in (".claude/settings.json", ".codex/hooks.json"):
        (Path.home() / name).parent.mkdir()
        (Path.home() / name).write_text("{ not ours, and broken")
    assert said(ready) == []


def test_of_agents_that_are_heard_nothing_is_wrong(ready: Repo) -> None:
    for agent in ("codex", "gemini", "opencode"):
        ready.patina("init", "--agent", agent)
    trust(Path.home() / ".codex/hooks.json")
    lines = said(ready)
    assert [line.partition(" ")[0] for line in lines] == ["ok"] * 3, lines


def test_hooks_that_were_taken_out_are_missed_and_uninstall_ends_that(ready: Repo) -> None:
    ready.patina("init", *EVERY, "--project")
    for agent in AGENTS:
        shutil.rmtree(ready.path / f".{agent}")
    lines = said(ready)
    assert len(lines) == 4
    for agent, line in zip(AGENTS, lines, strict=True):
        assert line.startswith("wrong ")
        assert "hooks are gone from" in line
        assert f"-> patina init --agent {agent} --project" in line
    ready.patina("uninstall")
    assert said(ready) == []


@pytest.mark.parametrize("harm", ["gone", "older"])
def test_a_script_that_is_gone_or_older_is_found_and_written_anew(ready: Repo, harm: str) -> None:
    before = picture(ready.path, Path.home())
    ready.patina("init", "--agent", "gemini")
    script = Path.home() / ".local/share/patina/agent.sh"
    whole = script.read_bytes()
    script.unlink() if harm == "gone" else script.write_text("exit 0\n")
    [line] = [line for line in said(ready) if line.startswith("wrong")]
    assert str(script) in line
    assert "-> patina doctor --fix" in line
    _, found = examined(ready, "--fix")
    assert [c["level"] for c in found["agents"]] == ["ok"]
    assert script.read_bytes() == whole
    ready.patina("uninstall")
    ready.patina("init")
    assert picture(ready.path, Path.home()) == before


@pytest.mark.parametrize("where", [[], ["--project"]])
def test_settings_that_do_not_parse_are_named_and_left_as_they_are(ready: Repo, where: list[str]) -> None:
    ready.patina("init", "--agent", "gemini", *where)
    path = (ready.path if where else Path.home()) / ".gemini/settings.json"
    broken = path.read_bytes()[:-3]
    path.write_bytes(broken)
    assert agent_checks.fix(discover(ready.path), os.environ) == []
    [line] = [line for line in said(ready) if line.startswith("wrong")]
    assert ".gemini/settings.json does not parse, so that Gemini CLI hears none" in line
    assert path.read_bytes() == broken


def test_hooks_of_an_older_patina_are_brought_up_to_this_one_beside_those_of_others(ready: Repo) -> None:
    ready.patina("init", "--agent", "gemini")
    path = Path.home() / ".gemini/settings.json"
    settings = json.loads(path.read_text())
    del settings["hooks"]["PreCompress"]
    settings["hooks"]["AfterTool"].insert(0, {"hooks": [{"type": "command", "command": "mine"}]})
    path.write_text(json.dumps(settings))
    assert any(line.startswith("wrong not as this Patina writes it") for line in said(ready))
    assert not [line for line in said(ready, fix=True) if line.startswith("wrong")]
    found = json.loads(path.read_text())["hooks"]
    assert found["PreCompress"] == agent_hooks.hooks("gemini")["PreCompress"]
    assert found["AfterTool"][0]["hooks"][0]["command"] == "mine"


def test_hooks_in_two_files_are_said_where_a_client_runs_both(ready: Repo) -> None:
    for agent in ("claude", "codex", "gemini"):
        ready.patina("init", "--agent", agent, "--project")
        if agent != "claude":
            ready.patina("init", "--agent", agent)
    enable_plugin()
    twice = [line for line in said(ready) if "twice" in line]
    assert [line.split()[1] for line in twice] == ["Claude", "Codex", "Gemini"]
    assert all(line.startswith("note ") for line in twice)
    assert "Keep the plugin, and take Patina's hooks out of .claude/settings.json" in twice[0]


def enable_plugin() -> None:
    path = Path.home() / ".claude/settings.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"enabledPlugins": {"patina@patina-sessions": True}}))


def test_hooks_of_the_project_alone_are_told_where_they_do_not_reach(ready: Repo, tmp_path: Path) -> None:
    ready.patina("init", *EVERY, "--project")
    linked = ready.worktree(tmp_path / "linked", "side")
    lines = said(ready)
    below = [line for line in lines if "in a folder below it is not heard" in line]
    assert [line.split()[1] for line in below] == ["Claude", "Gemini"]
    assert sum("is in no commit" in line for line in lines) == 3  # Codex takes them from the main worktree
    assert sum(f"is not heard in the worktree {linked.path}" in line for line in lines) == 3
    ready.git("add", ".")
    ready.git("commit", "-qm", "chore: agents")
    linked.git("merge", "-q", "--ff-only", "main")
    lines = said(ready)
    assert not [line for line in lines if "is in no commit" in line or "in the worktree" in line]
    enable_plugin()
    assert not [line for line in said(ready) if "Claude Code reads" in line]


def test_hooks_that_codex_does_not_trust_are_named_by_their_events(ready: Repo) -> None:
    ready.patina("init", "--agent", "codex")
    hooks, config = Path.home() / ".codex/hooks.json", Path.home() / ".codex/config.toml"
    [line] = [line for line in said(ready) if line.startswith("wrong")]
    assert "7 hooks" in line
    assert "not trusted, and skipped without a word" in line
    assert "/hooks" in line
    trust(hooks)
    assert not [line for line in said(ready) if line.startswith("wrong")]
    config.write_text(config.read_text().replace(":stop:0:0", ":stop:1:0"))
    [line] = [line for line in said(ready) if line.startswith("wrong")]
    assert "1 hook " in line
    assert "without a word: Stop" in line
    config.unlink()
    trust(hooks, trusted_hash="sha256:00")
    assert any("changed since they were trusted" in line for line in said(ready))
    config.unlink()
    trust(hooks, enabled=False)
    assert any("switched off" in line for line in said(ready))
    config.write_text("[broken")
    assert any("Codex does not start" in line for line in said(ready))


def test_hooks_of_a_project_that_codex_does_not_trust_are_said_to_be_unread(ready: Repo) -> None:
    ready.patina("init", "--agent", "codex", "--project")
    assert any("only where the folder is trusted" in line for line in said(ready))
    config = Path.home() / ".codex/config.toml"
    config.parent.mkdir()
    config.write_text(f'[projects."{ready.path}"]\ntrust_level = "trusted"\n')
    trust(ready.path / ".codex/hooks.json")
    assert not [line for line in said(ready) if line.startswith("wrong")]


@pytest.mark.parametrize("name", [".claude/settings.json", ".claude/settings.local.json"])
def test_a_setting_that_switches_all_hooks_off_is_named(ready: Repo, name: str) -> None:
    ready.patina("init", "--agent", "claude", "--project")
    path = ready.path / name
    there = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**there, "disableAllHooks": True}))
    assert any("all hooks are switched off" in line and name in line for line in said(ready))
