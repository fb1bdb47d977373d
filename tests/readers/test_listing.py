"""A list names every session once, the latest first, and fits the terminal whatever a title holds."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patina_sessions import safe
from patina_sessions.paths import Layout
from patina_sessions.readers import columns, facts, listing
from patina_sessions.readers.listing import Row
from tests import corpus
from tests.readers import journals
from tests.readers.journals import activate, journal, put

GOLDEN = Path(__file__).parents[1] / "data" / "golden" / "list.json"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return journals.new_layout(tmp_path)


def ids(layout: Layout, *, everything: bool = False) -> list[str]:
    return [row.facts.id for row in listing.rows(layout, everything=everything)]


def test_the_latest_comes_first_by_utc_and_the_active_one_before_it(layout: Layout) -> None:
    put(layout, "20260301-230000", journal(meta=journals.facts(started="2026-03-01T14:00:00+00:00")))
    put(
        layout,
        "20260301-100000",
        journal(meta=journals.facts(started="2026-03-01T18:00:00+00:00")),
        tree=False,
    )
    activate(layout, journal("20250101-000000"))
    assert ids(layout) == ["20250101-000000", "20260301-100000", "20260301-230000"]
    first, second, third = listing.rows(layout)
    assert (first.active, first.path, first.facts.ended) == (True, ".patina/local/active-session.md", None)
    assert (second.active, second.path) == (False, None)
    assert third.path == "layer/sessions/20260301-230000.md"


def test_a_journal_that_was_saved_once_more_after_its_end_is_not_active(layout: Layout) -> None:
    put(layout, "20260301-120000", journal(meta=journals.facts()))
    activate(layout, journal("20260301-120000"))
    assert [row.active for row in listing.rows(layout)] == [False]
    put(layout, "20260302-120000", journal("20260302-120000", meta=journals.facts(commits=[])), tree=False)
    activate(layout, journal("20260302-120000"))
    assert ids(layout) == ["20260301-120000"]


def test_a_session_in_which_nothing_happened_is_listed_only_with_everything(layout: Layout) -> None:
    put(layout, "1", journal(meta=journals.facts(commits=[])), tree=False)
    assert ids(layout) == []
    assert ids(layout, everything=True) == ["1"]


def test_what_is_not_known_is_null_and_never_left_out(layout: Layout) -> None:
    put(layout, "notes", b"# notes\n")
    row = listing.as_json(listing.rows(layout)[0])
    assert row.pop("id") == row.pop("title") == "notes"
    assert row.pop("path") == "layer/sessions/notes.md"
    assert row.pop("active") is False
    assert set(row.values()) == {None}


def test_bytes_that_are_no_text_reach_no_program(layout: Layout) -> None:
    put(layout, "1", b"# Session: a\xffb\n**ID**: 1\n**Branch**: \xfe\n")
    row = listing.as_json(listing.rows(layout)[0])
    assert (row["title"], row["branch"]) == ("a?b", "?")


def test_the_object_for_programs_is_as_it_always_was(layout: Layout) -> None:
    for path in corpus.own():
        put(layout, path.stem, path.read_bytes())
    rows = [listing.as_json(row) for row in listing.rows(layout)]
    text = json.dumps(rows, indent=2, ensure_ascii=False) + "\n"
    if not GOLDEN.exists() or GOLDEN.read_text() != text:
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(text)
        pytest.fail(f"{GOLDEN} was written anew: look at the difference; fields may be added, never renamed")


TITLES = st.one_of(
    st.text(max_size=60),
    st.sampled_from(["汉字" * 40, "\u202e\x1b[2J", "e\u0301" * 50, "\udcff\n\t", "👩‍👩‍👧" * 9]),
)


@given(st.lists(TITLES, min_size=1, max_size=4), TITLES, st.sampled_from([80, 100, 120, 200]))
def test_no_line_of_the_table_is_wider_than_the_terminal_and_nothing_hides_in_it(
    titles: list[str], branch: str, width: int
) -> None:
    rows = [Row(facts=facts.Facts(id="20260301-120000", title=t, branch=branch, work_type=t)) for t in titles]
    lines = listing.table(rows, width=width)
    assert len(lines) == len(rows) + 1
    for line in lines:
        assert columns.width(line) <= width
        assert not any(map(journals.hides, line))


def test_the_table_says_what_there_is(layout: Layout) -> None:
    assert listing.table([]) == []
    for path in corpus.own():
        put(layout, path.stem, path.read_bytes())
    head, first, *_ = listing.table(listing.rows(layout))
    assert head.split() == ["ID", "STARTED", "LENGTH", "COMMITS", "FILES", "TYPE", "BRANCH", "TITLE"]
    assert first.split() == (
        "20260119-140210 2026-01-19 13:02 1 h 18 min 2 4 experiment main the cache: don't trust mtimes".split()
    )
    assert "TYPE" not in listing.table(listing.rows(layout), width=80)[0]


@pytest.mark.parametrize("title", ["say <!-- 99 --> once", "# of threads", "a \\ b", "- [ ] x", "plain"])
def test_the_table_shows_a_title_as_it_was_given_and_not_as_markdown_needs_it(title: str) -> None:
    row = Row(facts=facts.Facts(id="20260101-000000", title=safe.line(title)))
    assert listing.table([row])[1].endswith(f"  {title}")


def test_a_list_of_many_sessions_costs_no_more_for_the_length_of_their_journals(layout: Layout) -> None:
    short, long = (
        journal(meta=journals.facts()),
        journal(log="### 12:10 - Note\nhm\n" * 5000, meta=journals.facts()),
    )

    def cost(data: bytes) -> float:
        for i in range(20):
            put(layout, f"2026030{i % 9}-1200{i:02d}", data)
        times = []
        for _ in range(5):
            begun = time.process_time()
            assert len(listing.rows(layout)) == 20
            times.append(time.process_time() - begun)
        return min(times)

    assert len(long) > 100 * len(short)
    assert cost(long) < 20 * cost(short)


@pytest.mark.parametrize("module", ["previous", "context", "listing", "showing"])
def test_no_reader_loads_markdown_git_or_the_command_line_before_it_must(module: str) -> None:
    heavy = ("markdown_it", "git", "click", "docker", "watchdog", "subprocess")
    script = f"import sys, patina_sessions.readers.{module}; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
