"""Searching: whatever is typed is a query, the index follows the archive, the best come first."""

from __future__ import annotations

import json
import re
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patina_sessions import cli
from patina_sessions.errors import PatinaError
from patina_sessions.journal import metadata
from patina_sessions.readers import gather, index, query, search, spelling
from patina_sessions.readers.index import Source
from tests.repository import Repo

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def journal(session: str, title: str, body: str, *, llm: str = "claude", branch: str = "main") -> str:
    return (
        f"# Session: {title}\n**ID**: {session}\n**Started**: 2026-0{session[5]}-01T10:00:00Z\n**LLM**: {llm}\n"
        f"**Git Branch**: {branch}\n\n## Previous Session Context\nThe one before.\n\n## Goals\n- [ ] {title}\n\n"
        f"## Activity Log\n### 10:00 - Note\n{body}\n"
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with three journals."""
    made = tmp_path / "journals"
    made.mkdir()
    for session, title, body, llm, branch in (
        ("20260101-100000", "parser", "The tokenizer loops endlessly on an empty string", "claude", "main"),
        (
            "20260201-100000",
            "cache",
            "The cache is keyed by mtime, that is the flake; the parser waits",
            "codex",
            "fix",
        ),
        ("20260301-100000", "docs", "Documented the parsers and the caching layer", "none", "docs"),
    ):
        (made / f"{session}.md").write_text(journal(session, title, body, llm=llm, branch=branch))
    return made


def ids(folder: Path, text: str) -> list[str]:
    return [h.id[:8] for h in search.search(gather.folder(folder), text, at=None, limit=10, now=NOW).hits]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("endless loop", ["20260101"]),
        ('"keyed by mtime"', ["20260201"]),
        ("caches -flake", ["20260301"]),
        ('caches -"the flake"', ["20260301"]),
        ("tokeni*", ["20260101"]),
        ("parser llm:codex", ["20260201"]),
        ("parser branch:docs", ["20260301"]),
        ("llm:claude", ["20260101"]),
        ("parser since:2026-02-15", ["20260301"]),
        ("since:40d", ["20260301", "20260201"]),
        ("tokeniser", ["20260101"]),
        ("parsre -cache", ["20260101"]),
        ("qqqqqqqq", []),
    ],
)
def test_what_is_asked_for_is_found(folder: Path, text: str, expected: list[str]) -> None:
    assert ids(folder, text) == expected


@pytest.mark.parametrize("text", ["tokenizer --endless", "tokenizer -l -1", "tokenizer --loop"])
def test_an_option_or_a_number_that_somebody_tells_of_leaves_no_session_out(folder: Path, text: str) -> None:
    (folder / "20260401-100000.md").write_text(
        journal("20260401-100000", "options", "The options -l and -1 of `tokenizer --endless-loop` are gone.")
    )
    assert "20260401" in ids(folder, text)


def test_a_pair_of_words_does_not_outweigh_a_word_more(tmp_path: Path) -> None:
    """A pair is rarer than its words, and bm25 makes much of what is rare."""
    told = {1: "The quick cache is gone today.", 2: "The cache, being quick, has a parser."}
    told |= {n: f"A {('cache', 'quick', 'parser')[n % 3]} of another kind is here." for n in range(3, 12)}
    for number in range(40):
        said = told.get(number, "Nothing of note happened on that day.")
        (tmp_path / f"202601{number:02d}-100000.md").write_text(journal("20260101-100000", "stage", said))
    assert ids(tmp_path, "quick cache parser")[:2] == ["20260102", "20260101"]


def test_the_session_that_it_is_about_comes_before_those_that_mention_it(folder: Path) -> None:
    assert ids(folder, "parser")[0] == "20260101"


def test_a_session_is_found_by_any_file_that_it_changed_also_by_one_that_its_entries_leave_out(
    folder: Path,
) -> None:
    files = [f"src/part{number}.py" for number in range(20)] + ["src/checkpointer.py"]
    whole = f"{journal('20260105-100000', 'many', 'A large change')}\n{metadata.comment({'files': files})}\n"
    (folder / "20260105-100000.md").write_text(whole)
    for text in ("checkpointer.py", "src/checkpointer", '"checkpointer py"'):
        assert ids(folder, text)[0] == "20260105"


@pytest.mark.parametrize(
    "said",
    [
        {"commits": [["\udcce", "p", "t"]]},
        {"rewrites": [["a", "\udcce"]]},
        {"commits": [["a", "", ""]], "whole": "\udcce"},
    ],
)
def test_half_a_character_in_an_archive_s_comment_stops_no_search(
    folder: Path, said: dict[str, object]
) -> None:
    comment = f"<!-- patina: {json.dumps({'v': 1, **said})} -->"
    (folder / "20260105-100000.md").write_text(
        f"{journal('20260105-100000', 'torn', 'A torn comment')}\n{comment}\n"
    )
    assert ids(folder, "torn comment") == ["20260105"]


def test_a_forgiven_word_is_said(folder: Path) -> None:
    found = search.search(gather.folder(folder), "tokenizre", at=None, limit=10, now=NOW)
    assert [word for word, _ in found.read_as] == ["tokenizre"]


def test_the_lines_that_match_are_shown_with_their_numbers(folder: Path) -> None:
    [hit] = search.search(gather.folder(folder), "endless", at=None, limit=10, now=NOW).hits
    lines = hit.path.read_text().split("\n")
    assert hit.lines
    assert all(lines[number - 1].strip() == line for number, line in hit.lines)


@given(st.text(max_size=60))
def test_no_text_is_a_syntax_error(text: str) -> None:
    with index.opened(None) as db:
        expression = query.expression(query.parse(text))
        if expression:
            db.execute(
                "SELECT rowid FROM text WHERE text MATCH ?", (expression.replace("\0", " "),)
            ).fetchall()


@given(
    st.lists(
        st.sampled_from(['"', "-", "*", ":", "(", ")", "AND", "NEAR", "NOT", "a", "file:", "^", "'", " "])
    ).map("".join)
)
def test_no_operator_of_fts5_gets_through(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.getbasetemp()
    search.search([Source(id="x", path=folder / "none.md")], text, at=None, limit=3, now=NOW)


def test_a_date_that_is_none_is_said(folder: Path) -> None:
    with pytest.raises(PatinaError, match="is no date"):
        ids(folder, "since:whenever")


def test_the_index_follows_new_changed_and_removed_journals(folder: Path, tmp_path: Path) -> None:
    at = tmp_path / "index.db"

    def found(text: str) -> list[str]:
        return [h.id for h in search.search(gather.folder(folder), text, at=at, limit=10, now=NOW).hits]

    first = folder / "20260101-100000.md"
    assert found("tokenizer") == ["20260101-100000"]
    first.write_text(first.read_text().replace("tokenizer", "lexer"))
    assert found("lexer") == ["20260101-100000"]
    (folder / "20260401-100000.md").write_text(journal("20260401-100000", "new", "quasar"))
    assert found("quasar") == ["20260401-100000"]
    first.unlink()
    assert found("lexer") == []


def test_the_index_reads_nothing_when_nothing_changed(folder: Path, tmp_path: Path) -> None:
    with index.opened(tmp_path / "index.db") as db:
        assert index.follow(db, gather.folder(folder)) == 3
    before = (tmp_path / "index.db").read_bytes()
    with index.opened(tmp_path / "index.db") as db:
        assert index.follow(db, gather.folder(folder)) == 0
    assert (tmp_path / "index.db").read_bytes() == before


@pytest.mark.parametrize("damage", [b"not a database", b"", b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_index_is_made_anew(folder: Path, tmp_path: Path, damage: bytes) -> None:
    at = tmp_path / "index.db"
    at.write_bytes(damage)
    hits = search.search(gather.folder(folder), "tokenizer", at=at, limit=10, now=NOW).hits
    assert [h.id for h in hits] == ["20260101-100000"]
    assert sqlite3.connect(at).execute("SELECT count(*) FROM journal").fetchone() == (3,)


def test_where_the_index_cannot_be_written_searching_goes_on(folder: Path, tmp_path: Path) -> None:
    at = tmp_path / "missing" / "index.db"
    assert search.search(gather.folder(folder), "tokenizer", at=at, limit=10, now=NOW).hits


@given(st.binary(max_size=300))
def test_any_bytes_can_be_a_journal(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "20260101-000000.md"
    path.write_bytes(data)
    search.search([Source(id=path.stem, path=path)], "x y", at=None, limit=3, now=NOW)


@pytest.mark.parametrize(
    ("one", "other", "slips"),
    [("parser", "parser", 0), ("parsre", "parser", 1), ("pasrer", "parser", 1), ("a", "abcd", 3)],
)
def test_slips_are_counted(one: str, other: str, slips: int) -> None:
    assert min(spelling.distance(one, other, 2), 3) == min(slips, 3)


@given(st.text("abc", max_size=7), st.text("abc", max_size=7))
def test_the_number_of_slips_is_the_same_both_ways(one: str, other: str) -> None:
    assert spelling.distance(one, other, 9) == spelling.distance(other, one, 9)


def test_the_command_finds_the_active_session_the_archive_and_other_repositories(
    repo: Repo, tmp_path: Path
) -> None:
    repo.patina("init")
    repo.patina("session", "start", "first")
    repo.patina("note", "the quasar was in the cache")
    repo.patina("session", "end")
    repo.patina("session", "start", "second")
    repo.patina("note", "the quasar again")
    found = json.loads(repo.patina("search", "quasar", "--json").stdout)
    assert [hit["title"] for hit in found["hits"]].count("second") == 1
    assert len(found["hits"]) == 2
    other = Repo.create(tmp_path / "other")
    other.patina("init")
    other.patina("session", "start", "elsewhere")
    assert other.patina("search", "quasar", check=False).stdout == ""
    everywhere = other.patina("search", "quasar", "--all", "--ids").stdout.split()
    assert len(everywhere) == 1


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["parser", "-flake"], ["20260101", "20260301"]),
        (["-flake", "parser"], ["20260101", "20260301"]),
        (["parser", "-keyed by"], ["20260101", "20260301"]),
        (["--limit", "1", "parser", "-cache", "--ids"], ["20260101"]),
        (["-hooks", "tokenizer"], ["20260101"]),
        (["parser", "author:Ada Lovelace"], []),
        (["keyed by mtime", "zzz"], ["20260201"]),
        (["parser", "--", "-flake", "--nothing"], ["20260101", "20260301"]),
    ],
)
def test_a_query_is_read_as_it_was_typed(
    folder: Path, words: list[str], expected: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert cli.answer(["search", "--ids", "--from", str(folder), *words]) == 0
    assert [line[:8] for line in capfd.readouterr().out.split()] == expected


def test_an_option_that_there_is_not_is_said(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.answer(["search", "--idss", "parser", "--from", str(folder)]) == 2
    assert "No such option" in capfd.readouterr().err


def test_a_heading_that_matches_is_shown_as_it_stands(repo: Repo) -> None:
    repo.patina("init")
    repo.patina("session", "start", "first")
    repo.commit("feat: the quasar", a="1\n")
    repo.patina("session", "end")
    assert re.search(
        r"^  \d+: ### \d\d:\d\d - Commit .*quasar$", repo.patina("search", "quasar").stdout, re.MULTILINE
    )


def test_a_known_session_is_found_by_what_the_next_one_says_of_it(tmp_path: Path) -> None:
    """The measure of the project's own evaluation, on journals of 60 made-up sessions."""
    themes = [
        f"{a}{b}"
        for a in ("parser", "cache", "hook", "index", "watch", "docker")
        for b in ("", "s", "ing", "er", "ed", "able", "less", "ful", "ly", "ment")
    ]
    for number, theme in enumerate(themes):
        said = f"Rewrote the {theme} so that stage {number} no longer waits. Common words: build test run fix error."
        name = f"20260101-{number // 60:02d}{number % 60:02d}00"
        (tmp_path / f"{name}.md").write_text(journal(name, f"stage {number}", said))
    good = 0
    for number, theme in enumerate(themes):
        found = search.search(
            gather.folder(tmp_path),
            f"Rewrote the {theme}, stage {number} no longer waits",
            at=None,
            limit=1,
            now=NOW,
        )
        good += bool(re.search(rf"stage {number}\b", found.hits[0].title))
    assert good / len(themes) > 0.9
