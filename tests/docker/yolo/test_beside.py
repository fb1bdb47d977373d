"""Autonomous runs and a person at work in one repository at the same time: nothing is mixed up."""

from __future__ import annotations

import json
import re
import subprocess
import sys

from tests.docker.yolo.conftest import Yolo, said
from tests.docker.yolo.seams import ENGINE, RUNS, script
from tests.waiting import until

# Runs the command line; before and after each call of these functions, another does what it does with runs that nobody
# watches over, as when it begins one of its own.
MEANWHILE = script("""
from patina_sessions.cli.where import place
from patina_sessions.runs import cleaning
from patina_sessions.runs.yolo import orphans, ticket
from patina_sessions.system import docker

points, *words = sys.argv[1:]
looks, layout, connect = [], place().layout, docker.connect
def another():
    there = bool(ticket.tickets(layout))
    with connect() as engine:
        orphans.end(engine, layout)
        made = [thing for thing in cleaning.everything(engine) if thing.worktree == layout.key]
        looks.append(len(made))
        for thing in made:
            if not cleaning.holds_work(layout, thing):
                cleaning.remove(engine, thing)
    assert not there or ticket.tickets(layout), "its ticket was taken away"
def beside(where):
    owner, name, real = seam(where)
    def called(*args, **more):
        another()
        found = real(*args, **more)
        another()
        return found
    setattr(owner, name, called)
for where in points.split():
    beside(where)
try:
    answer(words)
finally:
    print(looks, file=sys.stderr)
""")
POINTS = [
    f"{RUNS}ticket:write",
    f"{RUNS}clone:make",
    f"{ENGINE}make_volume",
    f"{ENGINE}create",
    f"{ENGINE}put",
    f"{ENGINE}start",
    f"{RUNS}harvest:pack",
    f"{RUNS}delivery:deliver",
    f"{RUNS}homecoming:settle",
]


def _work(name: str) -> str:
    """Return a program that makes three commits with a moment between, and leaves a file uncommitted."""
    one = f"echo {name}$n > {name}$n.txt; git add {name}$n.txt; git commit --quiet -m '{name} '$n"
    return f"for n in 1 2 3; do {one}; echo made; sleep 0.5; done; echo {name} > {name}-loose.txt"


def test_two_runs_and_a_person_s_commits_at_the_same_time_are_not_mixed_up(yolo: Yolo) -> None:
    repo = yolo.repo
    start = repo.git("rev-parse", "HEAD")
    mine: list[str] = []
    repo.write("a.txt", "touched\n")
    repo.write("staged.txt", "staged\n")
    repo.git("add", "staged.txt")
    with (
        yolo.start("yolo", "run", *yolo.words(_work("left"), "--name", "left")) as left,
        yolo.start("yolo", "run", *yolo.words(_work("right"), "--name", "right")) as right,
    ):
        until(lambda: len(said(yolo.run("yolo", "list", "--json"))["runs"]) == 2, "both to have begun")
        while left.poll() is None or right.poll() is None or len(mine) < 3:
            number = len(mine)
            repo.write(f"mine{number}.txt", "1\n")
            repo.git("add", f"mine{number}.txt")
            repo.git("commit", "--quiet", "-m", f"mine {number}", "--", f"mine{number}.txt")
            mine.append(repo.git("rev-parse", "HEAD"))
        assert (left.wait(), right.wait()) == (0, 0)

    # The person's branch, index and working tree are the person's alone.
    assert repo.git("rev-list", "--reverse", f"{start}..HEAD").split() == mine
    assert repo.git("status", "--porcelain").splitlines() == [" M a.txt", "A  staged.txt"]
    assert not list(repo.path.glob("left*")) + list(repo.path.glob("right*"))

    # Each branch has its run's commits on top of a commit of the person's, and nothing else.
    runs = said(yolo.run("yolo", "list", "--json"))["runs"]
    assert sorted("left" if "left" in run["command"] else "right" for run in runs) == ["left", "right"]
    assert len(yolo.branches()) == 2
    for run in runs:
        name = "left" if "left" in run["command"] else "right"
        (branch,) = run["branches"]
        base = repo.git("merge-base", "HEAD", branch)
        assert base in (start, *mine)
        assert repo.git("log", "--reverse", "--format=%s", f"{base}..{branch}").splitlines() == [
            *(f"{name} {n}" for n in (1, 2, 3)),
            "What was not committed when the run ended",
        ]
        changed = repo.git("diff", "--name-only", base, branch).split()
        assert changed == [f"{name}-loose.txt", *(f"{name}{n}.txt" for n in (1, 2, 3))]

        # Its entry tells of it and of nothing of the other's.
        (entry,) = (e for e in re.split("(?m)^### ", yolo.journal) if f"Branch: {branch} at " in e)
        other = {"left": "right", "right": "left"}[name]
        assert "YOLO run passed" in entry.splitlines()[0]
        assert re.search(rf"Commit [0-9a-f]+: {name} 3", entry)
        assert other not in entry

    # The person's commits stand in the journal once each, and no commit of a run as one of theirs.
    yolo.run("session", "status")
    for number, commit in enumerate(mine):
        assert yolo.journal.count(f"Commit {commit[:10]}: mine {number} <!--") == 1
    assert len(re.findall(r"(?m)^### .* - Commit [0-9a-f]+: (left|right) ", yolo.journal)) == 0
    assert yolo.left() == {}


def test_at_no_point_of_its_life_is_a_run_taken_for_one_that_nobody_watches_over(yolo: Yolo) -> None:
    start = yolo.repo.git("rev-parse", "HEAD")
    words = ["yolo", "run", *yolo.words("echo 1 > more.txt; git add more.txt; git commit --quiet -m more")]
    done = subprocess.run(
        [sys.executable, "-P", "-c", MEANWHILE, " ".join(POINTS), *words],
        cwd=yolo.repo.path,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    assert yolo.repo.git("log", "--format=%s", f"{start}..{yolo.branch()}") == "more"
    looks = json.loads(done.stderr.splitlines()[-1])
    assert len(looks) > 2 * len(POINTS)
    assert max(looks) >= 2  # it saw a volume and a container, and left them


# Recovers, when another has brought the same work home between the look for it and its turn.
SECOND = script("""
import subprocess
owner, name, real = seam("patina_sessions.runs.yolo.recovery:recover")
def second(*args, **more):
    subprocess.run([sys.executable, "-P", "-m", "patina_sessions", *sys.argv[1:]], check=True)
    return real(*args, **more)
setattr(owner, name, second)
answer(sys.argv[1:])
""")


def test_work_that_another_has_brought_home_meanwhile_is_not_looked_for_once_more(yolo: Yolo) -> None:
    dies = script("""
import os
owner, name, real = seam("patina_sessions.runs.yolo.harvest:pack")
setattr(owner, name, lambda *args, **more: os._exit(137))
answer(sys.argv[1:])
""")
    run = ["yolo", "run", *yolo.words("echo 1 > more.txt")]
    subprocess.run([sys.executable, "-P", "-c", dies, *run], cwd=yolo.repo.path, stdin=subprocess.DEVNULL)
    state = yolo.repo.path / ".git/patina"
    assert yolo.run("yolo", "recover", "last", "--max-size", "1").returncode == 125
    # Its lock is there as long as there is something to recover: who waits for it waits for the same file.
    assert len(list(state.rglob("*.recovering"))) == 1
    done = subprocess.run(
        [sys.executable, "-P", "-c", SECOND, "yolo", "recover", "last"],
        cwd=yolo.repo.path,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert "no work of a run" in done.stderr, done.stderr
    assert yolo.repo.git("show", f"{yolo.branch()}:more.txt") == "1"
    assert list(state.rglob("*.yolo")) + list(state.rglob("*.recovering")) == []
    assert yolo.left() == {}
