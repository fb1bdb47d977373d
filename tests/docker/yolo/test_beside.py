"""Autonomous runs and a person at work in one repository at the same time: nothing is mixed up."""

from __future__ import annotations

import re

from tests.docker.yolo.conftest import Yolo, said
from tests.waiting import until


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
