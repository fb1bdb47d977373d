"""What an assistant kept of its sessions becomes journals: in short, without secrets, and whatever a line holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patina_sessions.journal import grammar
from patina_sessions.session import retold, transcript
from patina_sessions.sources.agents import Keep
from patina_sessions.system import streams
from tests.repository import Repo

DATA = Path(__file__).parents[1] / "data" / "transcripts"
READERS = {"claude": transcript.claude, "codex": transcript.codex}


def kept(repo: Repo, folder: Path, agent: str, *, top: Path | None = None, name: str = "one.jsonl") -> Path:
    """Put the sample into a folder as its client would have kept it of work in this repository, or in another."""
    path = folder / "2026" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text((DATA / f"{agent}.jsonl").read_text().replace("@TOP@", str(top or repo.path)))
    return path


def archived(repo: Repo) -> dict[str, bytes]:
    return {p.stem: p.read_bytes() for p in sorted((repo.path / ".git/patina/archive").glob("*.md"))}


@pytest.fixture
def ready(repo: Repo) -> Repo:
    repo.commit("first", a="1\n")
    repo.patina("init")
    return repo


def test_a_transcript_of_claude_becomes_one_entry_a_turn(ready: Repo, tmp_path: Path) -> None:
    said = ready.patina("import", "--claude", str(kept(ready, tmp_path / "t", "claude")))
    assert said.stdout == "1 journal came in\n"
    assert said.stderr == "2 lines of transcripts were not understood and passed over\n"
    [(name, data)] = archived(ready).items()
    found = grammar.parse(data)
    assert name == "20260301-090000-claude"
    assert found.title == "The parser that loops"
    assert found.fields["Reconstructed"]
    assert found.fields["Git Branch"] == "main"
    assert [(e.time, e.what) for e in found.entries] == [
        ("09:00", "Claude: The parser loops on an empty string: make it stop"),
        ("09:10", found.entries[1].what),
    ]
    body = found.entries[0].body
    assert "Answered: The loop ends at the end of the text now." in body
    assert "2 tool calls: Read 1, Edit 1" in body
    assert "- edited: `parser.py`" in body
    assert "Interrupted" in found.entries[1].body
    assert (found.archived or {})["files"] == ["parser.py"]


def test_a_rollout_of_codex_becomes_one_entry_a_turn(ready: Repo, tmp_path: Path) -> None:
    ready.patina("import", "--codex", str(kept(ready, tmp_path / "t", "codex")))
    [(name, data)] = archived(ready).items()
    found = grammar.parse(data)
    assert name == "20260302-100000-codex"
    assert [e.what for e in found.entries] == ["Codex: Write the cache down", "Codex: And the locks"]
    assert "Answered: The cache is described in docs/cache.md." in found.entries[0].body
    assert "Answered: Locks too." in found.entries[1].body
    assert (found.archived or {})["files"] == ["docs/cache.md", "locks.md"]


def test_nothing_is_kept_but_what_the_journal_needs(ready: Repo, tmp_path: Path) -> None:
    for agent in READERS:
        ready.patina("import", f"--{agent}", str(kept(ready, tmp_path / agent, agent)))
    text = b"".join(archived(ready).values())
    assert len(archived(ready)) == 2
    assert b"WORDS" not in text
    assert b"ghp_aB3d" not in text


def test_of_a_folder_those_are_taken_that_worked_here(ready: Repo, tmp_path: Path) -> None:
    folder = tmp_path / "t"
    kept(ready, folder, "claude")
    kept(ready, folder, "claude", top=ready.path / "deeper", name="two.jsonl")
    kept(ready, folder, "claude", top=ready.path.with_name(f"{ready.path.name}-other"), name="three.jsonl")
    dry = json.loads(ready.patina("import", "--claude", str(folder), "--dry-run", "--json").stdout)
    assert [Path(one["source"]).name for one in dry["journals"]] == ["one.jsonl", "two.jsonl"]
    assert archived(ready) == {}


def test_a_second_import_adds_nothing_and_one_that_has_grown_is_renewed(ready: Repo, tmp_path: Path) -> None:
    path = kept(ready, tmp_path / "t", "codex")
    ready.patina("import", "--codex", str(path))
    before = archived(ready)
    assert "0 journals came in, 1 was here" in ready.patina("import", "--codex", str(path)).stdout
    assert archived(ready) == before
    line = {
        "timestamp": "2026-03-02T11:00:00Z",
        "type": "event_msg",
        "payload": {"type": "user_message", "message": "One thing more"},
    }
    path.write_text(path.read_text() + json.dumps(line) + "\n")
    ready.patina("import", "--codex", str(path))
    [data] = archived(ready).values()
    assert grammar.parse(data).entries[2].what == "Codex: One thing more"


def test_what_comes_in_is_found_again(ready: Repo, tmp_path: Path) -> None:
    ready.patina("import", "--claude", str(kept(ready, tmp_path / "t", "claude")))
    assert ready.patina("search", "parser loops", "--ids").stdout == "20260301-090000-claude\n"
    assert "The parser that loops" in ready.patina("list").stdout


def test_what_holds_no_transcript_is_said(ready: Repo, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "nowhere", tmp_path / "empty"):
        said = ready.patina("import", "--claude", str(path), check=False)
        assert said.returncode == 1
        assert said.stderr.startswith("Error: ")


def test_a_line_that_is_too_long_is_passed_over_and_never_whole_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    path.write_bytes(b"one\n" + b"x" * 100 + b"\ntwo\r\n" + b"y" * 10 + b"\n" + b"z" * 50)
    assert list(streams.lines(path, longest=10)) == [b"one", None, b"two", b"y" * 10, None]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
_SAMPLES = {agent: (DATA / f"{agent}.jsonl").read_bytes().split(b"\n") for agent in READERS}


@pytest.mark.parametrize("agent", READERS)
@given(data=st.data())
def test_whatever_a_line_holds_a_journal_comes_of_it(agent: str, data: st.DataObject) -> None:
    lines = list(_SAMPLES[agent])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        try:
            line = json.loads(lines[at])
            inner = next((line[n] for n in ("message", "payload") if isinstance(line.get(n), dict)), line)
            name = data.draw(st.sampled_from(sorted(line)))
            (inner if name in inner else line)[name] = data.draw(_JSON)
            lines[at] = json.dumps(line).encode()
        except ValueError:
            lines[at] = data.draw(st.binary(max_size=60))
    found = transcript.read([*lines, None], agent=agent, reader=READERS[agent], keep=Keep(top="/x"))
    assert found.passed >= 1
    if found.told and found.started:
        text = retold.journal(retold.name(found), found)
        journal = grammar.parse(text.encode("utf-8", "surrogateescape"))
        assert len(journal.entries) == len(found.told)
        assert journal.archived is not None
