"""A clone brings files of a stranger: a link in place of a folder of ours leads none of our writing out of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.repository import Repo


def test_a_link_in_place_of_the_archive_is_not_written_through(repo: Repo, tmp_path: Path) -> None:
    repo.commit("first", a="1\n")
    repo.patina("init")
    repo.patina("session", "start", "the work")
    repo.patina("note", "kept")
    outside = tmp_path / "outside"
    outside.mkdir()
    shutil.rmtree(repo.path / "layer" / "sessions")
    (repo.path / "layer" / "sessions").symlink_to(outside)
    repo.patina("session", "end")
    assert not list(outside.iterdir())
    assert "kept" in repo.patina("show", "--raw").stdout


@pytest.mark.parametrize("to", ["sessions", "nowhere"])
def test_a_link_to_nothing_in_place_of_the_archive_is_named_and_costs_no_session(repo: Repo, to: str) -> None:
    repo.commit("first", a="1\n")
    repo.patina("init")
    sessions = repo.path / "layer" / "sessions"
    shutil.rmtree(sessions)
    sessions.symlink_to(to)
    repo.patina("session", "start", "the work")
    repo.patina("note", "kept")
    refused = repo.patina("session", "end", check=False)
    assert f"{sessions} is no folder" in refused.stderr
    sessions.unlink()
    repo.patina("session", "end")
    assert "kept" in repo.patina("show", "--raw").stdout


def test_a_link_in_place_of_the_journals_folder_is_not_written_through(repo: Repo, tmp_path: Path) -> None:
    repo.commit("first", a="1\n")
    repo.patina("init")
    outside = tmp_path / "outside"
    outside.mkdir()
    shutil.rmtree(repo.path / ".patina" / "local")
    (repo.path / ".patina" / "local").symlink_to(outside)
    refused = repo.patina("session", "start", "the work", check=False)
    assert refused.returncode == 1
    assert "leads out of the repository" in refused.stderr
    assert not list(outside.iterdir())
