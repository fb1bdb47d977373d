"""A journal is shown as it is, or as text in which only our own escape sequences reach the terminal."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patina_sessions.errors import PatinaError
from patina_sessions.paths import Layout
from patina_sessions.readers import columns, showing, terminal
from tests import corpus
from tests.readers import journals
from tests.readers.journals import activate, journal, put


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return journals.new_layout(tmp_path)


def test_without_an_id_it_is_the_active_journal_else_the_last(layout: Layout) -> None:
    with pytest.raises(PatinaError, match="there is no session yet"):
        showing.find(layout)
    put(layout, "1", journal("1", meta=journals.facts(commits=[])), tree=False)
    put(layout, "0", journal("0", meta=journals.facts(started="2026-02-01T10:00:00Z")))
    assert showing.find(layout).row.facts.id == "1"
    data = journal("2")
    activate(layout, data)
    assert showing.find(layout).data == data
    assert showing.find(layout).row.active


def test_the_beginning_of_an_id_is_enough_and_the_active_one_counts(layout: Layout) -> None:
    put(layout, "20260301-120000", b"# one\n")
    activate(layout, journal("20260302-120000"))
    assert showing.find(layout, "20260301").data == b"# one\n"
    assert showing.find(layout, "20260302").row.active
    with pytest.raises(PatinaError, match="2 sessions begin with '2026'"):
        showing.find(layout, "2026")
    with pytest.raises(PatinaError, match="there is no session '2027'"):
        showing.find(layout, "2027")


def test_a_journal_that_was_saved_once_more_after_its_end_is_shown_as_it_was_archived(layout: Layout) -> None:
    data = journal("1", meta=journals.facts())
    put(layout, "1", data)
    activate(layout, journal("1", title="saved late"))
    assert showing.find(layout).data == showing.find(layout, "1").data == data


def test_where_the_active_journal_is_away_its_mirror_is_shown(layout: Layout) -> None:
    layout.mirror.parent.mkdir(parents=True)
    layout.mirror.write_bytes(journal("1"))
    assert showing.find(layout).row.active


def test_the_bytes_are_those_of_the_file(layout: Layout) -> None:
    data = (corpus.OWN / "20251201-101010.md").read_bytes() + b"\xff\x00"
    put(layout, "x", data)
    assert showing.find(layout, "x").data == data


def test_the_object_for_programs_holds_what_the_journal_says(layout: Layout) -> None:
    put(layout, "20251103-091500", (corpus.OWN / "20251103-091500.md").read_bytes())
    shown = showing.as_json(showing.find(layout))
    assert shown["id"] == "20251103-091500"
    assert shown["goals"][1] == {"number": 2, "text": "Parse a table without one", "done": False}
    assert shown["entries"][-1] == {
        "date": "2025-11-04",
        "time": "00:12",
        "what": "Checkout `feature/tables` → `main`",
        "body": "At 3f1c0f0e5d",
    }
    assert shown["classification"]["Commits"] == "1"
    assert shown["previous_context"].startswith("Split the tokenizer")


# ------------------------------------------------------------------------------------------------------- on a terminal


def text(markdown: str, *, color: bool = False, width: int | None = None) -> str:
    return terminal.text(markdown.encode("utf-8", "surrogateescape"), color=color, width=width)


def test_a_journal_reads_well_on_a_terminal() -> None:
    shown = text(
        "# Session: x\n**ID**: 1\n**LLM**: none\n\n## Goals\n- [ ] one\n  - [x] two\n- three\n\n## Activity Log\n"
        "### 14:03 - Note <!-- 17 -->\nSee [the page](https://example.org), `code` and *that*.\n\n"
        "**Key decisions:**\n- \n\n```sh\nrm -r x\n\tindented\n```\n> quoted\n\n3. c\n4. d\n\n<!-- patina: {} -->\n",
        width=60,
    )
    assert shown == (
        "Session: x\n==========\nID: 1\nLLM: none\n\nGoals\n-----\n- [ ] one\n  - [x] two\n- three\n\n"
        "Activity Log\n------------\n\n14:03 - Note\nSee the page (https://example.org), code and that.\n\n"
        "Key decisions:\n-\n\n    rm -r x\n        indented\n> quoted\n\n3. c\n4. d\n"
    )


def test_headings_are_bold_and_code_is_coloured_where_colour_is_wanted() -> None:
    shown = text("## Goals\n- **a** `b`\n", color=True)
    assert shown == "\x1b[1mGoals\x1b[0m\n\x1b[2m-----\x1b[0m\n- \x1b[1ma\x1b[0m \x1b[36mb\x1b[0m\n"


def test_a_long_line_is_cut_at_blanks_and_goes_on_below_its_beginning() -> None:
    assert text("- aaaa bbbb cccc dddd eeee ffff\n", width=20) == "- aaaa bbbb cccc\n  dddd eeee ffff\n"
    assert text("- 汉字汉字 汉字汉字 汉字\n", width=22) == "- 汉字汉字 汉字汉字\n  汉字\n"


def test_front_matter_is_shown_as_it_is() -> None:
    assert text("---\ntitle: x\n---\n\n## Goals\n") == "---\ntitle: x\n---\n\nGoals\n-----\n"


PIECES = st.sampled_from(
    [
        "# a",
        "- b",
        "  c",
        "> ",
        "```",
        "[a](b\udcff)",
        "<http://é\udc80>",
        "&#27;[2J",
        "\x1b[31m",
        "<!--",
        "-->",
        "**",
        "`",
    ]
    + [
        "\r",
        "\t",
        "![x](y)",
        "1. ",
        "10) ",
        "---",
        "***",
        "\u202e",
        "\\",
        "<b>",
        "|a|b|",
        "[r]: /x",
        "[r]",
        "汉字",
    ]
    + ["a" * 50, " " * 30, "&#x202e;", "&#x9b;", "\x9b", "\x07", "\n", "\n", "\n"]
)
HOSTILE = st.lists(
    st.one_of(PIECES, st.binary(max_size=6).map(lambda b: b.decode("utf-8", "surrogateescape"))), max_size=30
)


@given(HOSTILE.map("".join), st.sampled_from([None, 1, 40, 80]))
@settings(max_examples=400)
def test_only_our_own_escape_sequences_reach_the_terminal(markdown: str, width: int | None) -> None:
    plain, painted = (text(markdown, color=color, width=width) for color in (False, True))
    assert not any(map(journals.hides, plain.replace("\n", "")))
    bare = re.sub(r"\x1b\[[0-9;]+m", "", painted)
    assert [line.rstrip() for line in bare.split("\n")] == plain.split("\n")


@given(
    st.lists(st.tuples(st.text("ab 汉\n", max_size=12), st.sampled_from(["", "1"])), max_size=6),
    st.integers(1, 20),
)
def test_wrapping_loses_nothing_and_keeps_to_the_width_where_words_are_short_enough(
    spans: list[columns.Span], room: int
) -> None:
    lines = list(columns.wrap(spans, room))
    words = "".join(said for said, _ in spans).split()
    assert "".join(said for line in lines for said, _ in line).replace(" ", "") == "".join(words)
    for line in lines:
        said = "".join(part for part, _ in line)
        assert columns.width(said.rstrip(" ")) <= room or len(said.split()) == 1


def test_every_journal_of_the_corpus_is_shown() -> None:
    for path in corpus.journals()[::5]:
        shown = terminal.text(path.read_bytes(), color=False, width=80)
        assert "<!--" not in shown
        assert len(shown.split()) > 20, path
