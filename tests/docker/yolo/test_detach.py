"""A run that goes on by itself: the command is back once the program runs, and another process sees it to its end."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_json import check
from tests.docker.yolo.conftest import Yolo, said
from tests.docker.yolo.seams import ENGINE, RUNS, script
from tests.waiting import until

COMMIT = "echo more > b.txt && git add b.txt && git commit --quiet -m 'feat: more'"


# It commits, and then waits until the test lets it go on.
WAITS = f"{COMMIT}; touch /tmp/ready; echo ready; while [ ! -e /tmp/go ]; do sleep 0.1; done; echo over"

# Runs the command line; after the first call of one function whoever waits for the run gets a Ctrl-C.
INTERRUPTS = script("""
where, *words = sys.argv[1:]
owner, name, real = seam(where)
caller = os.getpid()
def interrupts(*args, **more):
    setattr(owner, name, real)
    made = real(*args, **more)
    if name != "fork" or os.getpid() == caller:
        os.kill(caller, signal.SIGINT)
    if name != "fork" or os.getpid() != caller:
        time.sleep(0.5)  # until it was handed on
    return made
setattr(owner, name, interrupts)
sys.exit(answer(words))
""")
STARTS = [
    "os:fork",
    f"{RUNS}ticket:write",
    f"{ENGINE}put",
    f"{ENGINE}attach",
    f"{ENGINE}start",
]


def _let_go(yolo: Yolo) -> None:
    """Let the program go on, once it has committed."""
    _ready(yolo)
    assert yolo.inside("touch", "/tmp/go")


def _ready(yolo: Yolo) -> None:
    until(lambda: yolo.inside("test", "-e", "/tmp/ready"), "the program to have committed")


def _state(yolo: Yolo) -> str:
    return str(said(yolo.run("yolo", "list", "--json"))["runs"][0]["state"])


def test_a_detached_run_gives_its_id_at_once_and_its_work_comes_home_by_itself(yolo: Yolo) -> None:
    secret = "ghp_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
    # What looks like a secret comes in two pieces, and the last line has no end.
    script = WAITS.replace("echo ready", f"printf 'ready\\n{secret[:20]}'")
    script = script.replace("echo over", f"printf '{secret[20:]} over'")
    begun = yolo.run("yolo", "run", "--detach", *yolo.words(script))
    assert begun.returncode == 0, begun.stderr
    run = begun.stdout.strip()
    assert f"patina yolo logs -f {run}" in begun.stderr
    assert _state(yolo) == "running"
    assert yolo.branches() == []
    with yolo.start("yolo", "logs", "-f", run) as following:
        _let_go(yolo)
        assert following.stdout is not None
        assert following.stdout.read() == b"ready\n[redacted:github-token] over\n"
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
    _ready(yolo)
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


def test_a_detached_run_whose_program_cannot_be_found_is_an_error_and_one_in_the_clone_is_found(
    yolo: Yolo,
) -> None:
    image = ["--image", yolo.image] if yolo.image else []
    done = yolo.run("yolo", "run", "--detach", *image, "--env", "HOME", "--", "nonesuch", "word")
    assert (done.returncode, done.stdout) == (127, ""), done.stderr
    run = yolo.runs()[0]["id"]
    assert f"Error: the program of {run} did not begin: command not found\nHint: Is it in" in done.stderr
    assert yolo.entry().startswith("- YOLO run failed")
    without = yolo.run("yolo", "run", "--detach", "--image", "patina-test-hello", "--", "/nonesuch")
    assert (without.returncode, without.stdout) == (127, ""), without.stderr
    assert "did not begin: command not found\nHint: Is it in" in without.stderr
    yolo.repo.write("go.sh", "#!/bin/sh\nexit 3\n").chmod(0o755)
    yolo.repo.git("add", "go.sh")
    yolo.repo.git("commit", "--quiet", "-m", "a program")
    begun = yolo.run("yolo", "run", "--detach", *image, "--", "./go.sh")
    assert (begun.returncode, begun.stdout.strip()) == (0, yolo.runs()[0]["id"]), begun.stderr
    until(lambda: _state(yolo) == "failed", "the run to be over")
    assert yolo.left() == {}


def test_a_ctrl_c_while_a_detached_run_starts_leaves_nothing_of_it(yolo: Yolo) -> None:
    for where in STARTS:
        argv = [sys.executable, "-P", "-c", INTERRUPTS, where, "yolo", "run", "--detach", *yolo.words(WAITS)]
        done = subprocess.run(
            argv, cwd=yolo.repo.path, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
        # What the program said by then is shown, but no id.
        shown = done.stdout.replace("ready\n", "")
        assert (done.returncode, shown) == (130, ""), f"{where}: {done.stdout}{done.stderr}"
        assert yolo.left() == {}, where
        rows = said(yolo.run("yolo", "list", "--json"))["runs"]
        assert {(row["state"], row["recover"]) for row in rows} <= {("interrupted", None)}, where
    # Before it was told that it begins it is none; from the program's start on it has an end as any other.
    assert yolo.journal.count("- YOLO run interrupted") == 3
    assert yolo.journal.count("Its program had not begun: there is nothing to bring home") == 2
    assert yolo.run("clean", "--force").returncode == 0
    assert list((yolo.repo.path / ".git/patina").rglob("*.yolo")) == []


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
    _let_go(yolo)
    until(lambda: _state(yolo) == "passed", "the run to be over")
    assert yolo.branch() == f"yolo/{run}"


def test_a_hang_up_that_is_sent_to_who_watches_ends_nothing(yolo: Yolo) -> None:
    run = yolo.run("yolo", "run", "--detach", *yolo.words(WAITS)).stdout.strip()
    os.kill(_watcher(yolo, run), signal.SIGHUP)
    _let_go(yolo)
    until(lambda: _state(yolo) == "passed", "the run to be over")


def test_a_detached_run_holds_nothing_of_the_shell_that_began_it(yolo: Yolo, tmp_path: Path) -> None:
    argv = yolo.argv("yolo", "run", "--detach", *yolo.words(WAITS))
    with open(tmp_path / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(argv, cwd=yolo.repo.path, capture_output=True, text=True, pass_fds=(lock.fileno(),))
    with open(tmp_path / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises where it is held still
    assert _state(yolo) == "running"
    _let_go(yolo)
    until(lambda: _state(yolo) == "passed", "the run to be over")


def test_a_killed_watcher_of_a_detached_run_loses_nothing(yolo: Yolo) -> None:
    run = yolo.run("yolo", "run", "--detach", *yolo.words(WAITS)).stdout.strip()
    _ready(yolo)
    os.kill(_watcher(yolo, run), signal.SIGKILL)
    until(lambda: _state(yolo) == "its work waits", "the kill to be seen")
    assert yolo.run("yolo", "recover", run).returncode == 0
    assert yolo.branch() == f"yolo/{run}"


def _watcher(yolo: Yolo, run: str) -> int:
    (ticket,) = (yolo.repo.path / ".git/patina").rglob(f"{run}.yolo")
    return int(json.loads(ticket.read_text())["pid"])
