"""What stands in a log is known by its kind and its moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from patina_sessions import model
from patina_sessions.journal import grammar
from patina_sessions.readers import facts
from patina_sessions.readers.report import days, moments, testing, told
from patina_sessions.readers.report.told import Told
from patina_sessions.recorder import run_words, turns
from tests.golden import test_session
from tests.readers import journals

NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)


def tell(log: str, *, session: str = "20260301-120000", **meta: Any) -> Told:
    """Return a session of one log; it began on 1 March at 12:00, an hour east of Greenwich, and took 90 minutes."""
    data = journals.journal(session, log=log, meta=journals.facts(**meta))
    journal = grammar.parse(data)
    known = facts.of_journal(session, journal)
    there = moments.of(
        journal.entries,
        started=known.started and known.started.astimezone(known.zone),
        runs=meta.get("runs", ()),
    )
    return Told(facts=known, journal=journal, moments=tuple(there), commits=())


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("Commit 08c0be373f: feat: parse quotes", "commit"),
        ("Amend cc0e30bfaa → aae4b7bb0f: feat: parse quotes", "commit"),
        ("Merge 066b976580: Merge the fuzzer", "commit"),
        ("Commit to the plan", "other"),
        ("Test failed", "run"),
        ("Exec timed out", "run"),
        ("YOLO run passed", "yolo"),
        ("Test failed by luck", "other"),
        ("Note [main@cc0e30b]", "note"),
        ("Update (covering since 02:51)", "update"),
        ("Claude: Why is it slow?", "turn"),
        ("Goal done: speed", "goal"),
        ("Files worked on since 10:00", "files"),
        ("Rebase of `fuzz`: bac162c6ae → 68eb7e8e06", "git"),
        ("We had lunch", "other"),
    ],
)
def test_an_entry_s_kind_is_told_by_its_heading(heading: str, kind: str) -> None:
    one = tell(f"### 12:10 - {heading}\n").moments[-1]
    assert (one.kind, one.what) == (kind, heading)


def test_every_kind_of_event_has_a_kind_here() -> None:
    """The golden journal has all that the recorder can say; only what is nobody's mark is `other`."""
    told = (test_session.HERE / "session.md").read_bytes()
    run = model.RunFinished(run="r", kind="yolo", command="x", outcome="passed", passed=1)
    heading, body = run_words.run_finished(run)
    turn, said = turns.told(turns.Over(turn=turns.Turn(agent="claude", session="s", seq=1, asked="why?")))
    told += f"\n### 00:30 - {heading}\n{body}\n\n### 00:31 - {turn}\n{said}\n".encode()
    journal = grammar.parse(told)
    found = {one.what: one.kind for one in moments.of(journal.entries, started=None)}
    assert [what for what, kind in found.items() if kind == "other"] == ["Renamed: Another title"]
    assert {"start", "commit", "note", "git", "goal", "update", "yolo", "turn"} <= set(found.values())


def test_a_commit_s_id_is_the_one_that_it_has_now() -> None:
    log = "### 12:10 - Amend cc0e30bfaa → aae4b7bb0f: x\n\n### 12:11 - Commit 08c0be373f: y\n"
    assert [one.commit for one in tell(log).moments[1:]] == ["aae4b7bb0f", "08c0be373f"]


def test_a_time_that_goes_back_is_of_the_next_day_unless_a_person_rounded_it() -> None:
    log = "### 23:50 - Note\nx\n\n### 00:10 - Note\nx\n\n### 00:05 - Note\nx\n\n### 2026-03-05 07:00 - Note\nx\n"
    at = [one.at for one in tell(log).moments]
    assert [f"{moment:%d %H:%M%z}" for moment in at if moment] == [
        "01 12:00+0100",
        "01 23:50+0100",
        "02 00:10+0100",
        "02 00:05+0100",
        "05 07:00+0100",
    ]


def test_a_clock_that_no_day_has_is_passed_over() -> None:
    log = "### 99:99 - Note\nx\n\n### 12:30 - Note\nx\n\n### 2026-99-99 13:00 - Note\nx\n"
    at = [one.at for one in tell(log).moments]
    assert [f"{moment:%d %H:%M}" for moment in at if moment] == [
        "01 12:00",
        "01 12:00",
        "01 12:30",
        "01 12:30",
    ]


RUN = """### 12:{minute:02} - Test {outcome}
Command: `pytest -q`
Took: 3.2 s
Tests: 1,204 passed, {failed} failed, 3 skipped
{names}Log: patina runs show r{minute}

"""


def run(minute: int, *failed: str, outcome: str = "") -> str:
    names = "Failed:\n" + "".join(f"- `{name}`\n" for name in failed) if failed else ""
    word = outcome or ("failed" if failed else "passed")
    return RUN.format(minute=minute, outcome=word, failed=len(failed), names=names)


def test_a_run_is_read_from_its_entry() -> None:
    found = tell(run(10, "a::b")).moments[-1].run
    assert found is not None
    assert (found.kind, found.outcome, found.command) == ("test", "failed", "pytest -q")
    assert (found.passed, found.failed, found.skipped, found.failed_names) == (1204, 1, 3, ("a::b",))


def test_the_archive_has_the_names_that_an_entry_cuts_off() -> None:
    meta = [{"id": "r10", "failed_names": ["a::b", "a::c"]}, "no run"]
    found = tell(run(10, "a::b"), runs=meta[:1]).moments[-1].run
    assert found is not None
    assert found.failed_names == ("a::b", "a::c")


# --------------------------------------------------------------------------------------------------------------- days


def worked(one: Told) -> list[str]:
    return [f"{s.began:%d %H:%M}-{s.ended:%d %H:%M}" for s in days.stretches(one, NOW)]


def test_a_pause_of_more_than_an_hour_is_no_work() -> None:
    log = "### 12:30 - Note\nx\n\n### 15:00 - Note\nx\n\n### 15:40 - Note\nx\n"
    assert worked(tell(log, ended="2026-03-01T14:50:00+00:00")) == ["01 12:00-01 12:30", "01 15:00-01 15:50"]


def test_a_session_that_was_left_open_over_night_was_not_worked_on_over_night() -> None:
    assert worked(tell("### 12:30 - Note\nx\n", ended="2026-03-02T09:00:00+00:00")) == ["01 12:00-01 12:30"]


def test_work_over_midnight_is_of_two_days() -> None:
    log = "### 23:30 - Note\nx\n\n### 00:20 - Note\nx\n"
    one = tell(log, ended="2026-03-01T23:25:00+00:00")
    assert worked(one)[1:] == ["01 23:30-02 00:00", "02 00:00-02 00:25"]
    assert [day.date.day for day in days.days([one], NOW)] == [1, 2]


def test_a_session_without_an_entry_or_an_end_breaks_nothing() -> None:
    assert worked(tell("", ended="2026-03-01T11:00:00+00:00")) == ["01 12:00-01 12:01"]
    assert worked(tell("", started="never", ended="nowhere", session="notes")) != []
    nothing = Told(facts=facts.Facts(id="x", title=""), journal=grammar.parse(b""), moments=(), commits=())
    assert worked(nothing) == []
    assert days.days([nothing], NOW) == []


def test_what_two_sessions_share_counts_once_in_a_day() -> None:
    one = tell("### 12:30 - Note\nx\n\n### 13:00 - Commit 08c0be373f: x\n")
    (day,) = days.days([one, one], NOW)
    assert (day.seconds, day.commits) == (5400, 2)
    assert sum(days.hours([day]).values()) == pytest.approx(3.0)


def test_hours_are_those_of_the_zone_in_which_it_was_written() -> None:
    hours = days.hours(days.days([tell("### 12:30 - Note\nx\n\n### 13:10 - Note\nx\n")], NOW))
    assert hours == {(6, 12): pytest.approx(1.0), (6, 13): pytest.approx(0.5)}


# -------------------------------------------------------------------------------------------------------------- tests


def test_a_failure_stands_from_its_first_failing_run_to_the_first_that_passes_it() -> None:
    one = tell(run(10, "a", "b") + run(20, "b") + run(30, "b", "c") + run(40, "c"))
    found = testing.standing(testing.counted([one]).values())
    assert [(s.name, s.since.minute, s.until and s.until.minute, s.runs) for s in found] == [
        ("c", 30, None, 2),
        ("b", 10, 40, 3),
        ("a", 10, 20, 1),
    ]
    later = one.moments[-1].at
    assert later is not None
    assert found[0].seconds(later + timedelta(minutes=5)) == 900
    assert found[1].seconds(NOW) == 1800


def test_a_run_that_was_cut_off_ends_no_failure() -> None:
    one = tell(run(10, "a") + run(20, outcome="timed out"))
    (found,) = testing.standing(testing.counted([one]).values())
    assert (found.until, found.runs) == (None, 1)


def test_commands_do_not_end_each_other_s_failures() -> None:
    one = tell(run(10, "a") + run(20).replace("pytest -q", "cargo test"))
    found = testing.standing(testing.counted([one]).values())
    assert [s.until for s in found] == [None]


def test_an_anchor_is_plain_whatever_a_file_is_called() -> None:
    assert told.anchor("20260301-120000-ada") == "s-20260301-120000-ada"
    odd = told.anchor('x"><script>alert(1)</script>')
    assert odd.removeprefix("s-x").isalnum()
    assert odd != told.anchor("x\udcff")


def test_a_zone_is_a_zone() -> None:
    began = tell("").began
    assert began is not None
    assert began.tzinfo == timezone(timedelta(hours=1))
