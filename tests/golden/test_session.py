"""A log with every kind of event gives this journal. On a difference the file is rewritten and the test fails once:
look at the difference, then run again.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from patina_sessions.events import codec
from patina_sessions.journal import render
from patina_sessions.model import Event, Started
from patina_sessions.recorder import projection

HERE = Path(__file__).parent


def events() -> list[Event]:
    lines = (HERE / "session.jsonl").read_bytes().splitlines()
    return [codec.decode(json.loads(line), line) for line in lines]


def test_every_kind_of_event_is_told_as_it_always_was() -> None:
    told = events()
    first = told[0]
    assert isinstance(first.data, Started)
    _, entries = projection.project(told, files=3)
    made = render.head(first.data, first.time) + render.entries(entries)
    golden = HERE / "session.md"
    before = golden.read_text() if golden.exists() else ""
    if made != before:
        golden.write_text(made)
    assert made == before, "the golden file was rewritten: look at the difference"


def test_every_event_is_written_back_as_it_was_read() -> None:
    for line in (HERE / "session.jsonl").read_bytes().splitlines():
        assert codec.encode(codec.decode(json.loads(line), line)) == line + b"\n"


def test_the_same_log_gives_the_same_entries_however_it_is_cut() -> None:
    told = events()
    _, whole = projection.project(told, files=3)
    for cut in range(len(told)):
        carry, first = projection.project(told[:cut], files=3)
        _, rest = projection.project(told[cut:], files=3, carry=carry)
        assert first + rest == whole


def test_an_event_of_a_newer_patina_is_kept_and_passed_over() -> None:
    line = b'{"specversion":"1.0","id":"x","source":"/worktree/0","type":"moon.landed","time":"2030-01-01T00:00:00+00:00","seq":3,"data":{"a":[1,{"b":null}]}}'
    event = codec.decode(json.loads(line), line)
    assert codec.encode(event) == line + b"\n"
    assert projection.project([event], files=3)[1] == []
    assert event.time == datetime(2030, 1, 1, tzinfo=UTC)
