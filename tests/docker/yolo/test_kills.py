"""A run whose patina is killed, at every edge of its life and at random: its work comes home, and is told once."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import time

import docker
import pytest

from tests.docker.yolo.conftest import Yolo, said
from tests.docker.yolo.seams import ENGINE, RUNS, script
from tests.waiting import until

SEED = int(os.environ.get("PATINA_KILLS_SEED") or random.randrange(10**6))

# It commits, leaves a file that is not committed, and goes on for a moment.
WORK = (
    "echo more > b.txt && git add b.txt && git commit --quiet -m 'feat: more' && echo loose > loose.txt;"
    " echo made; sleep 0.5"
)

# Runs the command line, and dies at a call of one function, as by kill -9: before it does anything, or after all of it.
DIES = script("""
where, when, *words = sys.argv[1:]
owner, name, real = seam(where)
def dies(*args, **more):
    if when == "after":
        real(*args, **more)
    os._exit(137)
setattr(owner, name, dies)
answer(words)
""")

BEFORE_IT_BEGAN = [
    (f"{RUNS}ticket:write", "after"),
    (f"{ENGINE}make_volume", "after"),
    (f"{ENGINE}put", "after"),
]
WITH_WORK = [
    (f"{ENGINE}start", "after"),
    (f"{RUNS}stage:_judged", "before"),
    (f"{RUNS}harvest:pack", "after"),
    ("patina_sessions.system.quarantine:Quarantine.take", "after"),
    (f"{RUNS}delivery:deliver", "after"),
    ("patina_sessions.runs.living:Alive.finish", "before"),
    ("patina_sessions.runs.living:Alive.finish", "after"),
    (f"{ENGINE}remove_volume", "after"),
    (f"{RUNS}ticket:remove", "before"),
    (f"{RUNS}ticket:remove", "after"),
]
WHILE_RECOVERED = [
    (f"{RUNS}delivery:deliver", "after"),
    ("patina_sessions.recorder.drain:Recording.take", "after"),
    (f"{RUNS}ticket:remove", "before"),
    (f"{RUNS}ticket:remove", "after"),
]


def _died(yolo: Yolo, where: str, when: str, *words: str) -> None:
    argv = [sys.executable, "-P", "-c", DIES, where, when, *words]
    done = subprocess.run(argv, cwd=yolo.repo.path, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 137, done.stderr


def _begun(yolo: Yolo, run: str) -> bool:
    """Let the program of a run come to its end, where it has begun; return whether there is one."""
    client = docker.from_env()
    try:
        state = client.api.inspect_container(f"patina-yolo-{run}")["State"]["Status"]
        until(
            lambda: client.api.inspect_container(f"patina-yolo-{run}")["State"]["Status"] != "running",
            "the program to end",
        )
    except docker.errors.NotFound:
        return False
    finally:
        client.close()
    return bool(state != "created")


def _rows(yolo: Yolo) -> dict[str, str]:
    return {row["id"]: row["state"] for row in said(yolo.run("yolo", "list", "--json"))["runs"]}


def _at_home(yolo: Yolo, run: str) -> None:
    """Hold that all that the program made came, and that the journal says so once."""
    assert yolo.repo.git("log", "-2", "--format=%s", f"yolo/{run}").splitlines() == [
        "What was not committed when the run ended",
        "feat: more",
    ]
    assert yolo.repo.git("show", f"yolo/{run}:loose.txt") == "loose"
    assert yolo.journal.count(f"Branch: yolo/{run} at ") == 1, yolo.journal


def _nothing_is_left(yolo: Yolo) -> None:
    assert "running" not in _rows(yolo).values()
    assert "recover" not in yolo.run("session", "status").stderr
    assert yolo.run("clean", "--force").returncode == 0
    assert yolo.left() == {}
    assert list((yolo.repo.path / ".git/patina").rglob("*.yolo")) == []


@pytest.mark.parametrize(("where", "when"), BEFORE_IT_BEGAN)
def test_a_kill_before_the_program_begins_leaves_nothing_and_says_so(
    yolo: Yolo, where: str, when: str
) -> None:
    _died(yolo, where, when, "yolo", "run", *yolo.words(WORK))
    ((run, state),) = _rows(yolo).items()
    assert state == "interrupted"
    assert "yolo recover" not in yolo.journal
    done = yolo.run("yolo", "recover", run)
    assert (done.returncode, "nothing to bring home" in done.stderr) == (0, True)
    assert yolo.branches() == []
    _nothing_is_left(yolo)


@pytest.mark.parametrize(("where", "when"), WITH_WORK)
def test_a_kill_from_the_program_s_start_on_loses_nothing_and_its_end_is_told_once(
    yolo: Yolo, where: str, when: str
) -> None:
    _died(yolo, where, when, "yolo", "run", *yolo.words(WORK))
    ((run, state),) = _rows(yolo).items()
    _begun(yolo, run)
    waits = state == "its work waits"
    assert waits or state == "passed", state
    assert (f"patina yolo recover {run}" in yolo.journal) == waits
    done = yolo.run("yolo", "recover", run)
    assert done.returncode == 0 or (not waits and "no work of a run" in done.stderr), done.stderr
    _at_home(yolo, run)
    assert len(re.findall("(?m)^### .* - YOLO run ", yolo.journal)) == 1 + waits, yolo.journal
    _nothing_is_left(yolo)


@pytest.mark.parametrize(("where", "when"), WHILE_RECOVERED)
def test_a_kill_of_recover_loses_nothing_and_the_end_is_told_once(yolo: Yolo, where: str, when: str) -> None:
    _died(yolo, f"{ENGINE}start", "after", "yolo", "run", *yolo.words(WORK))
    ((run, state),) = _rows(yolo).items()
    assert state == "its work waits"
    _begun(yolo, run)
    _died(yolo, where, when, "yolo", "recover", run)
    done = yolo.run("yolo", "recover", run)
    assert done.returncode == 0 or "no work of a run" in done.stderr, done.stderr
    _at_home(yolo, run)
    assert "Brought home by patina yolo recover" in yolo.entry()
    _nothing_is_left(yolo)


@pytest.mark.parametrize("part", [0, 1])
def test_a_kill_at_any_instant_loses_nothing(yolo: Yolo, part: int) -> None:
    chance = random.Random(SEED + part)
    known: set[str] = set()
    for _ in range(3):
        after = chance.uniform(0.3, 3.5)
        at = f"PATINA_KILLS_SEED={SEED}, part {part}, killed after {after:.3f} s"
        print(at)
        with yolo.start("yolo", "run", *yolo.words(WORK)) as running:
            time.sleep(after)
            running.kill()
            assert running.stdout is not None
            made = b"made" in running.stdout.read()
        rows = _rows(yolo)
        fresh = set(rows) - known
        known |= fresh
        assert "running" not in rows.values(), at
        for run in fresh:
            made = _begun(yolo, run) or made
            done = yolo.run("yolo", "recover", run)
            assert done.returncode == 0 or "no work of a run" in done.stderr, f"{at}: {done.stderr}"
            if made:
                _at_home(yolo, run)
            else:
                assert f"yolo/{run}" not in yolo.branches(), at
        assert fresh or not made, at
    _nothing_is_left(yolo)
