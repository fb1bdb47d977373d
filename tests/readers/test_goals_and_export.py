"""Open goals across sessions, the record for other programs, and completion that knows ids."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime

import pytest
from cloudevents.core.exceptions import CloudEventValidationError
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from tests.repository import Repo


@pytest.fixture
def worked(repo: Repo) -> Repo:
    """Return a repository with two finished sessions and an active one."""
    repo.commit("first", a="1\n")
    repo.patina("init")
    repo.patina("session", "start", "one", "--goal", "stays", "--goal", "reached", "--goal", "dropped")
    repo.commit("more", b="1\n")
    repo.patina("goal", "--done", "2")
    repo.patina("session", "end")
    repo.patina("session", "start", "two", env={"PATINA_NOW": "2031-01-01T10:00:00+00:00"})
    journal = repo.path / ".patina/local/active-session.md"
    journal.write_text(journal.read_text().replace("- [ ] dropped\n", ""))
    repo.patina("note", "n", env={"PATINA_NOW": "2031-01-01T10:01:00+00:00"})
    return repo


def test_open_goals_say_since_when_and_whether_they_were_dropped(worked: Repo) -> None:
    said = worked.patina("goals", "--json", env={"PATINA_NOW": "2031-01-01T11:00:00+00:00"}).stdout
    rows = {row["text"]: row for row in json.loads(said)["goals"]}
    assert set(rows) == {"stays", "dropped"}
    assert rows["stays"]["sessions"] == 2
    assert rows["stays"]["stale"] is True
    assert rows["dropped"]["dropped"] is True
    assert "dropped without being done" in worked.patina("goals").stdout


def test_events_are_cloudevents_in_the_order_of_their_numbers(worked: Repo) -> None:
    events = [json.loads(line) for line in worked.patina("export", "events").stdout.splitlines()]
    assert {"session.started", "git.commit", "goal.done", "session.ended", "session.noted"} <= {
        e["type"] for e in events
    }
    for event in events:
        assert event["specversion"] == "1.0"
        assert event["id"]
        assert event["source"].startswith("/worktree/")
        assert datetime.fromisoformat(event["time"]).tzinfo
        assert event["datacontenttype"] == "application/json"
        assert all(name.isalnum() and name.islower() for name in event if name != "data")
    assert [e["seq"] for e in events] == sorted(e["seq"] for e in events)
    assert len({e["id"] for e in events}) == len(events)


def test_every_event_is_read_by_the_sdk_of_the_specification_and_keeps_what_it_holds(worked: Repo) -> None:
    lines = worked.patina("export", "events").stdout.splitlines()
    assert len(lines) >= 6
    for line in lines:
        event = JSONFormat().read(CloudEvent, line)
        said = json.loads(line)
        assert event.get_data() == said.pop("data")
        assert event.get_extension("seq") == said.pop("seq")
        assert {name: str(event.get_attributes()[name]) for name in said if name != "time"} == {
            name: str(value) for name, value in said.items() if name != "time"
        }
    broken = json.dumps({**json.loads(lines[0]), "specversion": "2.0", "Not-A-Name": 1})
    with pytest.raises(CloudEventValidationError):
        JSONFormat().read(CloudEvent, broken)


def test_sessions_are_one_document(worked: Repo) -> None:
    document = json.loads(worked.patina("export", "sessions").stdout)
    assert document["schema"] == "patina.export/1"
    [session] = document["sessions"]
    assert session["title"] == "one"
    assert session["commits"][0]["id"] == worked.git("rev-parse", "HEAD")
    assert {g["text"]: g["done"] for g in session["goals"]} == {
        "stays": False,
        "reached": True,
        "dropped": False,
    }


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_printed_for_each_shell(repo: Repo, shell: str) -> None:
    assert "_PATINA_COMPLETE" in repo.patina("completion", shell).stdout


def test_completion_knows_commands_and_ids(worked: Repo) -> None:
    def completed(*words: str) -> list[str]:
        env = {**os.environ, "_PATINA_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(("patina", *words))}
        env["COMP_CWORD"] = str(len(words))
        done = subprocess.run(
            [sys.executable, "-P", "-m", "patina_sessions"],
            cwd=worked.path,
            env=env,
            capture_output=True,
            text=True,
        )
        return [line.partition(",")[2] for line in done.stdout.splitlines()]

    assert {"search", "session"} <= set(completed("se"))
    assert "20310101-100000" in completed("show", "2031")
