"""Whatever the log holds, every line that is exported is a CloudEvent 1.0, and nothing else is raised than `PatinaError`.

The schema is written after the specification's own (cloudevents/spec v1.0.2, `formats/cloudevents.json` and "Type System"):
what must be there, names of small letters and digits, attributes that are text, boolean or 32-bit integer.
"""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from patina_sessions.readers import exporting
from tests.readers.journals import new_layout
from tests.repository import Repo

GOLDEN = Path(__file__).parents[1] / "golden/session.jsonl"
_TEXT = {"type": "string", "minLength": 1, "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f\\ud800-\\udfff]*$"}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["specversion", "id", "source", "type"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": _TEXT,
        "source": {**_TEXT, "format": "uri-reference"},
        "type": _TEXT,
        "time": {**_TEXT, "format": "date-time"},
        "subject": _TEXT,
        "datacontenttype": {"const": "application/json"},
        "data": {},
    },
    "propertyNames": {"pattern": "^[a-z0-9]+$"},
    "additionalProperties": {
        "anyOf": [
            _TEXT,
            {"type": "boolean"},
            {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
        ]
    },
}
VALID = Draft202012Validator(SCHEMA, format_checker=FormatChecker(["uri-reference", "date-time"]))
_HOSTILE: tuple[Any, ...] = (
    *("", "\ud800", "a\0b", "\x1b]52;c;aGk=\x07", "\u202e", "a b", "http://[", "9999-99-99", "x" * 5000),
    *(None, True, -1, 2**31, 1e999, 1.5, [], {}, ["\udc80"], {"Not-A-Name": {"a": None}}, {"": ""}),
)


def _strict(line: str) -> Any:
    """Return what a line holds, read as strictly as other programs do: no NaN, no lone surrogates."""

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    found = json.loads(line, parse_constant=refuse)
    json.dumps(found, ensure_ascii=False).encode()
    return found


def _hurt(record: Any, chance: random.Random) -> Any:
    """Return a record of the log in which some values, names or all of it are others."""
    record = copy.deepcopy(record)
    for _ in range(chance.randint(1, 3)):
        spot = record
        while isinstance(spot, dict) and spot:
            name = chance.choice(list(spot))
            if chance.random() < 0.6 or not isinstance(spot[name], dict):
                way = chance.random()
                if way < 0.2:
                    del spot[name]
                elif way < 0.4:
                    spot[chance.choice(("Upper", "under_score", "", "extra", "é"))] = copy.deepcopy(
                        chance.choice(_HOSTILE)
                    )
                else:
                    spot[name] = copy.deepcopy(chance.choice(_HOSTILE))
                break
            spot = spot[name]
    return record


@pytest.mark.parametrize("seed", range(4))
def test_whatever_stands_in_the_log_every_line_that_comes_out_is_valid(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    given = [json.loads(line) for line in GOLDEN.read_bytes().splitlines()]
    given += [{**given[0], "type": "of.tomorrow", "data": {"x": 1}, "later": "more"}]
    lines: list[bytes] = []
    for _ in range(1500):
        line = json.dumps(_hurt(chance.choice(given), chance)).encode()
        if chance.random() < 0.1:
            at = chance.randrange(len(line))
            line = line[:at] + chance.randbytes(2).replace(b"\n", b"") + line[at + 1 :]
        lines.append(line)
    lines += [json.dumps(record).encode() for record in given]
    layout = new_layout(tmp_path)
    layout.events.mkdir(parents=True)
    (layout.events / "000001.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    told = list(exporting.events(layout))
    for out in told:
        VALID.validate(_strict(out))
    whole = {(json.dumps(e["data"]), e["type"]) for e in map(json.loads, told)}
    assert {(json.dumps(e["data"]), e["type"]) for e in given if "type" in e} <= whole
    assert len(told) > 300


def test_a_line_that_is_no_event_would_be_refused_by_this_test() -> None:
    good = {"specversion": "1.0", "id": "a", "source": "/worktree/1", "type": "t", "seq": 1}
    assert VALID.is_valid(good)
    for name, value in (
        ("specversion", "2.0"),
        ("id", ""),
        ("source", "a b"),
        ("subject", ""),
        ("time", "yesterday"),
        ("time", "2026-03-01T10:00:00"),
        ("Upper", "x"),
        ("seq", 2**31),
        ("extra", None),
    ):
        assert not VALID.is_valid({**good, name: value}), name


def test_a_real_session_s_events_are_valid(repo: Repo) -> None:
    repo.patina("init")
    repo.patina("session", "start", "the \x1b[31mwork \u202e")
    repo.commit("feat: \x07 a bell", b="1\n")
    repo.patina("note", "a\tb\nc")
    repo.patina("session", "end")
    told = repo.patina("export", "events").stdout.splitlines()
    assert len(told) >= 4
    for line in told:
        VALID.validate(_strict(line))
