"""Promise 2: what a session's commits are is told alike by the journal, `status`, `update`, `end` and `explain`.

Work counts once, as what stands of it, whatever git did to it meanwhile; and alike with hooks and without them, where
there is no map of git's and the reflog has to say it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from tests.repository import Repo
from tests.shapes import needs
from tests.waiting import quiet

ACTIVE = ".patina/local/active-session.md"
EDITOR = {"GIT_EDITOR": "sh -c 'echo reworded > \"$1\"' -"}


def planned(repo: Repo, script: str) -> None:
    repo.git(
        "rebase", "--quiet", "-i", "main", env={**EDITOR, "GIT_SEQUENCE_EDITOR": f"sed -i -e '{script}'"}
    )


def plain(repo: Repo) -> None:
    repo.git("rebase", "--quiet", "main")


def amended(repo: Repo) -> None:
    repo.git("commit", "--quiet", "--amend", "-m", "feat: part 2, better")


def amended_and_taken_back(repo: Repo) -> None:
    repo.git("commit", "--quiet", "--amend", "-m", "feat: part 2, worse")
    repo.git("reset", "--quiet", "--hard", "HEAD@{1}")


def onto(repo: Repo) -> None:
    repo.git("rebase", "--quiet", "--onto", "main", "topic~2")


def with_a_conflict(repo: Repo) -> None:
    repo.git("rebase", "--quiet", "clash", check=False)
    repo.write("part1.txt", "both\n")
    repo.git("add", "part1.txt")
    repo.git("rebase", "--continue", env={"GIT_EDITOR": "true"})


def pulled(repo: Repo) -> None:
    repo.git("pull", "--quiet", "--rebase", ".", "main")


def emptied(repo: Repo) -> None:
    repo.git("cherry-pick", "taken", check=False)
    repo.git("rebase", "--quiet", "--empty=drop", "taken")


def picked(repo: Repo) -> None:
    repo.git("switch", "--quiet", "-c", "other", "main")
    repo.git("cherry-pick", "topic")


def detached(repo: Repo) -> None:
    repo.git("checkout", "--quiet", "--detach")
    repo.git("branch", "--quiet", "-D", "topic")
    repo.git("rebase", "--quiet", "main")


def copied(repo: Repo) -> None:
    repo.git("branch", "before")
    repo.git("rebase", "--quiet", "main")


def reset(repo: Repo) -> None:
    repo.git("reset", "--quiet", "--hard", "HEAD~1")


def squashed_by_hand(repo: Repo) -> None:
    repo.git("reset", "--quiet", "--soft", "main~1")
    repo.git("commit", "--quiet", "-m", "feat: all of it")


def filtered(repo: Repo) -> None:
    repo.commit("an empty one")
    repo.git(
        "filter-branch",
        "-f",
        "--prune-empty",
        "--",
        "main..topic",
        env={"FILTER_BRANCH_SQUELCH_WARNING": "1"},
    )


def twice(repo: Repo) -> None:
    planned(repo, "2s/pick/fixup/")
    repo.git("rebase", "--quiet", "clash~1")


WAYS: list[tuple[Callable[[Repo], object], int]] = [
    (plain, 3),
    (lambda r: planned(r, "2s/pick/squash/;3s/pick/fixup/"), 1),
    (lambda r: planned(r, "2s/pick/drop/"), 2),
    (lambda r: planned(r, "1s/pick/reword/;2{h;d};3{G}"), 3),
    (amended, 3),
    (amended_and_taken_back, 3),
    (onto, 2),
    (with_a_conflict, 3),
    (pulled, 3),
    (emptied, 2),
    (picked, 4),
    (detached, 3),
    (copied, 3),
    (reset, 2),
    (squashed_by_hand, 1),
    (filtered, 3),
    (twice, 2),
]
NAMES = (
    "plain squash-and-fixup drop reword-and-reorder amend amend-and-back onto conflict pull empty cherry-pick detached copy "
    "reset squash-by-hand filter twice"
).split()


@pytest.mark.parametrize("hooks", [True, False], ids=["hooks", "reflog"])
@pytest.mark.parametrize(("way", "count"), WAYS, ids=NAMES)
def test_journal_status_update_end_and_explain_agree(
    repo: Repo, way: Callable[[Repo], object], count: int, hooks: bool
) -> None:
    if way is filtered:
        needs("filter-branch")
    repo.commit("before", before="1\n")
    repo.git("switch", "--quiet", "-c", "taken")
    repo.commit("feat: part 0", {"part0.txt": "0\n"})
    # Made in the same second it would be the same commit as the one on `topic`, and kept by this branch.
    repo.git("commit", "--quiet", "--amend", "--no-edit", "--date=@1700000000 +0000")
    repo.git("switch", "--quiet", "-c", "clash", "main")
    repo.commit("meanwhile, too", {"clash.txt": "1\n"})
    repo.commit("in the way", {"part1.txt": "theirs\n"})
    repo.git("switch", "--quiet", "main")
    repo.commit("meanwhile", meanwhile="1\n")
    repo.git("branch", "--quiet", "start", "main~1")
    repo.git("switch", "--quiet", "start")
    repo.patina("init")
    if not hooks:
        for hook in (repo.path / ".git" / "hooks").iterdir():
            hook.unlink()
    repo.patina("session", "start", "the work")
    repo.git("switch", "--quiet", "-c", "topic")
    for n in range(3):
        repo.commit(f"feat: part {n}", {f"part{n}.txt": f"{n}\n"})
    old = repo.git("rev-parse", "HEAD")
    quiet(repo)
    repo.patina("record")
    way(repo)
    quiet(repo)

    said = json.loads(repo.patina("session", "status", "--json").stdout)
    assert said["session"]["commits"] == count
    repo.patina("session", "update", "--work", "done")
    journal = (repo.path / ACTIVE).read_text()
    assert f"- Commits this session: {count}\n" in journal
    made = repo.git(
        "rev-list", "--grep=meanwhile", "--invert-grep", "HEAD", "--not", "main", "clash", "taken"
    )
    ended = json.loads(repo.patina("session", "end", "--json").stdout)
    assert ended["commits"] == count
    # What was thrown away is nobody's work any more.
    for commit in {*made.split(), *(() if way is reset else (old,))}:
        told = json.loads(repo.patina("explain", commit, "--json").stdout)
        assert re.search(r"\d{8}-\d{6}", json.dumps(told)), commit
