"""Promise 2: every commit made in an active session is in its journal exactly once, unless a person took it out.

Real git, hooks really installed, the recorder in its own process.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.repository import Repo
from tests.waiting import events, quiet, until

ACTIVE = ".patina/local/active-session.md"


@pytest.fixture
def working(repo: Repo) -> Repo:
    """Return a repository with a commit, Patina and an active session."""
    repo.commit("first", readme="hello\n")
    repo.patina("init")
    repo.patina("session", "start", "the work")
    return repo


def journal(repo: Repo) -> str:
    return (repo.path / ACTIVE).read_text()


def headings(repo: Repo) -> list[str]:
    found = re.findall(r"^### (?:\S+ )?\d\d:\d\d - (.*?)(?: <!-- \d+ -->)?$", journal(repo), re.MULTILINE)
    return [heading for heading in found if heading != "Session Start"]


def times(repo: Repo, commit: str) -> int:
    """Return how many headings name the commit as made."""
    return sum(
        bool(re.match(rf"[A-Z][a-z-]+(?: applied)? (?:\w+ → )?{commit[:10]}: ", h)) for h in headings(repo)
    )


def test_a_commit_records_itself(working: Repo) -> None:
    made = working.commit("feat: add the parser", parser="x\n")
    quiet(working)
    assert headings(working) == [f"Commit {made[:10]}: feat: add the parser"]


def test_an_amend_is_its_own_entry_and_says_what_it_replaced(working: Repo) -> None:
    old = working.commit("feat: half", a="1\n")
    working.git("commit", "--quiet", "--amend", "-m", "feat: whole")
    new = working.git("rev-parse", "HEAD")
    quiet(working)
    assert headings(working) == [
        f"Commit {old[:10]}: feat: half",
        f"Amend {old[:10]} → {new[:10]}: feat: whole",
    ]


def test_an_interactive_rebase_is_one_entry_whatever_it_does(working: Repo) -> None:
    for name in "abcdef":
        working.commit(f"add {name}", **{name: f"{name}\n"})
    quiet(working)
    before = headings(working)
    todo = "sed -i -e '2s/pick/squash/' -e '3s/pick/fixup/' -e '4{h;d}' -e '5{G}' -e '6s/pick/drop/'"
    working.git("rebase", "--quiet", "-i", "HEAD~6", env={"GIT_SEQUENCE_EDITOR": todo, "GIT_EDITOR": "true"})
    quiet(working)
    after = headings(working)[len(before) :]
    assert len(after) == 1
    assert after[0].startswith("Rebase of `main`: ")
    assert after[0].endswith(working.git("rev-parse", "HEAD")[:10])


def test_an_aborted_rebase_doubles_no_commit(working: Repo) -> None:
    working.git("switch", "--quiet", "-c", "side")
    mine = working.commit("mine", readme="mine\n")
    working.git("switch", "--quiet", "main")
    other = working.commit("other", readme="other\n")
    working.git("switch", "--quiet", "side")
    working.git("rebase", "--quiet", "main", check=False)
    quiet(working)
    working.git("rebase", "--abort")
    working.patina("record")
    assert times(working, mine) == times(working, other) == 1
    assert "Rebase of `side` given up" in headings(working)


def test_a_pull_with_rebase_counts_only_what_was_made_here(working: Repo, tmp_path: Path) -> None:
    bare = Repo.create(tmp_path / "bare.git", "--bare")
    working.git("remote", "add", "origin", str(bare.path))
    working.git("push", "--quiet", "-u", "origin", "main")
    working.git("clone", "--quiet", str(bare.path), str(tmp_path / "bob"))
    bob = Repo(tmp_path / "bob")
    as_bob = {"GIT_COMMITTER_NAME": "Bob", "GIT_AUTHOR_NAME": "Bob"}
    bob.git("commit", "--quiet", "--allow-empty", "-m", "of bob", env=as_bob)
    bob.git("push", "--quiet")
    mine = working.commit("of ada", a="1\n")
    working.git("pull", "--quiet", "--rebase")
    working.git("push", "--quiet")
    quiet(working)
    working.patina("record")
    assert times(working, mine) == 1
    assert any(h.startswith("Pull with rebase") for h in headings(working))
    assert any(h.startswith("Push to `origin/main`") for h in headings(working))
    assert not any("of bob" in h for h in headings(working))
    assert '"commits": 1' in working.patina("session", "status", "--json").stdout


def test_without_hooks_what_falls_in_one_second_stands_in_the_order_in_which_it_was_done(
    working: Repo, tmp_path: Path
) -> None:
    bare = Repo.create(tmp_path / "bare.git", "--bare")
    working.git("remote", "add", "origin", str(bare.path))
    working.git("push", "--quiet", "-u", "origin", "main")
    working.patina("record")
    before = len(headings(working))
    second = {"PATINA": "0", "GIT_COMMITTER_DATE": f"@{int(time.time())} +0000"}
    for words in (
        ("commit", "--quiet", "--allow-empty", "-m", "one"),
        ("commit", "--quiet", "--allow-empty", "--amend", "-m", "two"),
        ("checkout", "--quiet", "-b", "topic"),
        ("commit", "--quiet", "--allow-empty", "-m", "three"),
        ("push", "--quiet", "-u", "origin", "topic"),
    ):
        working.git(*words, env=second)
    working.patina("note", "four")
    what = [h.split()[0].rstrip(":") for h in headings(working)[before:]]
    assert what == ["Commit", "Amend", "Checkout", "Commit", "Push", "Note"]


@pytest.mark.parametrize("how", ["merge", "cherry-pick", "revert", "no-verify"])
def test_other_ways_to_make_a_commit(working: Repo, how: str) -> None:
    working.git("switch", "--quiet", "-c", "side")
    side = working.commit("on the side", side="1\n")
    working.git("switch", "--quiet", "main")
    working.commit("on main", main="1\n")
    match how:
        case "merge":
            working.git("merge", "--quiet", "--no-ff", "-m", "together", "side")
        case "cherry-pick":
            working.git("cherry-pick", side)
        case "revert":
            working.git("revert", "--no-edit", "HEAD")
        case _:
            working.git("commit", "--quiet", "--allow-empty", "--no-verify", "-m", "unverified")
    quiet(working)
    working.patina("record")
    assert times(working, working.git("rev-parse", "HEAD")) == 1
    assert len(headings(working)) == len(set(headings(working)))


@pytest.mark.skipif(
    os.environ.get("TEST_REF_FORMAT") == "reftable",
    reason="GitPython and dulwich cannot write into a reftable",
)
def test_commits_of_other_implementations_are_recorded_once(working: Repo) -> None:
    import git
    from dulwich import porcelain

    with git.Repo(working.path) as library:
        working.write("a.txt", "a\n")
        library.index.add(["a.txt"])
        first = library.index.commit("by GitPython", skip_hooks=True)
    working.write("b.txt", "b\n")
    porcelain.add(str(working.path), paths=[str(working.path / "b.txt")])
    identity = b"Ada Lovelace <ada@example.org>"
    second = porcelain.commit(str(working.path), message=b"by dulwich", author=identity, committer=identity)
    working.commit("by git", c="c\n")
    quiet(working)
    working.patina("record")
    assert times(working, first.hexsha) == 1
    assert times(working, second.decode()) == 1
    assert times(working, working.git("rev-parse", "HEAD")) == 1


def test_hooks_that_are_deleted_in_mid_session_lose_nothing(working: Repo) -> None:
    for hook in (working.path / ".git" / "hooks").iterdir():
        hook.unlink()
    made = [working.commit(f"unheard {n}") for n in range(5)]
    working.patina("note", "now")
    assert [times(working, commit) for commit in made] == [1] * 5


def test_a_cleaned_working_tree_loses_nothing(working: Repo) -> None:
    made = working.commit("before", a="1\n")
    quiet(working)
    before = journal(working)
    working.git("clean", "-fdxq")
    assert not (working.path / ACTIVE).exists()
    working.patina("record")
    assert journal(working) == before
    assert times(working, made) == 1


def test_five_hundred_commits_as_fast_as_git_makes_them_are_all_there_when_it_is_quiet(working: Repo) -> None:
    script = "i=0; while [ $i -lt 500 ]; do git commit -q --allow-empty -m c$i; i=$((i+1)); done"
    subprocess.run(["sh", "-c", script], cwd=working.path, check=True)
    quiet(working)
    made = working.git("rev-list", "--max-count=500", "HEAD").split()
    text = journal(working)
    assert all(text.count(f"- Commit {commit[:10]}: ") == 1 for commit in made)


def test_two_worktrees_at_the_same_time_keep_to_their_own_journals(working: Repo, tmp_path: Path) -> None:
    other = working.worktree(tmp_path / "other", "side")
    other.patina("session", "start", "the other work")
    script = "i=0; while [ $i -lt 200 ]; do git commit -q --allow-empty -m $0$i; i=$((i+1)); done"

    def commit_all(repo: Repo, name: str) -> None:
        subprocess.run(["sh", "-c", script, name], cwd=repo.path, check=True)

    threads = [
        threading.Thread(target=commit_all, args=pair) for pair in ((working, "left"), (other, "right"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    quiet(working)
    for repo, name, foreign in ((working, "left", "right"), (other, "right", "left")):
        text = journal(repo)
        made = repo.git("rev-list", "--max-count=200", "HEAD").split()
        assert all(text.count(f"- Commit {commit[:10]}: ") == 1 for commit in made)
        assert len(re.findall(rf": {name}\d+ <!--", text)) == 200
        assert f": {foreign}" not in text
    assert len([e for e in events(working) if e["type"] == "git.commit"]) == 400


def test_an_entry_that_a_person_took_out_stays_out(working: Repo) -> None:
    victim, kept = working.commit("a slip", a="1\n"), working.commit("the next", b="1\n")
    quiet(working)
    text = journal(working)
    start = text.rindex("\n### ", 0, text.index(victim[:10]))
    end = text.index("\n### ", start + 1)
    (working.path / ACTIVE).write_text(text[:start] + text[end:])
    last = working.commit("the one after", c="1\n")
    quiet(working)
    assert [times(working, commit) for commit in (victim, kept, last)] == [0, 1, 1]


def test_a_recorder_that_is_killed_loses_nothing(working: Repo, kill_count: int) -> None:
    common = working.path / ".git" / "patina"
    for number in range(kill_count):
        working.git("commit", "--quiet", "--allow-empty", "-m", f"commit {number}", env={"PATINA": "0"})
        recorder = subprocess.Popen(
            [sys.executable, "-P", "-m", "patina_sessions.recorder", str(common), str(working.path), ""],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            recorder.wait(0.05 + 0.5 * (number / kill_count))
        except subprocess.TimeoutExpired:
            recorder.kill()
            recorder.wait()
    working.patina("record")
    made = working.git("rev-list", f"--max-count={kill_count}", "HEAD").split()
    assert [times(working, commit) for commit in made] == [1] * kill_count
    working.patina("session", "end")


@pytest.fixture(params=[40, pytest.param(200, marks=pytest.mark.soak)])
def kill_count(request: pytest.FixtureRequest) -> int:
    """Return how often to kill: a few in every run of the tests, many in a soak."""
    count: int = request.param
    return count


def test_a_ring_that_nobody_answered_is_made_good_by_the_next_command(working: Repo) -> None:
    # A recorder that was killed before it took the ring down.
    (working.path / ".git" / "patina" / "rung").touch()
    made = working.commit("while the ring is up", a="1\n")
    working.patina("note", "a command records by itself")
    assert times(working, made) == 1


def test_a_ring_that_nobody_answered_is_answered_after_sixty_four_more(working: Repo) -> None:
    (working.path / ".git" / "patina" / "rung").touch()
    for number in range(70):
        working.git("commit", "--quiet", "--allow-empty", "-m", f"commit {number}")
    until(lambda: not (working.path / ".git" / "patina" / "rung").exists(), "a recorder to be started")
    working.commit("one more")
    quiet(working)
    assert len([h for h in headings(working) if h.startswith("Commit ")]) == 71
