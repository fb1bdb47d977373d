"""What a journal does not say is not known; whatever it says, reading it raises nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patina_sessions.journal import grammar, metadata
from patina_sessions.readers import facts
from tests import corpus
from tests.readers import journals


def own(name: str) -> facts.Facts:
    return facts.of(name, (corpus.OWN / f"{name}.md").read_bytes())


def test_a_journal_of_ours_says_all_of_it_in_its_last_line() -> None:
    found = own("20251103-091500")
    assert (found.title, found.author, found.branch, found.llm) == (
        "teach the parser about tables",
        journals.ADA,
        "main",
        "claude",
    )
    assert (found.commits, found.files, found.work_type) == (1, 3, "experiment")
    assert found.started == datetime(2025, 11, 3, 8, 15, tzinfo=UTC)
    assert found.seconds == (15 * 60 + 5) * 60
    assert found.zone.utcoffset(None) == timedelta(hours=1)
    assert found.head == "8c1d2e3f40516273849506172839405162738495"
    assert found.kept


def test_only_the_ends_of_such_a_file_are_read_and_that_gives_the_same() -> None:
    data = (corpus.OWN / "20251103-091500.md").read_bytes()
    assert facts.of("20251103-091500", data) == facts.of_journal("20251103-091500", grammar.parse(data))


def test_an_older_journal_is_known_by_what_stands_in_it() -> None:
    found = own("20260119-140210")
    assert found.started == datetime(2026, 1, 19, 13, 2, 10, tzinfo=UTC)
    assert found.seconds == 78 * 60
    assert (found.branch, found.llm, found.commits, found.files) == ("main", "gemini", 2, 4)
    assert (found.author, found.head) == (None, None)


def test_a_free_form_is_known_by_its_date_and_its_name() -> None:
    assert own("20250611-notes-on-locks").started == datetime(2025, 6, 11, tzinfo=UTC)
    assert own("20250812-080000-init").started == datetime(2025, 8, 12, 8, 0, 0, 123456, tzinfo=UTC)
    assert facts.of("20250101-101112-x", b"# notes\n").started == datetime(2025, 1, 1, 10, 11, 12, tzinfo=UTC)
    timed = facts.of("notes", b"# notes\n**Date**: 2025-07-28\n**Time**: 21:04 UTC\n")
    assert timed.started == datetime(2025, 7, 28, 21, 4, tzinfo=UTC)
    unknown = facts.of("notes", b"# notes\n")
    assert (unknown.started, unknown.ended, unknown.seconds, unknown.commits) == (None, None, None, None)


@pytest.mark.parametrize(
    ("headings", "minutes"),
    [
        (["06:49", "10:10"], 201),
        (["23:50", "00:12"], 22),
        (["20:21", "13:55"], 17 * 60 + 34),
        (["15:05", "16:00", "15:55"], 50),
        (["10:00", "2025-10-05 10:00", "2025-10-06 09:00"], 23 * 60),
        (["2025-10-04 22:00", "2025-10-06 01:00"], 27 * 60),
        (["10:00"], 0),
    ],
)
def test_the_end_of_an_older_journal_is_its_last_entry(headings: list[str], minutes: int) -> None:
    text = "# Session: x\n**Started**: 2025-10-04T10:00:00Z\n" + "".join(f"### {h} - x\n" for h in headings)
    found = facts.of("x", text.encode())
    assert found.ended is not None
    assert found.started is not None
    assert found.ended - found.started == timedelta(minutes=minutes)


def test_a_session_in_which_nothing_happened_is_known() -> None:
    assert not facts.of("x", journals.journal(meta=journals.facts(commits=[], files=[]))).kept
    assert facts.of("x", journals.journal(meta=journals.facts())).kept
    assert facts.of("x", journals.journal(meta=journals.facts(commits=[], runs=[{}]))).kept
    assert facts.of("x", journals.journal(log="### 12:10 - Note\nhm", meta=journals.facts(commits=[]))).kept
    assert not facts.of("x", journals.journal(meta=journals.facts(kept=False))).kept


@pytest.mark.parametrize(
    "moment", ["9999-12-31T23:59:00Z", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+10:00", "x", 7]
)
def test_a_moment_that_leads_out_of_the_calendar_is_not_believed(moment: object) -> None:
    found = facts.of("x", journals.journal(meta=journals.facts(started=moment, ended=moment)))
    assert found.started == datetime(2026, 3, 1, 11, tzinfo=UTC)
    assert found.ended is None


ANYTHING = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.text(max_size=5),
        st.sampled_from(["0001-01-01", "9999-12-31T23:59-10:00", "9999-12-31T23:59Z", "+1000"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(journals.facts(kept=True), ANYTHING)),
    st.sampled_from(
        [
            "",
            "**Started**: 0001-01-01T00:00:00+23:00\n",
            "**Started**: x\n",
            "**Date**: 2025-01-01\n**Time**: 99:99\n",
        ]
    ),
    st.lists(
        st.sampled_from(
            [
                "### 99:99 - x\n",
                "### 9999-99-99 10:00 - y\n",
                "### 10:00\n",
                "- Commits: " + "9" * 5000 + "\n",
            ]
        )
    ),
)
def test_no_journal_makes_reading_it_fail(meta: dict[str, object], head: str, lines: list[str]) -> None:
    text = f"# x\n{head}\n## Session Classification\n{''.join(lines)}\n"
    for data in (text, text + metadata.comment(meta)):
        found = facts.of("99999999-999999", data.encode())
        assert found.seconds is None or found.seconds >= 0
        assert isinstance(found.kept, bool)
        for moment in (found.started, found.ended):
            assert moment is None or moment.astimezone(found.zone) == moment.astimezone() == moment


@pytest.mark.parametrize("text", ["+25:00", "+0099", "x", None, 7, ""])
def test_a_zone_that_is_none_is_utc(text: object) -> None:
    assert facts.zone(text) is UTC


def test_in_the_corpus_all_have_a_start_and_what_ended_took_less_than_two_days() -> None:
    for path in corpus.journals():
        found = facts.of(path.stem, path.read_bytes())
        assert found.started is not None, path
        assert (
            found.started.strftime("%Y%m%d") in (path.stem[:8], f"{int(path.stem[:8]) + 1}")
            or path.stem[6:8] >= "28"
        )
        assert found.seconds is None or found.seconds < 2 * 86400, path
