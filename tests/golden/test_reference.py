"""The events of the reference session give the reference session, where facts are concerned.

The reference is the format's contract and lies beside the project; what a person wrote into it is no fact.
"""

from __future__ import annotations

import os
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from patina_sessions.journal import grammar, render
from patina_sessions.model import Event, Started, Updated
from patina_sessions.recorder import projection

REFERENCE = Path(__file__).resolve().parents[2].parent / "shared" / "reference-session.md"
ZONE = timezone(timedelta(hours=-4))


@pytest.fixture
def reference() -> str:
    """Return the reference; where it is not at hand, say so loudly, and in CI fail."""
    if not REFERENCE.is_file():
        if os.environ.get("CI") or "reference" in os.environ.get("REQUIRE", ""):
            pytest.fail("the reference session is missing")
        pytest.skip(
            "LOUD: the reference session is not beside the project, so the format is not compared with it"
        )
    return REFERENCE.read_text()


def folded(text: str) -> str:
    """Return text with runs of blanks as one: the seed padded its counts."""
    return re.sub(r"[ \t]+", " ", text).strip()


def started(reference: grammar.Journal) -> Started:
    fields = reference.fields
    return Started(
        session=fields["ID"],
        title=reference.title,
        llm=fields["LLM"],
        branch=fields["Git Branch"],
        commit=fields["Starting Commit"],
        tag=fields["Session Tag"],
        goals=tuple(g.text for g in reference.goals),
        context=reference.previous_context,
    )


def test_the_head_is_the_references_to_the_letter(reference: str) -> None:
    made = render.head(
        started(grammar.parse(reference.encode())), datetime(2025, 10, 3, 6, 49, 6, tzinfo=ZONE)
    )
    assert reference.startswith(made)


def test_an_update_is_the_references_heading_by_heading(reference: str) -> None:
    entry = next(e for e in grammar.parse(reference.encode()).entries if e.what.startswith("Update"))
    said = {
        title: tuple(re.findall(r"^- (.*)$", body, re.MULTILINE))
        for title, body in re.findall(r"\*\*([A-Z][a-z]+ [a-z]+):\*\*\n((?:- .*\n?)+)", entry.body)
    }
    data = Updated(
        number=1,
        since=datetime(2025, 10, 3, 6, 49, tzinfo=ZONE).isoformat(),
        work=said["Work completed"],
        decision=said["Key decisions"],
        challenge=said["Challenges faced"],
        pattern=said["Patterns observed"],
        commits=0,
        files_changed=5,
        last_commit=datetime(2025, 10, 1, 9, 0, tzinfo=ZONE).isoformat(),
    )
    time = datetime(2025, 10, 3, 10, 10, tzinfo=ZONE)
    event = Event(seq=2, id="", time=time, source="", data=data)
    [made] = projection.project([event], files=12)[1]
    assert made.what == entry.what
    assert folded(made.body) == folded(entry.body)


def test_the_classification_is_the_references_line_by_line(reference: str) -> None:
    tag = "session-20251003-064906-start..session-20251003-064906-end"
    given = render.Classification(
        work_type=render.work_type(0, [], major_files=10, feature_commits=3),
        files=0,
        commits=0,
        patterns=0,
        tags=tag,
    )
    end = reference[reference.index("## Session Classification") :]
    assert [folded(x) for x in render.classification(given).strip().split("\n")] == [
        folded(x) for x in end.strip().split("\n")
    ]
