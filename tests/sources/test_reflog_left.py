"""What a removed worktree made last is told from its branch."""

from __future__ import annotations

from patina_sessions.model import Position
from patina_sessions.sources import reflog_left
from patina_sessions.sources.reflog import Reading
from patina_sessions.system import clock
from patina_sessions.system.git import Git
from tests.repository import Repo
from tests.sources.reader import Reader, made, subjects


def read(main: Repo, gone: Reader, branch: str) -> Reading:
    assert gone.position is not None
    with Git(main.path / ".git", main.path) as git:
        return reflog_left.read(
            git,
            gone.layout,
            gone.position,
            branch,
            since=None,
            known=gone.counts.__contains__,
            elsewhere=lambda _: False,
            counted=lambda i: gone.counts.get(i, False),
            now=clock.now(),
        )


def left(past: Repo) -> tuple[Reader, Repo]:
    linked = past.worktree(past.path.parent / "linked", "topic")
    reader = Reader(linked).begin()
    linked.commit("told", told="1")
    reader.read()
    return reader, linked


def test_commits_that_nobody_read_before_the_worktree_was_removed_are_told(past: Repo) -> None:
    reader, linked = left(past)
    linked.commit("one", one="1")
    linked.git("commit", "-q", "--amend", "-m", "one, better")
    past.git("worktree", "remove", "--force", str(linked.path))
    reading = read(past, reader, "topic")
    assert subjects(list(reading.facts)) == ["one", "one, better"]
    assert [f.data.branch for f in reading.facts] == ["topic", "topic"]  # type: ignore[union-attr]
    assert made(list(reading.facts))[0].file_count == 1
    assert reading.position.head == past.git("rev-parse", "topic")
    reader.position = reading.position
    assert read(past, reader, "topic").facts == ()


def test_what_another_worktree_made_on_the_branch_since_is_its_own(past: Repo) -> None:
    reader, linked = left(past)
    linked.commit("one", one="1")
    past.git("worktree", "remove", "--force", str(linked.path))
    past.git("checkout", "-q", "topic")
    past.commit("two", two="1")
    assert subjects(list(read(past, reader, "topic").facts)) == ["one"]


def test_the_commits_of_a_rebase_are_found_though_the_branch_has_one_line_for_all(past: Repo) -> None:
    reader, linked = left(past)
    past.commit("meanwhile", meanwhile="1")
    linked.commit("one", one="1")
    linked.git("rebase", "-q", "main")
    past.git("worktree", "remove", "--force", str(linked.path))
    told = subjects(list(read(past, reader, "topic").facts))
    assert told == ["one", "told", "one"]


def test_where_the_branch_went_too_its_commits_are_found_among_the_objects(past: Repo) -> None:
    reader, linked = left(past)
    linked.commit("one", one="1")
    past.git("worktree", "remove", "--force", str(linked.path))
    past.git("branch", "-q", "-D", "topic")
    assert subjects(list(read(past, reader, "topic").facts)) == ["one"]
    assert subjects(list(read(past, reader, "../../../etc").facts)) == ["one"]


def test_where_the_branch_does_not_lead_on_from_the_position_nothing_is_told(past: Repo) -> None:
    reader, linked = left(past)
    linked.commit("one", one="1")
    past.git("worktree", "remove", "--force", str(linked.path))
    reader.position = Position(source="HEAD", head="f" * 40)
    assert read(past, reader, "topic").facts == ()
