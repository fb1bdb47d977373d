"""A run that goes on by itself: the command is back once the program runs, and another process sees it to its end."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import subprocess
from pathlib import Path

import docker
import pytest

from tests.cli.test_json import check
from tests.docker.yolo.conftest import Yolo, said
from tests.waiting import until

COMMIT = "echo more > b.txt && git add b.txt && git commit --quiet -m 'feat: more'"


# It commits, and then waits until the test lets it go on.
WAITS = f"{COMMIT}; touch /tmp/ready; echo ready; while [ ! -e /tmp/go ]; do sleep 0.1; done; echo over"


def _inside(run: str, *argv: str) -> bool:
    client = docker.from_env()
    try:
        made = client.api.exec_create(f"patina-yolo-{run}", list(argv))
        client.api.exec_start(made["Id"])
        return bool(client.api.exec_inspect(made["Id"])["ExitCode"] == 0)
    finally:
        client.close()


def _let_go(run: str) -> None:
    """Let the program go on, once it has committed."""
    _ready(run)
    assert _inside(run, "touch", "/tmp/go")


def _ready(run: str) -> None:
    until(lambda: _inside(run, "test", "-e", "/tmp/ready"), "the program to have committed")


def _state(yolo: Yolo) -> str:
    return str(said(yolo.run("yolo", "list", "--json"))["runs"][0]["state"])


def test_a_detached_run_gives_its_id_at_once_and_its_work_comes_home_by_itself(yolo: Yolo) -> None:
    begun = yolo.run("yolo", "run", "--detach", *yolo.words(WAITS))
    assert begun.returncode == 0, begun.stderr
    run = begun.stdout.strip()
    assert f"patina yolo logs -f {run}" in begun.stderr
    assert _state(yolo) == "running"
    assert yolo.branches() == []
    with yolo.start("yolo", "logs", "-f", run) as following:
        _let_go(run)
        assert following.stdout is not None
        assert following.stdout.read() == b"ready\nover\n"
    assert _state(yolo) == "passed"
    assert yolo.branch() == f"yolo/{run}"
    assert yolo.repo.git("log", "-1", "--format=%s", yolo.branch()) == "feat: more"
    assert f"Branch: yolo/{run}" in yolo.entry()
    assert yolo.journal.count("- YOLO run passed") == 1
    assert f"YOLO run {run}: passed" in yolo.run("yolo", "show", run).stdout
    assert yolo.left() == {}


def test_stop_ends_a_detached_run_and_its_json_names_it(yolo: Yolo) -> None:
    words = yolo.words(WAITS, "--name", "slow")
    begun = check(yolo.run("yolo", "run", "--detach", "--json", *words).stdout)
    assert begun["name"] == "slow"
    _ready(begun["id"])
    assert yolo.run("yolo", "stop", begun["id"]).returncode == 0
    until(lambda: _state(yolo) == "interrupted", "the run to be over")
    assert yolo.branch() == f"yolo/{begun['id']}"
    assert yolo.left() == {}
    assert yolo.run("yolo", "show", "slow").stdout.startswith(
        f"YOLO run {begun['id']}: "
    )  # a name outlives its run


@pytest.mark.parametrize("as_json", [False, True])
def test_a_detached_run_that_does_not_start_is_an_error_as_any_other(yolo: Yolo, as_json: bool) -> None:
    more = ["--json"] if as_json else []
    for wrong in (["--image", "nobody/has-it:3"], ["--from", "nonesuch"], ["--env", "NOT_SET_ANYWHERE"]):
        plain = yolo.go("true", *wrong, *more)
        done = yolo.go("true", "--detach", *wrong, *more)
        assert (done.returncode, done.stdout, done.stderr) == (125, plain.stdout, plain.stderr)
    assert yolo.left() == {}


def test_neither_ctrl_c_nor_a_closed_terminal_touches_a_detached_run(yolo: Yolo) -> None:
    master, slave = pty.openpty()
    argv = yolo.argv("yolo", "run", "--detach", *yolo.words(WAITS))

    shell = subprocess.Popen(
        ["setsid", "--ctty", "sh", "-c", 'trap "" INT; "$@"; echo done; exec sleep 4242', "sh", *argv],
        cwd=yolo.repo.path,
        stdin=slave,
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    shown = b""
    while b"done" not in shown:
        shown += os.read(master, 4096)
    run = shown.split()[0].decode()
    os.write(master, b"\x03")
    os.close(master)  # the terminal hangs up, and the shell's family with it
    shell.wait()
    assert _state(yolo) == "running"
    _let_go(run)
    until(lambda: _state(yolo) == "passed", "the run to be over")
    assert yolo.branch() == f"yolo/{run}"


def test_a_hang_up_that_is_sent_to_who_watches_ends_nothing(yolo: Yolo) -> None:
    run = yolo.run("yolo", "run", "--detach", *yolo.words(WAITS)).stdout.strip()
    os.kill(_watcher(yolo, run), signal.SIGHUP)
    _let_go(run)
    until(lambda: _state(yolo) == "passed", "the run to be over")


def test_a_detached_run_holds_nothing_of_the_shell_that_began_it(yolo: Yolo, tmp_path: Path) -> None:
    argv = yolo.argv("yolo", "run", "--detach", *yolo.words(WAITS))
    with open(tmp_path / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        begun = subprocess.run(
            argv, cwd=yolo.repo.path, capture_output=True, text=True, pass_fds=(lock.fileno(),)
        )
    with open(tmp_path / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises where it is held still
    run = begun.stdout.strip()
    assert _state(yolo) == "running"
    _let_go(run)
    until(lambda: _state(yolo) == "passed", "the run to be over")


def test_a_killed_watcher_of_a_detached_run_loses_nothing(yolo: Yolo) -> None:
    run = yolo.run("yolo", "run", "--detach", *yolo.words(WAITS)).stdout.strip()
    _ready(run)
    os.kill(_watcher(yolo, run), signal.SIGKILL)
    until(lambda: _state(yolo) == "its work waits", "the kill to be seen")
    assert yolo.run("yolo", "recover", run).returncode == 0
    assert yolo.branch() == f"yolo/{run}"


def _watcher(yolo: Yolo, run: str) -> int:
    (ticket,) = (yolo.repo.path / ".git/patina").rglob(f"{run}.yolo")
    return int(json.loads(ticket.read_text())["pid"])
