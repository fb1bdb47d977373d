"""Runs in a real engine: what they come to, what they leave, and that nothing of them goes on afterwards."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docker.conftest import IMAGE, Bench
from tests.docker.engine import Dockerd
from tests.repository import Repo
from tests.waiting import until


def test_a_command_s_streams_and_exit_code_are_its_own(bench: Bench) -> None:
    done = bench.run("exec", "--", "sh", "-c", "echo out; echo err >&2; exit 42")
    assert (done.stdout, done.returncode) == ("out\n", 42)
    assert "err\n" in done.stderr
    assert "- Exec failed" in bench.journal
    assert "Exit code: 42" in bench.journal


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        ("true", 0, "Exec passed"),
        ("exit 1", 1, "Exec failed"),
        ("exec /etc/passwd", 126, "126, found, but it cannot be run"),
        ("exec nonesuch", 127, "127, command not found"),
        ("kill -9 $$", 137, "137, killed (SIGKILL)"),
        ("kill -15 $$", 143, "143, ended by SIGTERM"),
    ],
)
def test_each_exit_code_has_its_words(bench: Bench, command: str, code: int, words: str) -> None:
    assert bench.run("exec", "--", "sh", "-c", command).returncode == code
    assert words in bench.journal


def test_a_second_command_finds_the_workspace_warm(bench: Bench) -> None:
    assert "Making the workspace" in bench.run("exec", "--", "touch", "/tmp/left-here").stderr
    second = bench.run("exec", "--", "ls", "/tmp/left-here")
    assert (second.returncode, second.stdout) == (0, "/tmp/left-here\n")
    assert "Making" not in second.stderr
    bench.run("workspace", "stop")
    assert bench.run("exec", "--", "ls", "/tmp/left-here").returncode == 0


def test_a_workspace_whose_settings_changed_is_made_anew(bench: Bench) -> None:
    bench.run("exec", "--", "touch", "/tmp/left-here")
    bench.configure(f'docker.image = "{IMAGE}"\ndocker.pids = 77\n')
    assert bench.run("exec", "--", "ls", "/tmp/left-here").returncode == 1
    status = json.loads(bench.run("workspace", "status", "--json").stdout)
    assert len(status["workspaces"]) == 1
    assert "processes 77" in status["inside"]


@contextlib.contextmanager
def _workspace(bench: Bench) -> Iterator[tuple[Any, str]]:
    """Give the engine's interface and the name of the one workspace."""
    import docker

    (found,) = json.loads(bench.run("workspace", "status", "--json").stdout)["workspaces"]
    with contextlib.closing(docker.from_env()) as client:
        yield client.api, found["name"]


def test_a_workspace_that_nobody_uses_ends_itself_and_one_that_is_used_does_not(bench: Bench) -> None:
    bench.configure(f'docker.image = "{IMAGE}"\ndocker.idle_hours = 0.0006\n')  # two seconds
    assert bench.run("exec", "--", "sh", "-c", "sleep 5; touch /tmp/left-here").returncode == 0

    with _workspace(bench) as (api, name):
        until(
            lambda: api.inspect_container(name)["State"]["Status"] == "exited", "the workspace to end itself"
        )
    assert bench.run("exec", "--", "ls", "/tmp/left-here").returncode == 0  # woken, as it was


def test_want_of_memory_is_told_as_such(bench: Bench) -> None:
    bench.configure(f'docker.image = "{IMAGE}"\ndocker.memory = "24m"\n')
    done = bench.run("exec", "--", "dd", "if=/dev/zero", "of=/dev/null", "bs=100M", "count=1")
    assert done.returncode == 137
    assert "Exec out of memory" in bench.journal
    assert bench.runs()[0]["outcome"] == "out of memory"


def test_a_timeout_ends_the_whole_tree(bench: Bench) -> None:
    hidden = "env -i setsid sh -c 'trap \"\" TERM; while :; do sleep 4242; done'"
    done = bench.run(
        "exec", "--timeout", "1", "--", "sh", "-c", f"({hidden} &) ; setsid sleep 4242 & sleep 4242"
    )
    assert done.returncode == 124
    assert "Exec timed out" in bench.journal
    assert bench.processes("4242") == []


def _typed(bench: Bench, *args: str, keys: list[tuple[str, bytes]]) -> tuple[int, str]:
    """Run a command at a terminal; each key is pressed when the text before it was shown."""
    import pty

    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(bench.repo.path)
        os.execv(sys.executable, [sys.executable, "-P", "-m", "patina_sessions", *args])
    seen = b""
    waiting = list(keys)
    while True:
        try:
            data = os.read(terminal, 4096)
        except OSError:
            break
        if not data:
            break
        seen += data
        while waiting and waiting[0][0].encode() in seen:
            os.write(terminal, waiting.pop(0)[1])
            time.sleep(0.1)
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), seen.decode("utf-8", "replace")


def test_ctrl_c_at_a_terminal_interrupts_the_command(bench: Bench) -> None:
    bench.run("exec", "--", "true")
    code, seen = _typed(bench, "exec", "--", "sh", "-c", "echo ready; sleep 4242", keys=[("ready", b"\x03")])
    assert code == 130, seen
    assert "Exec interrupted" in bench.journal
    assert bench.processes("4242") == []


def test_a_second_ctrl_c_ends_a_command_that_will_not_hear(bench: Bench) -> None:
    bench.run("exec", "--", "true")
    script = "trap 'echo not yet' INT; echo ready; while :; do sleep 4242 & wait; done"
    keys = [("ready", b"\x03"), ("not yet", b"\x03")]
    code, seen = _typed(bench, "exec", "--", "sh", "-c", script, keys=keys)
    assert code == 130, seen
    assert bench.processes("4242") == []


def test_ctrl_c_without_a_terminal_ends_the_whole_tree(bench: Bench) -> None:
    bench.configure(
        f'docker.image = "{IMAGE}"\ncommands.test = "echo ready; setsid sleep 4242 & sleep 4242"\n'
    )
    with bench.start("test") as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n"
        running.send_signal(signal.SIGINT)
        assert running.wait() == 130
    assert bench.processes("4242") == []
    assert "Test interrupted" in bench.journal


def test_a_run_whose_patina_was_killed_is_finished_by_the_next_command(bench: Bench) -> None:
    with bench.start("exec", "--", "sh", "-c", "echo ready; sleep 4242") as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n"
        assert [r["outcome"] for r in bench.runs()] == [None]
        running.kill()
    bench.repo.patina("status")
    bench.repo.patina("note", "on with it")
    assert bench.journal.count("- Exec interrupted") == 1
    assert "Patina was killed while it ran" in bench.journal
    assert [r["outcome"] for r in bench.runs()] == ["interrupted"]
    assert bench.processes("4242") == []


@pytest.mark.parametrize("by_patina", [True, False])
def test_a_workspace_that_is_stopped_under_a_run_interrupts_it(bench: Bench, by_patina: bool) -> None:
    with bench.start("exec", "--", "sh", "-c", "echo ready; sleep 4242") as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n"
        assert "something runs" in bench.run("workspace", "stop").stderr
        if by_patina:
            bench.repo.patina("workspace", "stop", "--force")
        else:
            with _workspace(bench) as (api, name):
                api.stop(name, timeout=1)
        assert running.wait() == 130
    assert "The workspace was stopped while it ran" in bench.journal


def test_two_runs_at_once_share_a_workspace_and_keep_apart(bench: Bench) -> None:
    first = bench.start("exec", "--", "sh", "-c", "echo one; sleep 1; exit 3")
    second = bench.start("exec", "--timeout", "1", "--", "sh", "-c", "echo two; sleep 4242")
    out = [one.communicate()[0] for one in (first, second)]
    assert out == [b"one\n", b"two\n"]
    assert (first.returncode, second.returncode) == (3, 124)
    assert len(json.loads(bench.run("workspace", "status", "--json").stdout)["workspaces"]) == 1
    assert "Exec failed" in bench.journal
    assert "Exec timed out" in bench.journal


def test_what_is_piped_in_reaches_the_command(bench: Bench) -> None:
    assert bench.run("exec", "--", "wc", "-c", input="12345").stdout.strip() == "5"


def test_a_reader_who_leaves_ends_the_command_as_a_shell_tells_it(bench: Bench) -> None:
    script = "while :; do echo y; sleep 4242 & sleep 0.1; done"
    with bench.start("exec", "--", "sh", "-c", script) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"y\n"
        running.stdout.close()
        assert running.wait() == 141
    assert bench.processes("4242") == []
    assert "Exec interrupted" in bench.journal


def test_a_variable_is_handed_on_by_name_and_its_value_is_in_no_log_and_no_test_s_name(bench: Bench) -> None:
    bench.configure(f'docker.image = "{IMAGE}"\ndocker.junit = "out/*.xml"')
    report = '<testsuite><testcase classname="$DEPLOY_WORD" name="works"><failure/></testcase></testsuite>'
    script = f"echo got $DEPLOY_WORD; mkdir out; cat >out/one.xml <<XML\n{report}\nXML\nexit 1"
    done = bench.run(
        "exec", "--env", "DEPLOY_WORD", "--", "sh", "-c", script, env={"DEPLOY_WORD": "open sesame"}
    )
    assert done.stdout == "got open sesame\n"
    assert bench.run("runs", "show").stdout == "got [redacted:env]\n"
    assert "[redacted:env]" in bench.journal
    assert "open sesame" not in bench.journal
    assert bench.run("exec", "--env", "NOBODY_SET_IT", "--", "true").returncode == 125


def test_a_secret_that_a_command_prints_is_not_in_its_log_or_the_journal(bench: Bench) -> None:
    secret = "ghp_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
    done = bench.run("exec", "--", "sh", "-c", f"printf 'token %s' ghp_; echo {secret[4:]}; exit 1")
    assert secret in done.stdout
    assert "[redacted" in bench.run("runs", "show").stdout
    assert secret not in bench.journal + bench.run("runs", "show").stdout


def test_numbers_names_and_changes_of_a_test_run_are_in_the_journal(bench: Bench) -> None:
    bench.configure(f'docker.image = "{IMAGE}"\ncommands.test = "cat report; exit $(cat code)"\n')
    line = "===== 1 failed, 2 passed in 0.10s =====\n"
    bench.repo.write("report", f"FAILED tests/test_a.py::test_one - oh\n{line}")
    bench.repo.write("code", "1")
    assert bench.run("test").returncode == 1
    bench.repo.write("report", f"FAILED tests/test_a.py::test_two - oh\n{line}")
    assert bench.run("test").returncode == 1
    assert "Tests: 2 passed, 1 failed, 0 skipped" in bench.journal
    assert (
        "Began to fail:\n- `tests/test_a.py::test_two`\nCeased to fail:\n- `tests/test_a.py::test_one`"
        in bench.journal
    )
    compared = bench.run("runs", "compare").stdout
    assert "began to fail: tests/test_a.py::test_two" in compared


def test_a_linked_worktree_and_a_submodule_find_their_git_directory(bench: Bench, tmp_path: Path) -> None:
    linked = bench.repo.worktree(tmp_path / "linked", "side")
    inner = Repo.create(tmp_path / "inner")
    inner.commit("inner", b="2")
    bench.repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.path), "sub")
    submodule = Repo(bench.repo.path / "sub")
    submodule.patina("init")
    follow = 'p=$(sed "s/gitdir: //" .git); test -f "$p/HEAD" && pwd && ls'
    for tree, there in ((linked, "a.txt"), (submodule, "b.txt")):
        done = tree.patina("exec", "--image", IMAGE, "--", "sh", "-c", follow)
        assert str(tree.path) in done.stdout
        assert there in done.stdout
        tree.patina("clean", "--force")


def test_an_image_without_a_shell_is_one_clear_error(bench: Bench) -> None:
    done = bench.run("exec", "--image", "patina-test-hello", "--", "/hello")
    assert done.returncode == 125
    assert "has no shell" in done.stderr
    assert "Hint: " in done.stderr


def test_an_image_that_is_not_there_is_named_with_what_to_do(bench: Bench) -> None:
    done = bench.run("exec", "--image", "nobody/has-it:3", "--", "true")
    assert done.returncode == 125
    assert "does not have the image nobody/has-it:3" in done.stderr
    assert "docker pull nobody/has-it:3" in done.stderr


def test_no_engine_is_one_clear_error(bench: Bench, tmp_path: Path) -> None:
    done = bench.run("exec", "--", "true", env={"DOCKER_HOST": f"unix://{tmp_path}/none.sock"})
    assert done.returncode == 125
    assert done.stderr.count("Error:") == 1
    assert "no such socket" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="giving a folder to somebody needs root")
@pytest.mark.parametrize("uid", [0, 1000, 12345])
def test_what_is_written_in_the_tree_belongs_to_the_tree_s_owner(bench: Bench, uid: int) -> None:
    bench.repo.git("config", "core.sharedRepository", "0600")
    for path in [bench.repo.path, *bench.repo.path.rglob("*")]:
        os.lchown(path, uid, uid)
    trusted = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
    command = 'echo made > made.txt; mkdir -p "$HOME/x"; id -u'
    done = subprocess.run(
        [sys.executable, "-P", "-m", "patina_sessions", "exec", "--", "sh", "-c", command],
        cwd=bench.repo.path,
        env={**os.environ, **trusted},
        capture_output=True,
        text=True,
        umask=0o077,
    )
    assert (done.returncode, done.stdout) == (0, f"{uid}\n"), done.stderr
    seen = (bench.repo.path / "made.txt").stat()
    assert (seen.st_uid, seen.st_gid, seen.st_mode & 0o777) == (uid, uid, 0o600)
    bench.run("clean", "--force", env=trusted)


def test_clean_removes_what_is_ours_and_nothing_else(bench: Bench) -> None:
    import docker

    client = docker.from_env()
    other = client.api.create_container(IMAGE, ["true"], name="patina-not-ours", labels={"a": "b"})["Id"]
    try:
        bench.run("exec", "--", "true")
        assert "would be removed: workspace" in bench.run("clean", "--dry-run").stdout
        assert "removed: workspace" in bench.run("clean").stdout
        assert json.loads(bench.run("workspace", "status", "--json").stdout)["workspaces"] == []
        assert client.api.inspect_container(other)["Id"] == other
    finally:
        client.api.remove_container(other, force=True)
        client.close()


@pytest.mark.parametrize("by_command", [True, False])
def test_a_dockerfile_is_built_when_it_changed_and_not_else(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, by_command: bool
) -> None:
    if not by_command:
        _without_docker(bench, monkeypatch)
    bench.configure("")
    bench.repo.write("Dockerfile", f"FROM {IMAGE}\nRUN echo one > /word\n")
    first = bench.run("exec", "--", "cat", "/word")
    assert (first.stdout, first.returncode) == ("one\n", 0), first.stderr
    assert "Building the image of Dockerfile" in first.stderr
    assert bench.journal.count("- Build passed") == 1
    assert "Command: `docker build --file Dockerfile .`" in bench.journal
    assert "RUN echo one" in bench.run("runs", "show", bench.runs()[-1]["id"]).stdout
    # Another image for once does not cost the warmth.
    assert "Making" in bench.run("exec", "--image", IMAGE, "--", "touch", "/tmp/other").stderr
    again = bench.run("exec", "--", "true").stderr
    assert "Building" not in again
    assert "Making" not in again
    assert bench.run("exec", "--image", IMAGE, "--", "ls", "/tmp/other").returncode == 0
    bench.repo.write("Dockerfile", f"FROM {IMAGE}\nRUN echo two > /word\n")
    assert bench.run("exec", "--", "cat", "/word").stdout == "two\n"


def _without_docker(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing be on PATH but git."""
    (bench.repo.path.parent / "bin").mkdir()
    (bench.repo.path.parent / "bin/git").symlink_to(str(shutil.which("git")))
    monkeypatch.setenv("PATH", str(bench.repo.path.parent / "bin"))


def _left_of(word: str) -> list[str]:
    """Return the containers whose command has this word in it."""
    import docker

    with contextlib.closing(docker.from_env()) as client:
        return [one["Id"] for one in client.api.containers(all=True) if word in one["Command"]]


@pytest.mark.parametrize("by_command", [True, False])
def test_a_dockerfile_that_cannot_be_built_says_why(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, by_command: bool
) -> None:
    bench.configure("")
    red = "printf '\\033[31mred\\033[0m\\033]0;title\\007\\n' >&2; nonesuch-command"
    bench.repo.write("Dockerfile", f"FROM {IMAGE}\nRUN {red}\n")
    if not by_command:
        _without_docker(bench, monkeypatch)
    done = bench.run("build")
    assert done.returncode == 125
    assert "red" in done.stderr.splitlines() or "  red" in done.stderr.splitlines()
    assert "\x1b" not in done.stderr.replace("\\033", "")
    assert "\\x1b" not in done.stderr
    error = next(line for line in done.stderr.splitlines() if line.startswith("Error: "))
    assert "cannot be built" in error
    assert "127" in error
    assert _left_of("nonesuch") == []
    assert bench.journal.count("- Build failed") == 1
    assert "nonesuch-command: not found" in bench.journal
    assert [run["outcome"] for run in bench.runs()] == ["failed"]


def test_an_engine_that_dies_under_a_run_is_engine_lost(
    repo: Repo, own_engine: Callable[..., Dockerd]
) -> None:
    engine = own_engine()
    bench = Bench(repo)
    bench.set_up()
    with bench.start("exec", "--", "sh", "-c", "echo ready; sleep 4242") as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n"
        engine.kill()
        assert running.wait() == 125
    assert "Exec engine lost" in bench.journal


def test_patina_and_then_the_engine_are_killed_and_the_next_run_finds_all_in_order(
    repo: Repo, own_engine: Callable[..., Dockerd]
) -> None:
    engine = own_engine()
    bench = Bench(repo)
    bench.set_up()
    with bench.start("exec", "--", "sh", "-c", "echo ready; sleep 4242") as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n"
        running.kill()
    engine.kill()
    without = bench.run("exec", "--", "true")
    assert (without.returncode, without.stderr.count("Error: ")) == (125, 1)
    repo.patina("note", "on with it")
    assert bench.journal.count("- Exec interrupted") == 1
    engine.start()
    assert bench.run("exec", "--", "sh", "-c", "exit 3").returncode == 3
    assert bench.processes("4242") == []
    assert [run["outcome"] for run in bench.runs()][1:] == ["failed", "interrupted"]


def test_an_engine_that_does_not_see_the_tree_gets_a_copy_of_it(
    repo: Repo, own_engine: Callable[..., Dockerd], tmp_path: Path
) -> None:
    bench = Bench(repo)
    bench.set_up()
    repo.write(".gitignore", "secret\n")
    repo.write("secret", "not for the engine")
    own_engine(hidden=repo.path)
    first = bench.run("exec", "--", "sh", "-c", "cat a.txt; ls -a; echo there > made-there")
    assert first.returncode == 0, first.stderr
    assert "the tree is copied in" in first.stderr
    assert first.stdout.startswith("1")
    assert "secret" not in first.stdout.split()
    repo.write("a.txt", "changed")
    repo.write("b.txt", "new")
    (repo.path / ".gitignore").unlink()
    (repo.path / "secret").unlink()
    second = bench.run("exec", "--", "sh", "-c", "cat a.txt b.txt; ls -a")
    assert second.stdout.startswith("changednew")
    assert ".gitignore" not in second.stdout.split()
    assert not (repo.path / "made-there").exists()
    until(lambda: "the tree copied" in bench.run("workspace", "status").stdout, "the status to say so")


def test_an_engine_that_a_context_names_is_used_and_told(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    host = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    place = tmp_path / "config/contexts/meta" / hashlib.sha256(b"elsewhere").hexdigest()
    place.mkdir(parents=True)
    meta = {"Name": "elsewhere", "Metadata": {}, "Endpoints": {"docker": {"Host": host}}}
    (place / "meta.json").write_text(json.dumps(meta))
    (tmp_path / "config/config.json").write_text('{"currentContext": "elsewhere"}')
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "config"))
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    assert bench.run("exec", "--", "sh", "-c", "exit 3").returncode == 3
    assert f" at {host}" in bench.run("workspace", "status").stdout
    bench.repo.patina("clean", "--force")
    refused = bench.run("exec", "--", "true", env={"DOCKER_CONTEXT": "nonesuch"})
    assert "Error: there is no Docker context nonesuch" in refused.stderr


@pytest.fixture
def by_ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the engine be reached by ssh, whose other end is this machine: the client is a script that calls docker."""
    host = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    ssh = tmp_path / "bin/ssh"
    ssh.parent.mkdir()
    # What it is told to run is its last word: `docker system dial-stdio`.
    ssh.write_text(f'#!/bin/sh\nfor word; do :; done\nDOCKER_HOST="{host}" exec $word\n')
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{ssh.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("DOCKER_HOST", "ssh://somebody@there:2222")


@pytest.mark.usefixtures("by_ssh")
def test_an_engine_over_ssh_runs_what_is_piped_in_and_ends_what_takes_too_long(bench: Bench) -> None:
    done = bench.run("exec", "--", "sh", "-c", "wc -c; echo err >&2; exit 3", input="12345")
    assert (done.returncode, done.stdout.strip()) == (3, "5"), done.stderr
    assert "err\n" in done.stderr
    assert (
        bench.run("exec", "--timeout", "1", "--", "sh", "-c", "setsid sleep 4242 & sleep 4242").returncode
        == 124
    )
    assert bench.processes("4242") == []
    assert [run["outcome"] for run in bench.runs()[-2:]] == ["timed out", "failed"]


def test_an_engine_over_ssh_without_what_that_needs_says_so(bench: Bench, tmp_path: Path) -> None:
    bench.repo.write("../absent/paramiko.py", "raise ImportError('No module named paramiko')")
    env = {"PYTHONPATH": str(tmp_path / "absent"), "DOCKER_HOST": "ssh://somebody@there"}
    done = bench.run("exec", "--", "true", env=env)
    assert (done.returncode, done.stderr.count("Error: ")) == (125, 1)
    assert "patina-sessions[ssh]" in done.stderr
