"""Whatever comes from outside, the journal's own structure cannot be forged, and nothing can hide."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patina_sessions import safe
from patina_sessions.journal import grammar, render

PIECES = st.sampled_from(
    [
        "# ",
        "## Goals",
        "### 14:03 - x",
        "<!--",
        "-->",
        "<!-- 3 -->",
        "```",
        "~~~~",
        "**ID**: ",
        "- [ ] ",
        "- [x] a",
        "===",
        "---",
    ]
    + [
        "\n",
        "\r\n",
        "\r",
        "\t",
        " ",
        "\x1b[2J",
        "\u202e",
        "\u2028",
        "\x0b",
        "\x85",
        "\udc80",
        "`",
        "\\",
        "é",
        "汉",
        "👩‍👩‍👧",
        "\ufeff",
        "\u200b",
    ]
)
HOSTILE = st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=30).map("".join)
HEAD = "# Session: t\n**ID**: 20260101-000000\n\n## Goals\n- [ ] one\n\n## Activity Log\n"


def journal_with(body: str) -> bytes:
    return f"{HEAD}\n### 09:00 - Note <!-- 7 -->\n{body}\n\n### 09:01 - Note <!-- 8 -->\nend\n".encode(
        "utf-8", "surrogateescape"
    )


@given(HOSTILE)
def test_no_note_forges_a_heading_a_field_a_goal_or_a_number(text: str) -> None:
    read = grammar.parse(journal_with(safe.block(text)))
    assert [e.number for e in read.entries] == [7, 8]
    assert [g.text for g in read.goals] == ["one"]
    assert list(read.sections) == ["Goals", "Activity Log"]
    assert render.numbers(journal_with(safe.block(text))) == [7, 8]


@given(HOSTILE)
def test_what_was_made_safe_once_is_not_changed_by_a_second_pass(text: str) -> None:
    once = safe.block(text)
    assert safe.block(once) == once


@given(HOSTILE, st.integers(min_value=10, max_value=80))
def test_a_line_is_one_line_and_starts_nothing(text: str, limit: int) -> None:
    made = safe.line(text, limit=limit)
    assert made and not re.search(r"[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", made)
    data = f"{HEAD}\n### 09:00 - {made} <!-- 7 -->\n- {made}\n".encode("utf-8", "surrogateescape")
    read = grammar.parse(data)
    assert [e.number for e in read.entries] == [7]
    assert [g.text for g in read.goals] == ["one"]


@given(HOSTILE)
def test_nothing_that_hides_is_left_in_any_output(text: str) -> None:
    for made in (safe.line(text), safe.code(text), safe.block(text), safe.fence(text), safe.path(text)):
        assert "<!--" not in made
        assert not re.search(
            r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\u2028\u2029\ufeff\ud800-\udfff]",
            made,
        )


@given(HOSTILE)
def test_a_code_span_cannot_be_closed_from_inside(text: str) -> None:
    made = safe.code(text)
    ticks = re.match(r"`+", made)
    assert ticks and made.endswith(ticks[0])
    inner = made[len(ticks[0]) : -len(ticks[0])]
    assert ticks[0] not in re.findall(r"`+", inner)


@given(HOSTILE)
def test_a_fence_is_longer_than_any_inside(text: str) -> None:
    data = journal_with(safe.fence(text))
    assert [e.number for e in grammar.parse(data).entries] == [7, 8]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\u202eb", "a\\u202eb"),
        ("caf\udce9", "caf\\xe9"),
        ("naïve 汉字 👩‍👩‍👧 ❤️", "naïve 汉字 👩‍👩‍👧 ❤️"),
    ],
)
def test_what_hides_is_shown_and_what_reads_stays(given: str, shown: str) -> None:
    assert safe.line(given) == shown


def test_markdown_that_people_write_stays_as_it_is() -> None:
    text = "- a bullet with `code` and **bold**\n  - deeper\n\n1. one\n\n```python\n# no heading\nx = 1\n```\n\n[link](https://e.org)"
    assert safe.block(text) == text


def test_ten_thousand_characters_of_subject_become_a_short_line() -> None:
    assert len(safe.line("x" * 10_000)) == 200


def test_a_rename_arrow_in_a_name_is_inside_quotes() -> None:
    assert safe.path("a -> b") == '`"a -> b"`'
    assert safe.path(b"caf\xe9.txt") == "`caf\\xe9.txt`"
