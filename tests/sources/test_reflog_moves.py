"""What moved HEAD and made nothing, on which branch, and when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from patina_sessions.model import Made
from patina_sessions.system import clock
from tests.repository import Repo
from tests.sources.reader import REFTABLE, Reader, made, moves, subjects


def branches(reader: Reader) -> list[str | None]:
    return [f.data.branch for f in reader.read() if isinstance(f.data, Made)]


def test_a_checkout_says_what_was_left_and_where_head_is(past: Repo, reader: Reader) -> None:
    past.git("checkout", "-q", "-b", "topic", "HEAD~1")
    past.git("checkout", "-q", "main")
    past.git("checkout", "-q", "--detach", "HEAD~1")
    told = [(m.how, m.source, m.branch, m.target) for m in moves(reader.read())]
    assert told == [
        ("checkout", "main", "topic", "topic"),
        ("checkout", "topic", "main", "main"),
        ("checkout", "main", None, "HEAD~1"),
    ]


def test_a_new_branch_at_the_same_commit_is_told_and_a_checkout_of_nothing_is_not(
    past: Repo, reader: Reader
) -> None:
    past.git("checkout", "-q", "-b", "topic")
    past.git("checkout", "-q", "topic")
    assert [(m.source, m.branch) for m in moves(reader.read())] == [("main", "topic")]


@pytest.mark.parametrize("name", ["v1", "origin/main", "HEAD~1", ":/past 1"])
def test_what_is_no_branch_is_not_taken_for_one(past: Repo, reader: Reader, name: str) -> None:
    past.git("tag", "v1", "HEAD~1")
    past.git("update-ref", "refs/remotes/origin/main", "HEAD~1")
    past.git("checkout", "-q", "--detach", name)
    assert [m.branch for m in moves(reader.read())] == [None]


def test_a_reset_says_how_many_commits_it_dropped(past: Repo, reader: Reader) -> None:
    past.git("reset", "-q", "--hard", "HEAD~2")
    (move,) = moves(reader.read())
    assert (move.how, move.source, move.dropped, move.brought, move.branch) == (
        "reset",
        "HEAD~2",
        2,
        0,
        "main",
    )


def test_a_merge_that_only_goes_forward_brings_what_we_did_not_make(past: Repo, reader: Reader) -> None:
    past.git("checkout", "-q", "-b", "topic")
    past.commit("ours", ours="1")
    past.git("checkout", "-q", "main")
    reader.read()
    past.git("merge", "-q", "--ff-only", "topic")
    (move,) = moves(reader.read())
    assert (move.how, move.brought, move.dropped, move.pull) == ("merge", 0, 0, False)


def test_a_stash_and_a_reset_to_head_are_nothing(past: Repo, reader: Reader) -> None:
    past.write("past0.txt", "changed\n")
    past.git("stash", "-q")
    past.git("stash", "pop", "-q")
    past.git("reset", "-q", "--hard")
    assert reader.read() == []


def test_a_branch_renamed_is_nothing_and_the_next_commit_is_on_it(past: Repo, reader: Reader) -> None:
    past.git("branch", "-m", "trunk")
    assert reader.read() == []
    past.commit("after", after="1")
    assert branches(reader) == ["trunk"]


def test_a_bisect_is_a_checkout_a_step_and_nothing_made(past: Repo, reader: Reader) -> None:
    past.git("bisect", "start", "HEAD", "HEAD~2")
    past.git("bisect", "reset")
    facts = reader.read()
    assert made(facts) == []
    assert {m.how for m in moves(facts)} == {"checkout"}
    assert moves(facts)[-1].branch == "main"


def test_the_adding_of_a_worktree_is_nothing_in_it(past: Repo) -> None:
    from patina_sessions.sources.reflog import BEGINNING

    linked = Reader(past.worktree(past.path.parent / "linked", "topic"))
    linked.position = BEGINNING
    assert linked.read() == []


def test_a_worktree_added_since_is_read_from_its_beginning_and_an_older_one_from_its_end(past: Repo) -> None:
    from patina_sessions.sources import reflog

    begun = clock.now() - timedelta(seconds=5)
    linked = Reader(past.worktree(past.path.parent / "linked", "topic"))
    linked.repo.commit("before the first wake", here="1")
    assert reflog.first(linked.layout, begun) == reflog.BEGINNING
    assert reflog.first(linked.layout, begun + timedelta(days=1)) is None
    assert reflog.first(Reader(past).layout, begun) is None
    linked.position = reflog.first(linked.layout, begun)
    assert subjects(linked.read()) == ["before the first wake"]


def test_head_made_to_point_elsewhere_moves_it(past: Repo, reader: Reader) -> None:
    past.git("branch", "topic", "HEAD~1")
    past.git("symbolic-ref", "HEAD", "refs/heads/topic")
    assert [(m.how, m.branch) for m in moves(reader.read())] == [("moved", "topic")]
    past.git("reset", "-q", "--hard")
    past.commit("there", there="1")
    assert branches(reader) == ["topic"]


def test_a_commit_is_on_the_branch_where_it_was_made_though_somebody_switched_since(
    past: Repo, reader: Reader
) -> None:
    past.commit("on main", one="1")
    past.git("checkout", "-q", "-b", "topic")
    past.commit("on topic", two="1")
    past.git("checkout", "-q", "-b", "other")
    past.commit("on other", three="1")
    past.git("checkout", "-q", "main")
    assert branches(reader) == ["main", "topic", "other"]


def test_a_commit_on_an_orphan_branch_is_on_it_though_no_line_says_so(past: Repo, reader: Reader) -> None:
    past.git("switch", "-q", "--orphan", "orphan")
    past.commit("alone", alone="1")
    past.git("checkout", "-q", "main")
    assert branches(reader) == ["orphan"]


def test_a_commit_on_a_branch_deleted_since_is_on_it(past: Repo, reader: Reader) -> None:
    past.git("checkout", "-q", "-b", "topic")
    past.commit("short-lived", one="1")
    past.git("checkout", "-q", "main")
    past.git("branch", "-q", "-D", "topic")
    assert branches(reader) == ["topic"]


def test_a_commit_on_a_detached_head_is_on_no_branch(past: Repo, reader: Reader) -> None:
    past.git("checkout", "-q", "--detach", "main")
    past.commit("nowhere", one="1")
    past.git("checkout", "-q", "main")
    assert branches(reader) == [None]


@pytest.mark.files_only("it writes lines into the file that git never writes")
def test_a_branch_name_that_leads_out_of_the_repository_opens_nothing(past: Repo, reader: Reader) -> None:
    head = past.git("rev-parse", "HEAD")
    old = past.git("rev-parse", "HEAD~1")
    with (past.path / ".git" / "logs" / "HEAD").open("a") as stream:
        for target in ("../../../../../../etc/passwd", "/etc/passwd", "..", "a\x07b"):
            stream.write(f"{head} {old} A <a@x> 1800000000 +0000\tcheckout: moving from main to {target}\n")
            stream.write(f"{old} {head} A <a@x> 1800000000 +0000\tcommit: x\n")
    assert made(reader.read()) == []


def test_a_fact_s_time_is_between_the_line_before_and_now(past: Repo, reader: Reader) -> None:
    now = clock.now()

    def at(seconds: float) -> dict[str, str]:
        return {"GIT_COMMITTER_DATE": f"@{int(now.timestamp() + seconds)} +0500"}

    past.git("commit", "-q", "--allow-empty", "-m", "a minute ago", env=at(-60))
    past.git("commit", "-q", "--allow-empty", "-m", "of 2001", env={"GIT_COMMITTER_DATE": "978307200 +0000"})
    past.git("commit", "-q", "--allow-empty", "-m", "half a minute ago", env=at(-30))
    past.git("commit", "-q", "--allow-empty", "-m", "tomorrow", env=at(86400))
    past.git("commit", "-q", "--allow-empty", "-m", "back again", env=at(-10))
    times = [f.time for f in reader.read(now=now)]
    minute, half = now - timedelta(seconds=60), now - timedelta(seconds=30)
    assert times == [minute, minute, half, now, now]
    assert {t.utcoffset() for t in times} == {now.utcoffset()}


def test_a_time_before_the_position_holds_too(past: Repo, reader: Reader) -> None:
    now = clock.now()
    first = {"GIT_COMMITTER_DATE": f"@{int(now.timestamp()) - 60} +0000"}
    past.git("commit", "-q", "--allow-empty", "-m", "one", env=first)
    reader.read(now=now)
    past.git("commit", "-q", "--allow-empty", "-m", "two", env={"GIT_COMMITTER_DATE": "978307200 +0000"})
    (fact,) = reader.read(now=now)
    assert fact.time == now - timedelta(seconds=60)


@pytest.mark.files_only("it writes lines into the file that git never writes")
def test_an_impossible_time_is_taken_for_now(past: Repo, reader: Reader) -> None:
    head, old = past.git("rev-parse", "HEAD", "HEAD~1").split("\n")
    with (past.path / ".git" / "logs" / "HEAD").open("a") as stream:
        stream.write(f"{head} {old} A <a@x> {10**17} +0000\treset: moving to HEAD~1\n")
    now = clock.now()
    assert [f.time for f in reader.read(now=now)] == [now]


@pytest.mark.xfail(REFTABLE, reason="git shows nothing by which equal rounds within one second differ")
def test_equal_lines_are_different_facts_and_one_line_is_one_fact_whenever_it_is_read(
    past: Repo, reader: Reader
) -> None:
    past.git("branch", "topic", "HEAD~1")
    env = {"GIT_COMMITTER_DATE": "1800000000 +0000"}
    again = Reader(past)
    again.position = reader.position
    for _ in range(3):
        past.git("checkout", "-q", "topic", env=env)
        past.git("checkout", "-q", "main", env=env)
        reader.read()
    keys = [f.key for f in reader.facts]
    assert len(set(keys)) == 6
    assert [f.key for f in again.read()] == keys


def test_every_fact_of_a_reading_has_a_key_of_its_own(past: Repo, reader: Reader) -> None:
    first = past.git("commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "one")
    second = past.git("commit-tree", "HEAD^{tree}", "-p", first, "-m", "two")
    past.git("update-ref", "HEAD", second)
    past.commit("three", three="1")
    facts = reader.read()
    assert len(facts) == 4
    assert len({f.key for f in facts}) == 4
