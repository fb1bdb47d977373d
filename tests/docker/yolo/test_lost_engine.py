"""A run whose engine dies under it, at any point of its life: it ends in words, and its work comes home afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable

import docker

from tests.docker import engine
from tests.docker.engine import Dockerd
from tests.docker.yolo.conftest import Yolo
from tests.docker.yolo.seams import ENGINE, script
from tests.repository import Repo
from tests.waiting import LONG

WORK = "echo more > b.txt && git add b.txt && git commit --quiet -m 'feat: more' && echo loose > loose.txt"

# Runs the command line, and kills the engine when one function is called.
KILLS = script("""
engine, where, *words = sys.argv[1:]
owner, name, real = seam(where)
def kills(*args, **more):
    os.kill(int(engine), 9)
    return real(*args, **more)
setattr(owner, name, kills)
sys.exit(answer(words))
""")


def test_an_engine_that_dies_under_a_run_or_on_its_way_home_costs_none_of_the_work(
    repo: Repo, own_engine: Callable[..., Dockerd]
) -> None:
    one = own_engine()
    engine.give_images(one.host, git=True)
    yolo = Yolo(repo, "patina-test-git")
    yolo.set_up()
    for lose in (_alone, _with_its_containers, _before_the_bundle_comes):
        code, err = lose(yolo, one)
        run = yolo.runs()[0]["id"]
        again = f"patina yolo recover {run}"
        assert (code, f"Error: the work of {run} is not home\nHint: {again}\n" in err) == (125, True), err
        assert f"What it did is kept: {again}\n" in yolo.entry()
        assert yolo.entry().count("did not answer any more") <= 1, yolo.entry()
        refused = yolo.run("yolo", "recover", run)
        assert (refused.returncode, refused.stderr.count("Error: no Docker engine answers")) == (125, 1)
        one.start()
        assert yolo.left()["volumes"] == [f"patina-yolo-{run}"]
        done = yolo.run("yolo", "recover", run)
        assert done.returncode == 0, done.stderr
        assert repo.git("log", "--format=%s", f"HEAD..yolo/{run}").splitlines() == [
            "What was not committed when the run ended",
            "feat: more",
        ]
        assert yolo.left() == {}


def _alone(yolo: Yolo, one: Dockerd) -> tuple[int, str]:
    """Lose the engine; what runs in the container runs on."""
    with yolo.start("yolo", "run", *yolo.words(f"{WORK}; echo ready; exec sleep 4242")) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n"
        one.kill()
        _, err = running.communicate(timeout=LONG)
    assert "YOLO run engine lost" in yolo.entry()
    assert "its program may run on" in yolo.entry()
    return running.returncode, err.decode()


def _with_its_containers(yolo: Yolo, one: Dockerd) -> tuple[int, str]:
    """Lose all that runs, as when a machine dies."""
    with yolo.start("yolo", "run", *yolo.words(f"{WORK}; echo ready; exec sleep 4242")) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n"
        client = docker.from_env()
        (name,) = yolo.left()["containers"]
        main = client.api.inspect_container(name.removeprefix("/"))["State"]["Pid"]
        client.close()
        one.kill()
        for process in (*engine._of(one.path.parent), main):
            os.kill(process, signal.SIGKILL)
        _, err = running.communicate(timeout=LONG)
    assert "YOLO run engine lost" in yolo.entry()
    return running.returncode, err.decode()


def _before_the_bundle_comes(yolo: Yolo, one: Dockerd) -> tuple[int, str]:
    """Lose the engine once the program has ended and its work is packed."""
    where = f"{ENGINE}read_out"
    argv = [sys.executable, "-P", "-c", KILLS, str(one.process.pid), where, "yolo", "run", *yolo.words(WORK)]
    done = subprocess.run(
        argv, cwd=yolo.repo.path, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=LONG
    )
    one.process.wait(timeout=LONG)
    assert "YOLO run passed" in yolo.entry()  # its program has, and its code was 0
    return done.returncode, done.stderr
