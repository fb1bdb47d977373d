"""`patina context --max-words`: what the next session needs, in so many words, whole bullets, nothing open left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from patina_sessions.journal import grammar
from patina_sessions.readers import brief, facts
from tests import corpus
from tests.repository import Repo

JOURNAL = """# Session: the parser
**ID**: 20260101-100000
**Started**: 2026-01-01T10:00:00Z

## Goals
- [ ] The fuzzer runs an hour with the new seeds, on both machines and with the address sanitizer switched on
- [x] Quotes

## Activity Log
### 10:00 - Session Start
Session initialized with goal: the parser

### 10:30 - Update (covering since 10:00)

**Work completed:**
{work}

**Key decisions:**
- No recursion: stack depth
- Offsets are bytes

<!-- patina: {meta} -->
"""


def within(text: str, words: int) -> str:
    journal = grammar.parse(text.encode())
    return brief.within(
        journal, facts.of_journal("20260101-100000", journal), "layer/sessions/x.md", words=words
    )


@pytest.mark.parametrize("words", [40, 60, 100, 200, 400])
def test_no_more_words_than_asked_for_and_nothing_open_is_left_out(words: int) -> None:
    failed = ["tests/test_parser.py::test_an_empty_string", "tests/test_fuzz.py::test_an_hour"]
    runs = [{"kind": "test", "outcome": "failed", "passed": 3, "failed": 2, "failed_names": failed}]
    work = "\n".join(f"- Step {n} of the long way to a parser that never waits" for n in range(40))
    made = within(JOURNAL.format(work=work, meta=json.dumps({"v": 1, "runs": runs})), words)
    assert len(made.split()) <= words
    assert (
        "The fuzzer runs an hour with the new seeds, on both machines and with the address sanitizer switched on"
        in made
    )
    assert all(name in made for name in failed)
    assert "layer/sessions/x.md" in made


def test_a_decision_of_the_last_update_is_there_where_there_is_room() -> None:
    made = within(JOURNAL.format(work="- Quotes are parsed", meta='{"v":1}'), 120)
    assert "No recursion: stack depth" in made
    assert "Offsets are bytes" in made


def test_every_journal_of_the_corpus_has_a_brief_within_its_words() -> None:
    for path in corpus.journals():
        journal = grammar.parse(path.read_bytes())
        made = brief.within(journal, facts.of_journal(path.stem, journal), "x.md", words=400)
        open_goals = sum(len(g.split()) for g in brief.open_goals(journal))
        assert len(made.split()) <= max(400, open_goals * 2 + 60), path.name


def test_the_command_takes_a_file_or_the_last_session(repo: Repo, tmp_path: Path) -> None:
    file = tmp_path / "journal.md"
    file.write_text(JOURNAL.format(work="- Quotes are parsed", meta='{"v":1}'))
    assert "Quotes are parsed" in repo.patina("context", "--from", str(file), "--max-words", "100").stdout
    repo.patina("init")
    repo.patina("session", "start", "first")
    repo.patina("note", "the quasar is in the cache")
    repo.patina("session", "end")
    assert "quasar" in repo.patina("context", "--max-words", "80").stdout
    repo.patina("session", "start", "second", env={"PATINA_NOW": "2031-01-01T10:00:00+00:00"})
    repo.patina("note", "nothing of it", env={"PATINA_NOW": "2031-01-01T10:01:00+00:00"})
    repo.patina("session", "end", env={"PATINA_NOW": "2031-01-01T10:02:00+00:00"})
    said = repo.patina("context", "--max-words", "80").stdout
    assert "nothing of it" in said
    assert "- “first” (" in said.partition("**Before it:**")[2]
    for words in (20, 25, 30, 40):
        said = repo.patina("context", "--max-words", str(words)).stdout
        assert len(said.split()) <= max(words, 21)
