"""The index is a cache: whatever becomes of its file, and whoever else uses it, the answer is the same."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import journals
from patina_sessions.errors import PatinaError
from patina_sessions.journal import grammar
from patina_sessions.readers import document, facts, gather, index, search, shelf
from patina_sessions.readers.index import Source
from patina_sessions.system import files
from tests import corpus
from tests.journal.test_grammar import PIECES
from tests.readers.journals import new_layout
from tests.repository import Repo

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MANY = 80
# Beside the pieces of the grammar's own tests; a front matter that holds headings is read otherwise, and never was one.
PREVIOUS = [b"## Previous Session Context", b"# previous", b"### 14:05 - Note", b"text"] * 4
_ASK = (sys.executable, "-P", "-m", "patina_sessions", "search", "--ids", "--limit", "5")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with many journals."""
    return journals.write(tmp_path_factory.mktemp("archive"), MANY)


@pytest.fixture(scope="module")
def words(archive: Path) -> str:
    """Return a frequent word and a rare one of these journals."""
    first = min(archive.iterdir()).read_text().split("\n")[0].split()
    return f"{first[2]} {first[-1]}"


def _filled(repo: Repo, archive: Path) -> Path:
    """Put the journals into a repository, and return where its index will be."""
    repo.patina("init")
    there = repo.path / ".git/patina/archive"
    there.mkdir(exist_ok=True)
    for path in archive.iterdir():
        os.link(path, there / path.name)
    return there.with_name("index.db")


@pytest.mark.parametrize("few", [True, False])
def test_a_path_and_a_name_that_are_no_utf_8_are_read_like_others(
    tmp_path: Path, archive: Path, words: str, few: bool
) -> None:
    repo = Repo.create(tmp_path / os.fsdecode(b"caf\xe9"))
    made = repo.commit("chore: first", a="1")
    if few:
        repo.patina("init")
    else:
        _filled(repo, archive)
    (repo.path / "layer/sessions" / os.fsdecode(b"\xff\xfe.md")).write_bytes(b"# Session: theirs\n")
    repo.patina("session", "start", "of sloops")
    made = repo.commit("feat: sloop", b="1")
    repo.patina("session", "end")
    for _ in range(2):
        assert "of sloops" in repo.patina("search", "sloop").stdout
        assert "of sloops" in repo.patina("list").stdout
        assert "of sloops" in repo.patina("explain", made).stdout
    assert "of sloops" in repo.patina("context").stdout


def _asking(repo: Repo, words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*_ASK, *words.split()], cwd=repo.path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def _whole(at: Path, journals: int) -> None:
    """Hold that the file is a whole index of so many journals."""
    with index.opened(at) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("SELECT count(*), count(DISTINCT path) FROM journal").fetchone() == (journals,) * 2
        assert db.execute("SELECT count(*) FROM text").fetchone() == (journals,)
        db.execute("INSERT INTO text(text) VALUES ('integrity-check')")


def test_first_searches_at_once_all_answer_and_make_one_index(repo: Repo, archive: Path, words: str) -> None:
    at = _filled(repo, archive)
    asking = [_asking(repo, words) for _ in range(5)]
    said = [one.communicate(timeout=60) for one in asking]
    assert [one.returncode for one in asking] == [0] * 5, said
    assert len({out for out, _ in said}) == 1
    assert said[0][0]
    _whole(at, MANY)


def test_whoever_waited_for_the_index_reads_nothing_again(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = tmp_path / "index.db"
    sources = gather.folder(archive)
    inside, further = threading.Event(), threading.Event()
    real = document.of

    def slowly(session: str, data: bytes) -> document.Document:
        inside.set()
        assert further.wait(30)
        return real(session, data)

    def follow() -> int:
        with index.opened(at) as db:
            return index.follow(db, sources)

    monkeypatch.setattr(document, "of", slowly)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(follow)
        assert inside.wait(30)
        second = pool.submit(follow)
        assert not wait([second], 0.3).done  # it has seen that everything is missing, and waits
        further.set()
        assert (first.result(30), second.result(30)) == (MANY, 0)
    _whole(at, MANY)


def test_a_heap_of_journals_is_let_go_before_the_next_one_is_read(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Held(str):
        """A title of which it can be told whether somebody still holds it."""

    real = document.of
    made: list[weakref.ref[Held]] = []
    held = []

    def watched(session: str, data: bytes) -> document.Document:
        held.append(sum(ref() is not None for ref in made))
        one = real(session, data)
        title = Held(one.title)
        made.append(weakref.ref(title))
        return one._replace(title=title)

    monkeypatch.setattr(document, "of", watched)
    monkeypatch.setattr(index, "GATHERED", 1)  # each journal is a heap
    with index.opened(None) as db:
        assert index.follow(db, gather.folder(archive)) == MANY
    assert max(held) == 0


def test_a_search_that_is_killed_while_it_makes_the_index_spoils_nothing(
    repo: Repo, archive: Path, words: str
) -> None:
    at = _filled(repo, archive)
    expected = repo.patina("search", "--ids", "--limit", "5", *words.split()).stdout
    for grown in (0, 20_000, 200_000):
        at.unlink()
        one = _asking(repo, words)
        until = time.monotonic() + 30
        while one.poll() is None and time.monotonic() < until:
            if at.exists() and at.stat().st_size >= grown:
                break
        one.send_signal(signal.SIGKILL)
        one.communicate()
        assert repo.patina("search", "--ids", "--limit", "5", *words.split()).stdout == expected
        _whole(at, MANY)


def _answers(archive: Path, at: Path | None, words: str) -> list[object]:
    sources = gather.folder(archive)
    asked = (f"{words} {words[:3]}* {words}x", "llm:claude since:2019-01-01 commit:a")
    return [search.search(sources, text, at=at, limit=5, now=NOW) for text in asked]


def _damaged(data: bytes, chance: random.Random) -> bytes:
    """Return a file in whose middle some bytes, a page or the rest are not what they were."""
    at = chance.randrange(100, len(data))
    size = chance.choice((1, 40, 4096, 40_960))
    kind = chance.choice(("noise", "nothing", "elsewhere", "cut"))
    if kind == "cut":
        return data[:at]
    if kind == "elsewhere":
        page = data[at // 4096 * 4096 :][:4096]
        to = chance.randrange(1, len(data) // 4096) * 4096
        return data[:to] + page + data[to + len(page) :]
    piece = bytes(size) if kind == "nothing" else chance.randbytes(size)
    return (data[:at] + piece + data[at + size :])[: len(data)]


def test_damage_in_the_middle_of_the_file_is_met_with_an_answer(tmp_path: Path) -> None:
    """Damage that SQLite cannot see (another letter in a cell) may change what is found; nothing is ever raised."""
    few = journals.write(tmp_path / "few", 20)
    first = min(few.iterdir()).read_text().split("\n")[0].split()
    at = tmp_path / "index.db"
    expected = _answers(few, at, f"{first[2]} {first[-1]}")
    whole = at.read_bytes()
    chance = random.Random(7)
    same = 0
    for _ in range(24):
        at.write_bytes(_damaged(whole, chance))
        same += _answers(few, at, f"{first[2]} {first[-1]}") == expected
    assert same >= 20


def test_the_facts_of_a_damaged_index_are_read_again(
    tmp_path: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "FEW", 1)
    layout = new_layout(tmp_path)
    layout.common.home.mkdir()
    layout.common.archive.symlink_to(archive)
    expected = list(shelf.all_facts(layout))
    whole = layout.common.index.read_bytes()
    pages = len(whole) // 4096
    for page in range(1, pages, max(1, pages // 20)):
        layout.common.index.write_bytes(whole[: page * 4096] + bytes(4096) + whole[(page + 1) * 4096 :])
        assert list(shelf.all_facts(layout)) == expected


def test_an_index_that_another_process_holds_for_long_is_done_without(
    archive: Path, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "PATIENCE", 0.1)
    at = tmp_path / "index.db"
    expected = _answers(archive, at, words)
    with sqlite3.connect(at) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert _answers(archive, at, words) == expected
    _whole(at, MANY)


def test_a_damaged_index_that_cannot_be_removed_is_done_without(
    archive: Path, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = tmp_path / "index.db"
    at.write_bytes(b"not a database")

    def refuse(path: Path) -> None:
        raise PatinaError(f"{path} cannot be removed")

    monkeypatch.setattr(files, "remove", refuse)
    assert _answers(archive, at, words) == _answers(archive, None, words)
    assert at.read_bytes() == b"not a database"


def _plainly(data: bytes) -> tuple[str, list[str], str, str]:
    """Return what the index takes of a journal, by way of all its parts."""
    parsed = grammar.parse(data)
    said: list[bytes] = []
    before: list[bytes] = []
    for part in parsed.parts:
        if part.kind != "metadata":
            section = part.kind == "section" and part.level == 2
            about = section and part.name.lower().startswith("previous")
            (before if about else said).append(part.raw)
    texts = [b"".join(said).decode("utf-8", "replace"), b"".join(before).decode("utf-8", "replace")]
    return parsed.title, [g.text for g in parsed.goals], *texts  # type: ignore[return-value]


def _is_as_plainly_read(data: bytes) -> None:
    found = document.of("x", data)
    title, open_, said, before = _plainly(data)

    def text(value: str) -> str:
        return value.encode("utf-8", "replace").decode().replace("\0", " ")

    assert found.title == text(title)
    assert found.goals == text("\n".join(open_))
    assert found.said.decode("utf-8", "replace") == said
    assert found.before.decode("utf-8", "replace") == before
    known = facts.of_journal("x", grammar.parse(data))
    assert found.started == (known.started.timestamp() if known.started else 0.0)
    assert (found.llm, found.branch, found.author) == tuple(
        text(value or "") for value in (known.llm, known.branch, known.author)
    )


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from([*(p for p in PIECES if p != b"---"), *PREVIOUS]), max_size=14).map(b"\n".join)
)
def test_a_journal_is_taken_as_its_parts_say(data: bytes) -> None:
    _is_as_plainly_read(data)


@pytest.mark.parametrize("path", corpus.own(), ids=lambda path: path.stem)
def test_each_journal_of_our_own_is_taken_as_its_parts_say(path: Path) -> None:
    _is_as_plainly_read(path.read_bytes())


@settings(max_examples=30, deadline=None)
@given(st.lists(st.binary(max_size=200), min_size=1, max_size=4))
def test_whatever_bytes_came_in_go_out_again(
    tmp_path_factory: pytest.TempPathFactory, given_: list[bytes]
) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    for number, data in enumerate(given_):
        (folder / f"{number}.md").write_bytes(data)
    sources = [Source(path.stem, path) for path in sorted(folder.iterdir())]
    with index.opened(None) as db:
        index.follow(db, sources)
        index.follow(db, sources[1:])
        db.execute("INSERT INTO text(text) VALUES ('integrity-check')")
        assert db.execute("SELECT count(*) FROM text").fetchone() == (len(sources) - 1,)


@pytest.mark.parametrize("other", [index.VERSION - 1, index.VERSION + 1])
def test_an_index_of_another_version_is_made_anew(archive: Path, tmp_path: Path, other: int) -> None:
    at = tmp_path / "index.db"
    with sqlite3.connect(at) as db:
        db.execute("CREATE TABLE journal(what TEXT)")
        db.execute(f"PRAGMA user_version = {other}")
    assert index.ask(at, lambda db: index.follow(db, gather.folder(archive))) == MANY
    _whole(at, MANY)


def test_a_schema_that_fails_half_way_leaves_nothing_of_itself(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = tmp_path / "index.db"
    whole = index._SCHEMA
    monkeypatch.setattr(
        index, "_SCHEMA", whole.replace("CREATE VIRTUAL TABLE", "FAIL; CREATE VIRTUAL TABLE", 1)
    )
    with pytest.raises(sqlite3.OperationalError, match="FAIL"), index.opened(at):
        pass
    with sqlite3.connect(at) as db:
        assert db.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
        assert db.execute("PRAGMA user_version").fetchone() == (0,)
    monkeypatch.setattr(index, "_SCHEMA", whole)
    assert index.ask(at, lambda db: index.follow(db, gather.folder(archive))) == MANY
    _whole(at, MANY)
