"""Promise 7, without chance: `end` dies at each change that it makes to the disk, and again at each in the next try."""

from __future__ import annotations

import shutil
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from patina_sessions.errors import NoSession
from patina_sessions.recorder.drain import drain
from patina_sessions.session import active
from patina_sessions.session.end import end
from tests.crashes import dies_at
from tests.repository import Repo
from tests.waiting import quiet

NOW = datetime.fromisoformat("2030-01-01T00:00:00+00:00")
PLACES = ("patina/archive/", "layer/sessions/")


class Ending:
    """A session that can be ended again and again: its repository is put back as it was before each round."""

    def __init__(self, repo: Repo, kept: Path) -> None:
        self.repo, self.kept, self.tries = repo, kept, 0
        shutil.copytree(repo.path, kept, symlinks=True)

    def again(self) -> None:
        # The git directory itself stays: by its inode Patina knows a repository from a copy of it.
        git = self.repo.path / ".git"
        for path in [*git.iterdir(), *(p for p in self.repo.path.iterdir() if p != git)]:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(self.kept, self.repo.path, symlinks=True, dirs_exist_ok=True)

    def end(self) -> None:
        with suppress(NoSession):  # the try before came past the point of no return
            end(active.here(self.repo.path), NOW + timedelta(seconds=self.tries))

    def record(self) -> None:
        here = active.here(self.repo.path)
        drain(here.layout, here.settings, NOW)

    def finished(self) -> list[Path]:
        return list(self.repo.path.glob("layer/sessions/2*.md"))

    def killed_at(self, change: int, below: tuple[str, ...] = ("",)) -> bool:
        self.tries += 1  # each try ends at a time of its own, so its bytes are others
        return dies_at(change, self.end, below=below)

    def ends_once(self) -> None:
        """End the session where it is active, and see one whole journal in each place, the same in both."""
        assert not self.killed_at(10_000)
        [path] = self.finished()
        [copy] = self.repo.path.glob(".git/patina/archive/2*.md")
        text = path.read_text()
        assert copy.read_text() == text
        assert text.count("## Session Classification") == 1
        assert text.count("\na note\n") == 1
        assert text.count(": more\n") == 1
        assert not (self.repo.path / ".patina/local/active-session.md").exists()
        assert {p.name for p in path.parent.iterdir()} == {path.name, ".gitkeep"}


@pytest.fixture
def ending(repo: Repo, tmp_path: Path) -> Ending:
    """Return a session with a commit and a note, ready to be ended."""
    repo.commit("first", readme="hello\n")
    repo.patina("init")
    repo.patina("session", "start", "the work")
    repo.commit("more", a="1\n")
    quiet(repo)
    repo.patina("note", "a note")
    repo.patina("session", "status")
    made = Ending(repo, tmp_path / "kept")
    made.end()  # loads what it needs, so that the children do not
    made.again()
    return made


def test_end_may_die_at_any_change_and_the_next_one_ends_the_session(ending: Ending) -> None:
    change = 0
    while ending.killed_at(change):
        ending.ends_once()
        ending.again()
        change += 1
    assert change > 20


@pytest.mark.parametrize("earliest", [7, pytest.param(0, marks=pytest.mark.soak)])
def test_end_may_die_twice_wherever_it_puts_the_finished_journal(ending: Ending, earliest: int) -> None:
    first, pairs, both_there = earliest, 0, 0
    while ending.killed_at(first, PLACES):
        both_there += bool(ending.finished())
        second = 0
        while ending.killed_at(second, PLACES):
            pairs += 1
            ending.ends_once()
            ending.again()
            ending.killed_at(first, PLACES)
            second += 1
        ending.again()
        first += 1
    assert both_there, "no first kill came after the copy in the tree: those are the ones that matter most"
    assert pairs > 10


def test_a_save_after_the_end_reaches_both_copies_wherever_a_kill_comes(ending: Ending) -> None:
    journal = ending.repo.path / ".patina/local/active-session.md"
    saved = journal.read_bytes() + b"\nsaved once more\n"
    change = 0
    while True:
        ending.end()
        journal.write_bytes(saved)
        came = dies_at(change, ending.record, below=PLACES)
        ending.record()
        [path] = ending.finished()
        [copy] = ending.repo.path.glob(".git/patina/archive/2*.md")
        assert path.read_bytes() == copy.read_bytes()
        assert path.read_bytes().count(b"\nsaved once more\n") == 1
        assert not journal.exists()
        if not came:
            break
        ending.again()
        change += 1
    assert change > 5
