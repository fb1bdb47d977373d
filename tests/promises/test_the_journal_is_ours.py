"""`.patina/local` is ignored, so git writes over the journal without a word: what it puts there is not taken for ours."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.repository import Repo
from tests.waiting import quiet

ACTIVE = ".patina/local/active-session.md"


@pytest.fixture
def working(repo: Repo) -> Repo:
    """Return a repository with a commit, Patina and an active session with a line that a person wrote."""
    repo.commit("first", readme="hello\n")
    repo.patina("init")
    repo.git("add", "-A")
    repo.commit("set up")
    repo.patina("session", "start", "the work", "--goal", "one")
    repo.patina("note", "a note")
    journal = repo.path / ACTIVE
    journal.write_text(journal.read_text() + "\nby hand\n")
    repo.patina("record")
    return repo


def brought(repo: Repo, *, text: str = "", link: str = "") -> None:
    """Check out a branch that a stranger has made, with this in the place of the journal."""
    blob = repo.path.parent / "blob"
    blob.write_text(link or text)
    made = repo.git("hash-object", "-w", str(blob))
    env = {"GIT_INDEX_FILE": str(repo.path.parent / "index")}
    repo.git("read-tree", "HEAD", env=env)
    mode = "120000" if link else "100644"
    repo.git("update-index", "--add", "--cacheinfo", f"{mode},{made},{ACTIVE}", env=env)
    tree = repo.git("write-tree", env=env)
    repo.git("branch", "mate", repo.git("commit-tree", "-p", "HEAD", "-m", "theirs", tree))
    repo.git("checkout", "--quiet", "mate")


def archived(repo: Repo) -> str:
    [journal] = (repo.path / ".git/patina/archive").glob("*.md")
    return journal.read_text()


def kept(repo: Repo) -> str:
    folder = repo.path / ".git/patina/discarded"
    return "".join(path.read_text() for path in folder.iterdir()) if folder.exists() else ""


def test_a_link_that_git_put_in_its_place_is_never_written_through_nor_archived(
    working: Repo, tmp_path: Path
) -> None:
    secret = tmp_path / "bashrc"
    secret.write_text("export KEY=1\n")
    brought(working, link="../../../bashrc")
    quiet(working)
    working.patina("note", "after the checkout")
    assert secret.read_text() == "export KEY=1\n"
    assert not (working.path / ACTIVE).is_symlink()
    working.patina("session", "end")
    assert "KEY" not in archived(working) + kept(working)
    assert "by hand" in archived(working) and "after the checkout" in archived(working)


@pytest.mark.parametrize("end", ["session end", "session end --discard"])
def test_a_clone_that_tracks_a_dangling_link_there_can_have_a_session(repo: Repo, end: str) -> None:
    repo.commit("first", readme="hello\n")
    brought(repo, link="../../nowhere")
    repo.patina("init")
    repo.patina("session", "start", "the work")
    (repo.path / ACTIVE).unlink()
    (repo.path / ACTIVE).symlink_to("../../nowhere")
    repo.patina("note", "a note")
    repo.patina(*end.split())
    assert not (repo.path / "nowhere").exists()
    said = repo.patina("doctor", check=False).stdout
    assert "git tracks .patina/local/active-session.md" in said


def test_another_journal_that_git_put_in_its_place_goes_aside_and_no_line_is_lost(working: Repo) -> None:
    theirs = "# Session: theirs\n**ID**: 20200101-080000\n\n## Goals\n- [ ] theirs\n"
    brought(working, text=theirs)
    quiet(working)
    working.patina("note", "after the checkout")
    text = (working.path / ACTIVE).read_text()
    assert "by hand" in text and "theirs" not in text.replace("Commit", "")
    assert [text.count(f"\n{note}\n") for note in ("a note", "after the checkout")] == [1, 1]
    assert theirs in kept(working)


def test_a_file_without_an_id_that_git_put_in_its_place_goes_aside(working: Repo) -> None:
    brought(working, text="buy milk\n")
    working.patina("note", "after the checkout")
    text = (working.path / ACTIVE).read_text()
    assert "by hand" in text and "buy milk" not in text
    assert "buy milk" in kept(working)


@pytest.mark.parametrize("left", ["", "my own words alone\n"])
def test_a_person_may_take_out_the_id_and_everything_else(working: Repo, left: str) -> None:
    journal = working.path / ACTIVE
    before = journal.read_text()
    mine = left or before.replace("**ID**: 2", "**ID**: 1").replace("by hand", "by my own hand")
    journal.write_text(mine)
    working.patina("note", "another")
    assert journal.read_text().startswith(mine)
    journal.unlink()
    working.patina("note", "once more")
    assert journal.read_text().startswith(mine)
    assert not kept(working)


def test_a_journal_of_an_earlier_session_that_an_editor_saves_once_more_goes_aside(working: Repo) -> None:
    old = (working.path / ACTIVE).read_text()
    working.patina("session", "end")
    working.patina("session", "start", "the next", env={"PATINA_NOW": "2030-01-01T09:00:00+00:00"})
    (working.path / ACTIVE).write_text(old + "too late\n")
    working.patina("note", "in the next")
    text = (working.path / ACTIVE).read_text()
    assert text.startswith("# Session: the next") and "in the next" in text
    assert "too late" not in text
    assert "too late" in kept(working)


def test_a_person_who_moved_the_journal_and_left_a_link_finds_the_words_in_its_place(
    working: Repo, tmp_path: Path
) -> None:
    journal = working.path / ACTIVE
    journal.rename(tmp_path / "mine.md")
    journal.symlink_to(tmp_path / "mine.md")
    with open(tmp_path / "mine.md", "a") as stream:
        stream.write("written elsewhere\n")
    working.patina("note", "another")
    assert not journal.is_symlink()
    assert "written elsewhere" in journal.read_text() and "another" in journal.read_text()
    assert "another" not in (tmp_path / "mine.md").read_text()


@pytest.mark.parametrize("what", ["pipe", "folder"])
def test_what_cannot_be_a_journal_is_moved_away_and_nobody_waits(working: Repo, what: str) -> None:
    journal = working.path / ACTIVE
    journal.unlink()
    if what == "pipe":
        os.mkfifo(journal)
    else:
        journal.mkdir()
        (journal / "theirs").write_text("kept\n")
    working.patina("note", "another")
    assert "by hand" in journal.read_text()
    if what == "folder":
        [theirs] = (working.path / ".patina/local").glob("*/theirs")
        assert theirs.read_text() == "kept\n"


def test_a_folder_that_became_a_link_out_of_the_repository_is_not_written_through(
    working: Repo, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    theirs = outside / "active-session.md"
    theirs.write_text("# Session: of another repository\n**ID**: 20200101-080000\n")
    before = theirs.read_bytes()
    (working.path / ".patina/local").rename(tmp_path / "ours")
    (working.path / ".patina/local").symlink_to(outside)
    refused = working.patina("note", "another", check=False)
    assert "leads out of the repository" in refused.stderr
    assert (list(outside.iterdir()), theirs.read_bytes()) == ([theirs], before)
    (working.path / ".patina/local").unlink()
    (tmp_path / "ours").rename(working.path / ".patina/local")
    working.patina("session", "end")
    assert "by hand" in archived(working)
