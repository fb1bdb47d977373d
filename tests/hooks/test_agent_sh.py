"""The hook at an agent: it sets a payload aside and is gone, says nothing, and is never the reason that anything fails."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from patina_sessions.setup import agent_hooks
from tests.repository import Repo
from tests.waiting import events, quiet, until

SCRIPT = Path(__file__).parents[2] / "hooks" / "agent.sh"
SHELLS = [["dash"], ["bash", "--posix"], ["busybox", "sh"], ["sh"]]
START = '{"session_id":"s","hook_event_name":"SessionStart","source":"%s"}\n'
TOOL = '{"session_id":"s","hook_event_name":"PostToolUse","tool_name":"Bash"}\n'


@pytest.fixture(params=SHELLS, ids=lambda words: words[0])
def shell(request: pytest.FixtureRequest) -> list[str]:
    words: list[str] = request.param
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not here")
    return words


@pytest.fixture
def given(repo: Repo) -> Repo:
    """Return a repository that is given to Patina, in which no recorder is started."""
    repo.commit("first", a="1")
    repo.patina("init")
    (repo.path / ".git/patina/rung").touch()
    return repo


def hook(
    shell: list[str], folder: Path, *words: str, said: str = TOOL, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the hook in this folder; whatever it is given, it ends well and complains of nothing."""
    sourced = f'set -- {shlex.join(words)}; . "{SCRIPT}"'
    argv, whole = [*shell, "-c", sourced], {**os.environ, "PWD": str(folder), **(env or {})}
    done = subprocess.run(argv, cwd=folder, env=whole, input=said, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")
    return done


def spool(repo: Repo) -> list[Path]:
    common = repo.git("rev-parse", "--path-format=absolute", "--git-common-dir")
    return sorted(p for p in Path(common, "patina", "spool").glob("*") if p.name.startswith("agent-"))


def test_a_payload_is_set_aside_whole_for_its_owner_alone_without_a_word(
    shell: list[str], given: Repo
) -> None:
    env = {"CLAUDE_PID": "4711", "CLAUDE_CODE_SESSION_ATTENDED": "1"}
    assert hook(shell, given.path, "claude", "tool", env=env).stdout == ""
    [file] = spool(given)
    git = given.path / ".git"
    assert file.read_text() == f"patina-agent 2 claude 1 4711\n{git}\n{TOOL}\n.\n"
    assert file.suffix == ".in"
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("kind", ["start", "prompt", "tool", "turn", "end", "nonsense", ""])
def test_nothing_is_kept_and_nothing_said_without_consent(shell: list[str], repo: Repo, kind: str) -> None:
    repo.commit("first", a="1")
    assert hook(shell, repo.path, "claude", kind).stdout == ""
    assert not (repo.path / ".git/patina").exists()


def test_nothing_is_kept_where_patina_is_switched_off_or_there_is_no_repository(
    shell: list[str], given: Repo, tmp_path: Path
) -> None:
    hook(shell, given.path, "claude", "tool", env={"PATINA": "0"})
    hook(shell, tmp_path, "claude", "start")
    hook(shell, tmp_path, "claude", "start", env={"CLAUDE_PROJECT_DIR": "nowhere"})
    assert spool(given) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a repository to somebody else")
def test_what_stands_in_another_s_git_directory_is_neither_run_nor_told(
    shell: list[str], given: Repo, tmp_path: Path
) -> None:
    """As git has it since CVE-2022-24765; `safe.directory` says that it is trusted."""
    state = given.path / ".git/patina"
    (state / "rung").unlink()
    (state / "hook.sh").write_text(f"touch '{tmp_path}/run'\n")
    (state / "start.json").write_text('{"theirs": 1}')
    for path in (given.path / ".git", state):
        os.chown(path, 65534, 65534)
    for kind in ("start", "prompt", "line"):
        assert hook(shell, given.path, "claude", kind, said=START % "startup").stdout == ""
    assert not list((state / "spool").glob("agent-*"))
    assert not (tmp_path / "run").exists()
    trusted = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
    told = hook(shell, given.path, "claude", "start", said=START % "startup", env=trusted).stdout
    assert told == '{"theirs": 1}'
    until((tmp_path / "run").exists, "what is trusted to be run")


def test_the_repository_is_found_from_a_folder_below_and_after_the_agent_left_it(
    shell: list[str], given: Repo, tmp_path: Path
) -> None:
    below = given.path / "a b" / "c"
    below.mkdir(parents=True)
    hook(shell, below, "claude", "tool")
    hook(shell, tmp_path, "claude", "tool", env={"CLAUDE_PROJECT_DIR": str(given.path)})
    assert len(spool(given)) == 2


def test_a_linked_worktree_is_told_from_the_main_one(shell: list[str], given: Repo, tmp_path: Path) -> None:
    linked = given.worktree(tmp_path / "linked", "other")
    hook(shell, linked.path, "claude", "tool")
    [file] = spool(given)
    assert file.read_text().splitlines()[1] == linked.git("rev-parse", "--absolute-git-dir")


def test_the_context_is_given_at_a_start_and_not_to_who_has_heard_it(shell: list[str], given: Repo) -> None:
    (given.path / ".git/patina/start.json").write_text('{"a":"context"}')
    for source in ("startup", "clear", "compact", "something new"):
        assert hook(shell, given.path, "claude", "start", said=START % source).stdout == '{"a":"context"}'
    for source in ("resume", "fork"):
        assert hook(shell, given.path, "claude", "start", said=START % source).stdout == ""
    assert hook(shell, given.path, "claude", "turn").stdout == ""
    assert len(spool(given)) == 7


def test_a_status_line_is_the_recorder_s_own_words_below_those_of_a_person(
    shell: list[str], given: Repo, tmp_path: Path
) -> None:
    given.patina("session", "start", "Parse lines", "--goal", "Torn lines are skipped")
    given.patina("hook", "ahead")
    below = given.path / "below"
    below.mkdir()
    env = {**os.environ, "XDG_DATA_HOME": str(tmp_path)}
    (tmp_path / "patina").mkdir()
    (tmp_path / "patina/agent.sh").write_bytes(SCRIPT.read_bytes())

    def shown(own: str, folder: Path, said: str = '{"model":"m"}') -> str:
        argv = [*shell, "-c", agent_hooks.line(own)]
        where = {**env, "PWD": str(folder)}
        done = subprocess.run(argv, cwd=folder, env=where, input=said, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    ours = "patina: Parse lines · 0 commits · 1 open goal\n"
    assert shown("", given.path) == ours
    mine = "read -r x; printf '%s\\n' \"I see $x\" # it's mine"
    assert shown(mine, below) == 'I see {"model":"m"}\n' + ours
    assert shown("exit 3", given.path) == ours
    assert shown("exec echo mine", tmp_path) == "mine\n"
    (tmp_path / "patina/agent.sh").unlink()
    assert shown(mine, given.path) == 'I see {"model":"m"}\n'
    assert spool(given) == []


def test_the_command_says_the_same_below_another_command_s_line(given: Repo) -> None:
    given.patina("session", "start", "Parse \x1b[31mlines")
    given.patina("hook", "ahead")
    own = ["sh", "-c", "read -r said; echo I see $said"]
    done = subprocess.run(
        [sys.executable, "-P", "-m", "patina_sessions", "statusline", "--", *own],
        cwd=given.path,
        input="words\n",
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    first, second = done.stdout.splitlines()
    assert first == "I see words"
    assert second.startswith("patina: Parse ")
    assert "\x1b" not in second


def test_a_client_that_never_closes_its_end_is_not_waited_for_for_ever(shell: list[str], given: Repo) -> None:
    begin = time.monotonic()
    with subprocess.Popen(
        [*shell, str(SCRIPT), "claude", "tool"], cwd=given.path, stdin=subprocess.PIPE, text=True
    ) as client:
        assert client.stdin is not None
        client.stdin.write(TOOL)
        client.stdin.flush()
        assert client.wait(timeout=60) == 0
    assert time.monotonic() - begin < 60
    [file] = spool(given)
    assert file.read_text().endswith(f"{TOOL}\n.\n")


def test_payloads_at_the_same_moment_are_all_kept(given: Repo) -> None:
    argv = ["sh", str(SCRIPT), "claude", "tool"]
    clients = [subprocess.Popen(argv, cwd=given.path, stdin=subprocess.PIPE) for _ in range(12)]
    for number, client in enumerate(clients):
        client.communicate(f'{{"tool_use_id":"{number}"}}'.encode())
    assert {f.read_text().splitlines()[2] for f in spool(given)} == {
        f'{{"tool_use_id":"{n}"}}' for n in range(12)
    }


def test_a_payload_of_which_a_part_has_come_is_left_until_it_is_whole(given: Repo) -> None:
    payload = '{"session_id":"s","hook_event_name":"UserPromptSubmit","prompt":"Write it","prompt_id":"1"}'
    argv = ["sh", str(SCRIPT), "claude", "tool"]
    for ending in ("killed", "whole"):
        with subprocess.Popen(argv, cwd=given.path, stdin=subprocess.PIPE, text=True) as client:
            assert client.stdin is not None
            client.stdin.write(payload)
            client.stdin.flush()
            until(lambda: any(payload in f.read_text() for f in spool(given)), "the payload to be there")
            given.patina("record")
            assert len(spool(given)) == 1
            assert not [e for e in events(given) if e["type"] == "agent.prompt"]
            if ending == "killed":
                client.send_signal(signal.SIGKILL)
        if ending == "killed":
            [torn] = spool(given)
            os.utime(torn, (1, 1))
            given.patina("record")
            assert spool(given) == []
    given.patina("record")
    assert spool(given) == []
    assert [e["data"]["text"] for e in events(given) if e["type"] == "agent.prompt"] == ["Write it"]


@pytest.mark.parametrize("agent", ["claude", "codex", "gemini"])
def test_the_words_in_an_agent_s_settings_find_the_script_and_are_silent_without_it(
    shell: list[str], given: Repo, tmp_path: Path, agent: str
) -> None:
    env = {**os.environ, "XDG_DATA_HOME": str(tmp_path / "a b"), "PWD": str(given.path)}
    argv = [*shell, "-c", agent_hooks.command(agent, "tool")]
    script = tmp_path / "a b/patina/agent.sh"
    for there in (False, True):
        done = subprocess.run(argv, cwd=given.path, env=env, input=TOOL, capture_output=True, text=True)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert len(spool(given)) == int(there)
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_bytes(SCRIPT.read_bytes())
    assert spool(given)[0].name.startswith(f"agent-{agent}-")


@pytest.mark.parametrize("harm", ["gone", "file"])
def test_a_state_folder_that_is_broken_is_the_recorder_s_trouble_and_not_the_agent_s(
    given: Repo, harm: str
) -> None:
    folder = given.path / ".git/patina/spool"
    folder.rmdir()
    if harm == "file":
        folder.touch()
    assert hook(["sh"], given.path, "claude", "turn").stdout == ""


@pytest.mark.parametrize("said", ["", "{", "\0\0", "[" * 100_000, '"' + "x" * 200_000, '{"session_id": 1}'])
def test_what_is_no_payload_is_dropped_by_the_recorder(given: Repo, said: str) -> None:
    hook(["sh"], given.path, "claude", "tool", said=said)
    (given.path / ".git/patina/rung").unlink()
    given.patina("record")
    quiet(given)
    assert spool(given) == []
