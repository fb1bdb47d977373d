"""A position survives whatever is done to the reflog, and reading from it costs what is new."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from patina_sessions.errors import PatinaError
from patina_sessions.model import Made, Position
from patina_sessions.sources import reflog, reflog_tail
from patina_sessions.sources.logbooks import OnDisk
from patina_sessions.sources.reflog_lines import Line
from patina_sessions.system import clock, processes, refs
from tests.repository import Repo
from tests.sources.reader import REFTABLE, Reader, made, moves, subjects


def log_of(repo: Repo) -> Path:
    return repo.path / ".git" / "logs" / "HEAD"


@pytest.fixture
def since(past: Repo) -> Reader:
    """Return a reader that knows when it began, as the recorder does."""
    return Reader(past, since=datetime.fromtimestamp(1_750_000_000, UTC)).begin()


def test_a_line_deleted_from_the_reflog_hides_none_that_follows(past: Repo, since: Reader) -> None:
    for n in range(4):
        past.commit(f"read {n}", read=f"{n}")
    since.read()
    past.git("reflog", "delete", "HEAD@{3}")
    past.commit("one", one="1")
    past.commit("two", two="2")
    assert subjects(since.read()) == ["one", "two"]


@pytest.mark.xfail(
    REFTABLE, reason="shown lines have no offset: with one of the last four gone, only commits are told"
)
def test_where_only_older_lines_were_deleted_every_move_is_told(past: Repo, since: Reader) -> None:
    for n in range(4):
        past.commit(f"read {n}", read=f"{n}")
    since.read()
    past.git("reflog", "delete", "HEAD@{3}")
    past.git("checkout", "-q", "-b", "topic", "HEAD~2")
    assert [(m.how, m.branch) for m in moves(since.read())] == [("checkout", "topic")]


def test_what_was_told_is_not_told_again_when_the_position_is_gone(past: Repo, since: Reader) -> None:
    past.commit("one", one="1")
    past.git("commit", "-q", "--amend", "-m", "two")
    since.read()
    past.git("reflog", "delete", "HEAD@{0}")
    past.commit("three", three="1")
    facts = since.read()
    assert subjects(facts) == ["three"]
    assert moves(facts) == []


def test_the_line_of_the_position_itself_may_be_deleted(past: Repo, since: Reader) -> None:
    past.commit("read", read="1")
    since.read()
    past.git("reflog", "delete", "HEAD@{0}")
    past.commit("one", one="1")
    past.commit("two", two="2")
    assert subjects(since.read()) == ["one", "two"]
    assert since.read() == []


def test_lines_whose_beginning_git_rewrote_are_found(past: Repo, since: Reader) -> None:
    past.commit("read", read="1")
    past.commit("read too", too="1")
    since.read()
    past.git("reflog", "delete", "--rewrite", "HEAD@{1}")
    past.commit("one", one="1")
    assert subjects(since.read()) == ["one"]


def test_after_the_reflog_was_emptied_the_next_commit_is_told(past: Repo, since: Reader) -> None:
    past.commit("read", read="1")
    since.read()
    past.git("reflog", "expire", "--expire=now", "--all")
    assert past.git("reflog") == ""
    assert since.read() == []
    past.commit("one", one="1")
    assert subjects(since.read()) == ["one"]


def test_what_was_made_just_before_the_reflog_was_emptied_is_found(past: Repo, since: Reader) -> None:
    past.commit("read", read="1")
    since.read()
    past.commit("unread", unread="1")
    past.git("reflog", "expire", "--expire=now", "--all")
    past.commit("one", one="1")
    assert subjects(since.read()) == ["unread", "one"]


def test_a_reflog_that_outgrew_the_position_again_is_not_read_from_mid_line(
    past: Repo, since: Reader
) -> None:
    past.commit("read", read="1")
    since.read()
    past.git("reflog", "expire", "--expire=now", "--all")
    for n in range(9):
        past.commit(f"one {n}", one=f"{n}")
    assert subjects(since.read()) == [f"one {n}" for n in range(9)]


def test_a_reflog_lost_altogether_tells_nothing_from_before_the_start(past: Repo, since: Reader) -> None:
    past.git("commit", "-q", "--amend", "-m", "past, amended", env={"GIT_COMMITTER_DATE": "1700000009 +0000"})
    since.position = Position(source="HEAD", offset=17, digest="0" * 32, head=past.git("rev-parse", "HEAD"))
    past.commit("one", one="1")
    assert subjects(since.read()) == ["one"]


@pytest.mark.files_only("half a line is a matter of files")
def test_only_whole_lines_are_read(past: Repo, reader: Reader) -> None:
    past.commit("one", one="1")
    whole = log_of(past).read_bytes()
    log_of(past).write_bytes(whole[:-7])
    past.git("update-ref", "--no-deref", "refs/heads/main", "HEAD~1")  # the ref has not moved yet
    log_of(past).write_bytes(whole[:-7])
    assert reader.read() == []
    assert reader.position is not None
    assert reader.position.offset == whole.rindex(b"\n", 0, -1) + 1
    log_of(past).write_bytes(whole)
    assert subjects(reader.read()) == ["one"]


@pytest.mark.files_only("a table holds the line and the ref in one")
def test_git_writes_the_line_before_it_moves_the_ref_and_nothing_is_made_of_that(
    past: Repo, reader: Reader
) -> None:
    past.commit("one", one="1")
    ref = past.path / ".git" / "refs" / "heads" / "main"
    after = ref.read_text()
    ref.write_text(past.git("rev-parse", "HEAD~1") + "\n")
    assert subjects(reader.read()) == ["one"]
    assert reader.read() == []
    ref.write_text(after)
    assert reader.read() == []


@pytest.mark.files_only("it writes lines into the file that git never writes")
def test_a_line_that_is_none_is_passed_over(past: Repo, reader: Reader) -> None:
    with log_of(past).open("ab") as stream:
        stream.write(b"\xff\x00garbage\n\n" + b"0" * 40 + b"\n")
    past.commit("one", one="1")
    assert subjects(reader.read()) == ["one"]


@pytest.mark.files_only("it takes the file away; a reftable that has a reflog goes on with it")
def test_without_a_reflog_the_walk_from_the_last_head_finds_what_was_made(past: Repo, since: Reader) -> None:
    past.git("config", "core.logAllRefUpdates", "false")
    log_of(past).unlink()
    past.commit("one", one="1")
    past.commit("two", two="2")
    facts = since.read()
    assert subjects(facts) == ["one", "two"]
    assert [m.how for m in moves(facts)] == ["moved"]
    assert since.read() == []
    past.commit("three", three="3")
    assert subjects(since.read()) == ["three"]


def test_a_repository_that_never_had_a_reflog_is_read_from_its_first_commit(repo: Repo) -> None:
    repo.git("config", "core.logAllRefUpdates", "false")
    reader = Reader(repo).begin()
    repo.commit("one", one="1")
    repo.commit("two", two="2")
    assert subjects(reader.read()) == ["one", "two"]


def test_the_setting_does_not_matter_while_the_file_is_there(past: Repo, reader: Reader) -> None:
    past.git("config", "core.logAllRefUpdates", "false")
    past.commit("one", one="1")
    facts = reader.read()
    assert subjects(facts) == ["one"]
    assert moves(facts) == []


@pytest.mark.files_only("it takes the file away; a reftable that has a reflog goes on with it")
def test_a_reflog_switched_on_later_is_read_from_then_on(past: Repo, since: Reader) -> None:
    past.git("config", "core.logAllRefUpdates", "false")
    log_of(past).unlink()
    past.commit("one", one="1")
    since.read()
    past.git("config", "core.logAllRefUpdates", "true")
    past.commit("two", two="2")
    facts = since.read()
    assert subjects(facts) == ["two"]
    assert moves(facts) == []


@pytest.mark.files_only("packed refs are files")
def test_with_packed_refs_head_is_where_it_is(past: Repo, reader: Reader) -> None:
    past.git("pack-refs", "--all")
    assert reader.read() == []
    assert refs.head(reader.layout.git, reader.layout.common.git) == ("main", past.git("rev-parse", "HEAD"))


def test_nothing_new_costs_no_process(past: Repo, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    past.commit("one", one="1")
    time.sleep(0.1)  # in a reftable a change is seen by its time alone, so a fresh one is looked at again
    reader.read()

    def refuse(*args: object, **named: object) -> processes.Result:
        raise AssertionError("a process was started")

    monkeypatch.setattr(processes, "run", refuse)
    monkeypatch.setattr(processes, "Child", refuse)
    assert reader.read() == []


@pytest.mark.files_only("git shows a table's log in one question")
def test_the_branch_of_a_new_commit_is_found_at_the_end_of_its_log_and_further_back_where_many_are_new(
    past: Repo, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def of(books: OnDisk, ref: str) -> list[Line] | None:
        asked.append(ref)
        return whole(books, ref)

    whole = OnDisk.of
    monkeypatch.setattr(OnDisk, "of", of)
    past.commit("one", one="1")
    assert [fact.data.branch for fact in reader.read() if isinstance(fact.data, Made)] == ["main"]
    assert asked == []
    for number in range(100):
        past.commit(f"commit {number} {'x' * 100}")
    assert {fact.data.branch for fact in reader.read() if isinstance(fact.data, Made)} == {"main"}
    assert asked == ["refs/heads/main"]


@pytest.mark.files_only("it counts the bytes read of the file")
@pytest.mark.parametrize("lines", [10, 5000])
def test_reading_on_costs_the_same_at_the_tenth_and_the_five_thousandth_line(
    past: Repo, reader: Reader, monkeypatch: pytest.MonkeyPatch, lines: int
) -> None:
    one, two = past.git("rev-parse", "HEAD", "HEAD~1").split("\n")
    with log_of(past).open("a") as stream:
        for n in range(lines // 2):
            stream.write(
                f"{one} {two} A <a@x> {1_760_000_000 + n} +0000\tcheckout: moving from main to {two}\n"
            )
            stream.write(
                f"{two} {one} A <a@x> {1_760_000_000 + n} +0000\tcheckout: moving from {two} to main\n"
            )
    assert len(reader.read()) == lines
    past.commit("one", one="1")
    read = []
    pread = os.pread

    def counting(fd: int, size: int, offset: int) -> bytes:
        data = pread(fd, size, offset)
        read.append(len(data))
        return data

    monkeypatch.setattr(os, "pread", counting)
    assert subjects(reader.read()) == ["one"]
    assert sum(read) <= reflog_tail.WINDOW + 400


@pytest.mark.files_only("it puts a folder in the place of the file")
def test_a_reflog_that_may_not_be_read_is_an_error_of_one_line(past: Repo, reader: Reader) -> None:
    log_of(past).unlink()
    log_of(past).mkdir()
    with pytest.raises(PatinaError, match=r"cannot read .*HEAD"):
        reader.read()


def test_a_commit_that_gc_took_is_passed_over(past: Repo, reader: Reader) -> None:
    past.git("checkout", "-q", "--detach")
    gone = past.commit("gone", gone="1")
    past.git("checkout", "-q", "main")
    object_file = past.path / ".git" / "objects" / gone[:2] / gone[2:]
    object_file.unlink()
    past.commit("kept", kept="1")
    assert subjects(reader.read()) == ["kept"]


@pytest.mark.files_only("it takes a line back out of the file")
def test_the_first_reading_takes_head_where_it_stands_not_where_the_log_ends(past: Repo) -> None:
    past.git("config", "core.logAllRefUpdates", "false")
    log = log_of(past).read_bytes()
    past.commit("before the start, unlogged", before="1")
    log_of(past).write_bytes(log)
    reader = Reader(past).begin()
    past.commit("one", one="1")
    assert subjects(reader.read()) == ["one"]


def test_reading_is_the_same_for_a_repository_of_sha256(new_repo: object) -> None:
    repo = new_repo("sha256", "--object-format=sha256")  # type: ignore[operator]
    reader = Reader(repo).begin()
    repo.commit("one", one="1")
    repo.git("commit", "-q", "--amend", "-m", "two")
    assert subjects(reader.read()) == ["one", "two"]
    assert len(made(reader.facts)[0].id) == 64


@pytest.mark.files_only("the offset is the size of the file")
def test_the_position_is_what_the_event_log_keeps(past: Repo, reader: Reader) -> None:
    past.commit("one", one="1")
    reader.read()
    assert reader.position is not None
    size = log_of(past).stat().st_size
    assert (reader.position.source, reader.position.offset) == ("HEAD", size)
    assert reader.position.head == past.git("rev-parse", "HEAD")


def test_lines_read_with_a_position_of_old_are_told_once_more_under_the_same_keys(
    past: Repo, reader: Reader
) -> None:
    start = reader.position
    past.commit("one", one="1")
    past.git("checkout", "-q", "-b", "topic")
    first = reader.read()
    again = Reader(past)
    again.position = start
    assert [f.key for f in again.read()] == [f.key for f in first]
    assert clock.now().tzinfo is not None


def test_beginning_reads_all(past: Repo) -> None:
    reader = Reader(past)
    reader.position = reflog.BEGINNING
    assert subjects(reader.read()) == ["past 0", "past 1", "past 2"]
