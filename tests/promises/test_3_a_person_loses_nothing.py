"""Promise 3: Patina never overwrites, moves or drops a byte that a person saved in a journal.

The random play of both authors is in tests/recorder/test_settle.py; here are the editors and the commands themselves.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.repository import Repo
from tests.waiting import quiet

ACTIVE = ".patina/local/active-session.md"


@pytest.fixture
def working(repo: Repo) -> Repo:
    """Return a repository with a commit, Patina and an active session with an entry."""
    repo.commit("first", readme="hello\n")
    repo.patina("init")
    repo.patina("session", "start", "the work", "--goal", "one")
    repo.patina("note", "a note")
    return repo


def journal(repo: Repo) -> Path:
    return repo.path / ACTIVE


def save_in_place(path: Path, text: str) -> None:
    path.write_text(text)


def save_by_rename(path: Path, text: str) -> None:
    beside = path.with_name("beside.tmp")
    beside.write_text(text)
    beside.replace(path)


def save_like_vim(path: Path, text: str) -> None:
    path.replace(path.with_name(path.name + "~"))
    path.write_text(text)


@pytest.mark.parametrize("save", [save_in_place, save_by_rename, save_like_vim])
def test_what_a_person_writes_between_the_entries_stays_where_it_is(working: Repo, save: object) -> None:
    assert callable(save)
    before = journal(working).read_text()
    mine = before.replace("a note\n", "a note\nand what it means\n") + "\n## My own section\n\n- thoughts\n"
    save(journal(working), mine)
    working.commit("more", a="1\n")
    quiet(working)
    working.patina("note", "another")
    assert journal(working).read_text().startswith(mine)


def test_a_goal_is_added_and_ticked_in_the_file_and_nothing_else_changes(working: Repo) -> None:
    mine = journal(working).read_text().replace("## Goals\n", "## Goals\nin my own words:\n")
    journal(working).write_text(mine)
    working.patina("goal", "two")
    working.patina("goal", "--done", "1")
    text = journal(working).read_text()
    changed = mine.replace("- [ ] one\n", "- [x] one\n- [ ] two\n")
    assert text.startswith(changed)
    assert "Goal added: two" in text
    assert "Goal done: one" in text


def test_an_old_buffer_saved_twice_takes_no_entry_away(working: Repo) -> None:
    old = journal(working).read_text()
    made = [working.commit(f"commit {n}") for n in range(3)]
    quiet(working)
    for _ in range(2):
        journal(working).write_text(old + "written in an old buffer\n")
        working.patina("record")
        text = journal(working).read_text()
        assert "written in an old buffer" in text
        assert [text.count(f"Commit {commit[:10]}: ") for commit in made] == [1, 1, 1]


def test_a_section_that_a_person_moved_is_not_moved_back(working: Repo) -> None:
    text = journal(working).read_text()
    head, log = text.split("## Activity Log\n")
    journal(working).write_text(head + "## Activity Log\n" + log + "\n## Conclusions\nnone yet\n")
    working.patina("note", "after the conclusions")
    after = journal(working).read_text()
    assert after.index("## Conclusions") < after.index("after the conclusions")


def test_what_is_saved_after_the_end_is_in_the_archive(working: Repo) -> None:
    text = journal(working).read_text()
    working.patina("session", "end")
    [archived] = working.path.glob("layer/sessions/2*.md")
    journal(working).write_text(text + "\none more thought, saved too late\n")
    working.patina("record")
    assert "one more thought, saved too late" in archived.read_text()
    assert "## Session Classification" in archived.read_text()
    assert not journal(working).exists()


def test_what_is_saved_after_the_end_is_set_aside_where_the_archive_was_edited(working: Repo) -> None:
    text = journal(working).read_text()
    working.patina("session", "end")
    [archived] = working.path.glob("layer/sessions/2*.md")
    archived.write_text(archived.read_text() + "\nedited\n")
    edited = archived.read_text()
    journal(working).write_text(text + "\ntoo late\n")
    working.patina("record")
    assert archived.read_text() == edited
    kept = [p.read_text() for p in (working.path / ".git/patina/discarded").iterdir()]
    assert any("too late" in k for k in kept)


def test_discarding_keeps_the_journal_and_says_where(working: Repo) -> None:
    text = journal(working).read_text()
    said = working.patina("session", "end", "--discard").stdout
    assert Path(said.strip().rpartition(" ")[2]).read_text() == text
    assert not list(working.path.glob("layer/sessions/2*.md"))


def test_a_stash_of_everything_can_be_popped_again(working: Repo) -> None:
    working.write("work.txt", "half\n")
    before = journal(working).read_text()
    working.git("stash", "push", "--all", "--quiet")
    made = working.commit("in between", a="1\n")
    quiet(working)
    working.patina("record")
    working.git("stash", "pop", "--quiet")
    working.patina("record")
    text = journal(working).read_text()
    assert text.startswith(before)
    assert text.count(f"Commit {made[:10]}: ") == 1


def test_sed_in_place_and_two_commands_at_once_lose_nothing(working: Repo) -> None:
    working.git("config", "core.hooksPath", "/dev/null")
    subprocess.run(["sed", "-i", "s/a note/a better note/", str(journal(working))], check=True)
    children = [
        subprocess.Popen(
            [sys.executable, "-P", "-m", "patina_sessions", "note", f"number {n}"],
            cwd=working.path,
            stdout=subprocess.DEVNULL,
        )
        for n in range(6)
    ]
    assert [child.wait() for child in children] == [0] * 6
    text = journal(working).read_text()
    assert "a better note" in text
    assert [text.count(f"\nnumber {n}\n") for n in range(6)] == [1] * 6


def test_an_entry_that_a_person_edits_or_moves_is_theirs_and_is_not_written_again(working: Repo) -> None:
    for number in range(3):
        working.patina("note", f"note {number}")
    text = journal(working).read_text()
    entries = ["\n### " + part for part in text.split("\n### ")[1:]]
    head = text[: text.index("\n### ")]
    moved = [entries[0], entries[3].replace("note 1", "what I meant"), entries[2], entries[1], entries[4]]
    journal(working).write_text(head + "".join(moved))
    mine = journal(working).read_text()
    for number in range(3, 5):
        working.patina("note", f"note {number}")
    after = journal(working).read_text()
    assert after.startswith(mine.rstrip("\n"))
    assert [after.count(f"note {n}\n") for n in range(5)] == [1, 0, 1, 1, 1]
    assert after.count("what I meant") == 1
