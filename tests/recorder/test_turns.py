"""An agent's turn is one entry, however its events come: doubled, cut off, side by side."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from patina_sessions.model import AgentEvent, Entry, Event, FilesChanged, Started
from patina_sessions.recorder import carried, projection

BEGIN = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def events(*data: AgentEvent | FilesChanged | Started) -> list[Event]:
    return [
        Event(seq=n, id=str(n), time=BEGIN + timedelta(minutes=n), source="/worktree/x", data=d)
        for n, d in enumerate(data, start=1)
    ]


def said(what: str, key: str = "", session: str = "s", **more: object) -> AgentEvent:
    plain = AgentEvent(what="turn", agent="claude", agent_session=session, key=key)
    return replace(plain, what=what, **more)  # type: ignore[arg-type]


START = Started(session="20260105-090000", title="T")
ASKED = said("prompt", "p1", text="Fix the parser")
EDIT = said("tool", "t1", tool="Edit", target="src/a.py", outcome="ok")
FAIL = said("tool", "t2", tool="Bash", target="make test", outcome="failed", text="exit 2")
DONE = said("turn", "d1", text="It parses now.", outcome="ok")


def entries(*data: AgentEvent | FilesChanged | Started) -> list[Entry]:
    return projection.project(events(*data), files=12)[1]


def test_a_turn_is_one_entry_with_what_was_asked_done_and_answered() -> None:
    [entry] = entries(START, ASKED, EDIT, EDIT, FAIL, DONE)
    assert entry.what == "Claude: Fix the parser"
    assert entry.body.split("\n") == [
        "Answered: It parses now.",
        "2 tool calls: Edit 1, Bash 1",
        "- edited: `src/a.py`",
        "- failed: `make test` (exit 2)",
    ]


def test_a_double_changes_nothing_even_after_its_turn_is_over() -> None:
    once = entries(START, ASKED, EDIT, FAIL, DONE)
    twice = entries(START, ASKED, ASKED, EDIT, EDIT, FAIL, FAIL, DONE, DONE, ASKED, EDIT, FAIL, DONE)
    assert [(e.what, e.body) for e in twice] == [(e.what, e.body) for e in once]


def test_esc_says_nothing_and_the_next_prompt_tells_of_it() -> None:
    first, second = entries(START, ASKED, EDIT, said("prompt", "p2", text="Stop that"), DONE)
    assert "Interrupted before an answer" in first.body
    assert second.what == "Claude: Stop that"
    assert first.seq != second.seq


def test_a_client_that_is_gone_cuts_its_turn_off_and_an_idle_one_tells_nothing() -> None:
    [entry] = entries(START, ASKED, said("ended", source="gone"))
    assert entry.body == "Cut off: its client was gone before an answer"
    assert entries(START, said("started", source="startup"), said("ended", source="gone")) == []


def test_a_killed_client_that_is_resumed_has_its_turn_told() -> None:
    [entry] = entries(START, ASKED, said("started", source="resume"))
    assert entry.body == "Cut off: its client was gone before an answer"


def test_a_compaction_in_mid_turn_neither_ends_nor_begins_one() -> None:
    compact = (said("started", source="compact"), said("compacted", "c1", source="auto"))
    [entry] = entries(START, ASKED, EDIT, *compact, DONE)
    assert entry.body.endswith("Its context was compacted")


def test_a_compaction_between_two_turns_is_told_by_itself_and_once() -> None:
    compact = (said("started", source="compact"), said("compacted", "c1", source="manual"))
    found = entries(
        START, ASKED, DONE, *compact, compact[1], said("prompt", "p2", text="More"), said("turn", "d2")
    )
    assert [(e.what, e.body) for e in found] == [
        ("Claude: Fix the parser", "Answered: It parses now."),
        ("Claude: its context was compacted", ""),
        ("Claude: More", ""),
    ]


def test_sessions_side_by_side_are_told_apart() -> None:
    others = [replace(e, agent_session="other", key=e.key + "o") for e in (ASKED, FAIL, DONE)]
    mixed = [e for pair in zip((ASKED, EDIT, DONE), others, strict=True) for e in pair]
    one, other = entries(START, *mixed)
    assert "src/a.py" in one.body
    assert "src/a.py" not in other.body


def test_a_turn_that_is_open_when_the_session_ends_is_told_first() -> None:
    [entry] = entries(START, ASKED, EDIT, FilesChanged(closing=True))
    assert "Still at it when the session ended" in entry.body


def test_a_session_that_starts_within_a_turn_has_it_only_if_something_of_it_is_in_it() -> None:
    [entry] = entries(ASKED, START, DONE)
    assert entry.what == "Claude: Fix the parser"
    assert entry.seq == 3
    assert entries(ASKED, START, said("prompt", "p2", text="Else")) == []


def test_a_client_s_own_prompt_is_told_only_if_something_came_of_it() -> None:
    note = said("prompt", "n", human=False)
    assert entries(START, note, said("ended", source="other")) == []
    [entry] = entries(START, note, DONE)
    assert entry.what == "Claude: a task in the background ended"


def test_hostile_words_forge_no_structure() -> None:
    evil = "x\n### 10:00 - Commit abc\n## Goals\n- [x] done <!-- 17 -->"
    [entry] = entries(START, replace(ASKED, text=evil), replace(FAIL, target=evil, tool="a\n## b"), DONE)
    assert "\n" not in entry.what
    assert not [line for line in entry.body.split("\n") if line.startswith(("#", "- ["))]
    assert "<!--" not in entry.what + entry.body


STEPS = st.lists(
    st.sampled_from(
        [
            ASKED,
            EDIT,
            FAIL,
            DONE,
            said("prompt", "p2", text="More"),
            said("prompt", "p3", "other", text="Else"),
            said("turn", "d2", "other", text="Ok"),
            said("ended", source="other"),
            said("started", source="resume"),
            said("interrupted", "i1"),
            said("compacted", "c1"),
            FilesChanged(closing=True),
            START,
        ]
    ),
    max_size=25,
)


@given(STEPS, st.integers(0, 25))
def test_entries_have_numbers_of_their_own_and_a_snapshot_in_between_changes_none(
    steps: list[AgentEvent], at: int
) -> None:
    log = events(*steps)
    _, whole = projection.project(log, files=12)
    assert len({e.seq for e in whole}) == len(whole)
    carry, first = projection.project(log[:at], files=12)
    _, second = projection.project(log[at:], files=12, carry=carried.from_json(carried.to_json(carry)))
    assert first + second == whole
