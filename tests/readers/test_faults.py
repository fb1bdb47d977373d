"""`patina check` names what a reader of a journal would miss, and finds nothing wrong with one that is whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from patina_sessions.readers import faults
from tests import corpus
from tests.readers.journals import journal
from tests.repository import Repo

NAME = "20260301-120000"
SECRET = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" * 2
WHOLE = journal(meta={"v": 1})
BROKEN = {
    "a secret": (WHOLE.replace(b"# Session: ", b"# Session: " + SECRET.encode() + b" "), "a secret"),
    "a conflict": (WHOLE.replace(b"## Goals", b"<<<<<<< HEAD\n## Goals"), "a conflict of git"),
    "no title": (WHOLE.replace(b"# Session: the parser\n", b""), "no title"),
    "some other text": (b"# junk\n", "no journal"),
    "another id": (WHOLE.replace(b"20260301-120000", b"20260301-120001"), "says that it is"),
    "an open fence": (WHOLE.replace(b"## Activity Log", b"```sh\n## Activity Log"), "a fence is open"),
    "a number": (
        WHOLE.replace(b"## Session Class", b"### 12:00 - Note <!-- 7 -->\n## Session Class"),
        "in progress",
    ),
    "no id": (WHOLE.replace(b"**ID**: 20260301-120000\n", b""), "which session it is"),
    "only a title": (b"# Session: x\n", "which session it is"),
    "an unreadable start": (WHOLE.replace(b"2026-03-01T11:00:00Z", b"garbage"), "was started cannot be read"),
    "no start": (WHOLE.replace(b" 2026-03-01T11:00:00Z", b""), "was started cannot be read"),
    "no such hour": (WHOLE.replace(b"### 12:00", b"### 99:99"), "time of this entry"),
    "no such day": (WHOLE.replace(b"### 12:00", b"### 2026-02-30 12:00"), "time of this entry"),
    "half a minute": (WHOLE.replace(b"### 12:00", b"### 12:0"), "time of this entry"),
    "an entry without a time": (
        WHOLE.replace(b"### 12:00 - Session", b"### Session"),
        "begins with its time",
    ),
    "torn facts": (WHOLE.replace(b'"v":1', b'"v":'), "damaged"),
    "text behind the facts": (WHOLE + b"\nmore\n", "not the last line"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_each_fault_is_named_with_its_line_and_no_secret_is_repeated(name: str) -> None:
    data, words = BROKEN[name]
    found = faults.of("j.md", NAME, data)
    assert [words in fault.words for fault in found] == [True]
    assert SECRET not in repr(found)
    assert found[0].line is not None
    assert 1 <= found[0].line <= data.count(b"\n") + 1


def test_a_whole_journal_has_no_fault_and_neither_has_any_of_the_corpus() -> None:
    assert faults.of("j.md", NAME, WHOLE) == []
    paths = [*corpus.journals(), *corpus.own()]
    assert faults.of_files(paths) == []


def test_a_persons_heading_below_an_entry_is_a_part_of_it_and_no_fault() -> None:
    """As in the journals of the seed: only above all entries it is nobody's."""
    data = WHOLE.replace(b"\n## Session Class", b"\n### Findings\nmany\n## Session Class")
    assert faults.of("j.md", NAME, data.replace(b"### Find", b"### 9:41-10:02 - Find")) == []
    assert faults.of("j.md", NAME, data) == []
    fenced = WHOLE.replace(b"\n## Session Class", b"\n```\n### 99:99 - x\n```\n## Session Class")
    assert faults.of("j.md", NAME, fenced) == []


def test_a_folder_is_all_its_journals_and_what_is_missing_has_no_line(tmp_path: Path) -> None:
    (tmp_path / "layer").mkdir()
    (tmp_path / f"layer/{NAME}.md").write_bytes(WHOLE)
    (tmp_path / "layer/README.md").write_text("about them\n")
    here = Repo(tmp_path)
    assert here.patina("check", "layer").stdout == ""
    (tmp_path / "layer/junk.md").write_text("# junk\n")
    assert here.patina("check", "layer", check=False).stdout.startswith("layer/junk.md:1: it is no journal")
    assert here.patina("check", "lost", check=False).stdout == "lost: there is no such file\n"
    (row,) = json.loads(here.patina("check", "lost", "--json", check=False).stdout)["faults"]
    assert row["line"] is None


def test_what_end_writes_has_no_fault_and_the_exit_code_tells(repo: Repo) -> None:
    repo.commit("first", a="1\n")
    repo.patina("init")
    repo.patina("session", "start", "the work", "--goal", "one")
    repo.patina("note", "```\nan open fence, and <<<<<<< HEAD")
    repo.commit("<<<<<<< HEAD", a="2\n")
    repo.patina("session", "end")
    assert repo.patina("check").stdout == ""
    (path,) = (repo.path / "layer/sessions").glob("*.md")
    path.write_text(f"{path.read_text()}{SECRET}\n")
    done = repo.patina("check", "--json", str(path.relative_to(repo.path)), check=False)
    assert done.returncode == 1
    rows = json.loads(done.stdout)["faults"]
    assert {row["path"] for row in rows} == {path.relative_to(repo.path).as_posix()}
    done = repo.patina("check", "nothing.md", check=False)
    assert (done.returncode, done.stdout) == (1, "nothing.md: there is no such file\n")


def test_without_files_it_checks_those_of_the_repository_and_outside_of_one_it_says_so(repo: Repo) -> None:
    repo.write("layer/sessions/junk.md", "# junk\n")
    repo.write("deep/down/x", "")
    done = Repo(repo.path / "deep/down").patina("check", check=False)
    assert (done.returncode, done.stdout[:33]) == (1, "../../layer/sessions/junk.md:1: i")
    outside = Repo(repo.path.parent).patina("check", check=False)
    assert outside.returncode == 1
    assert "is not in a git repository" in outside.stderr


def test_outside_of_a_repository_it_checks_what_it_is_given(tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.md").write_bytes(WHOLE)
    assert Repo(tmp_path).patina("check", f"{NAME}.md").stdout == ""
