"""What comes with a clone is a stranger's: it loosens no guard, and no link or pipe in it makes a command wait."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from patina_sessions.setup.agent_places import PROJECT
from patina_sessions.system import configured
from tests.repository import Repo

LOCAL = ".patina/local/config.toml"
LOOSE = 'docker.network = "host"\ntags = "none"\n'


@pytest.fixture
def bounded(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Bound the memory of this process: what reads without an end fails its test and not the machine."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (3 << 30, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def pipe_at(path: Path, aside: Path, *, linked: bool = True) -> None:
    """Put a pipe that nobody writes to in that place, or a link to one: a device would say more, and end the machine."""
    if not linked:
        os.mkfifo(path)
        return
    if not (aside / "pipe").exists():
        os.mkfifo(aside / "pipe")
    path.symlink_to(aside / "pipe")


@pytest.mark.parametrize("way", ["file", "link to a file", "link to the folder"])
def test_settings_of_this_worktree_loosen_no_guard_where_git_tracks_them(repo: Repo, way: str) -> None:
    if way == "link to the folder":
        repo.write("theirs/config.toml", LOOSE)
        repo.write(".patina/config.toml", "")
        (repo.path / ".patina/local").symlink_to("../theirs")
    elif way == "link to a file":
        repo.write(LOCAL, "").unlink()
        (repo.path / LOCAL).symlink_to("../../theirs.toml")
        repo.write("theirs.toml", LOOSE)
    else:
        repo.write(LOCAL, LOOSE)
    assert configured.load(repo.path, {}).text("docker.network") == "host"
    repo.git("add", "--force", ".")
    found = configured.load(repo.path, {})
    assert found.text("docker.network") != "host"
    assert found.text("tags") == "none"
    assert any("docker.network is not taken from a file that git tracks" in words for words in found.ignored)


def test_doctor_names_what_git_tracks_of_the_folder_that_is_this_worktrees_own(repo: Repo) -> None:
    repo.write(LOCAL, LOOSE)
    repo.git("add", "--force", LOCAL)
    repo.commit("theirs")
    repo.patina("init")
    said = repo.patina("doctor", check=False).stdout
    assert f"git tracks {LOCAL}" in said
    assert "docker.network is not taken from a file that git tracks" in said
    repo.git("rm", "--quiet", "--cached", LOCAL)
    said = repo.patina("doctor", check=False).stdout
    assert "git tracks" not in said
    assert "docker.network = host" in said


@pytest.mark.parametrize("what", ["zero", "tty", "pipe", "large"])
def test_settings_that_are_no_plain_file_are_passed_over_at_once(
    repo: Repo, what: str, bounded: None
) -> None:
    path = repo.write(".patina/config.toml", "# " + "x" * 2_000_000 if what == "large" else "")
    if what != "large":
        path.unlink()
    if what == "pipe":
        os.mkfifo(path)
    elif what != "large":
        path.symlink_to(f"/dev/{what}")
    [(words, hint)] = configured.load(repo.path, {}).wrong
    assert words == f"{path} is no plain file of at most 1 MB"
    assert hint == f"Move it away: {path}"


def test_settings_may_be_a_link_to_a_file_that_is_kept_elsewhere(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('tags = "none"\n')
    (repo.path / ".patina").mkdir()
    (repo.path / ".patina/config.toml").symlink_to(tmp_path / "mine.toml")
    assert configured.load(repo.path, {}).text("tags") == "none"


@pytest.mark.parametrize("name", ["pyproject.toml", "Makefile", "package.json"])
def test_a_session_starts_whatever_stands_in_the_place_of_a_build_file(
    repo: Repo, tmp_path: Path, name: str
) -> None:
    pipe_at(repo.path / name, tmp_path)
    repo.patina("init")
    repo.patina("session", "start", "the work")
    repo.patina("session", "end")


@pytest.mark.parametrize("linked", [False, True])
def test_what_is_no_plain_file_among_the_journals_is_passed_over(
    repo: Repo, tmp_path: Path, linked: bool
) -> None:
    repo.patina("init")
    repo.patina("session", "start", "the work")
    repo.patina("note", "a note")
    repo.patina("session", "end")
    theirs = repo.path / "layer/sessions/20200101-080000.md"
    for path in (theirs, repo.path / ".patina/local/active-session.md"):
        pipe_at(path, tmp_path, linked=linked)
    assert "the work" in repo.patina("list").stdout
    assert "a note" in repo.patina("search", "note").stdout
    assert "a note" in repo.patina("show").stdout
    assert repo.patina("check", str(theirs), check=False).returncode == 1


@pytest.mark.parametrize("agent", ["claude", "codex", "gemini", "opencode"])
@pytest.mark.parametrize("where_to", [["--project"], []])
def test_an_agent_is_told_of_no_hooks_in_what_is_no_plain_file(
    repo: Repo, agent: str, where_to: list[str]
) -> None:
    where = repo.path / PROJECT[agent]
    where.parent.mkdir(parents=True)
    os.mkfifo(where)
    before = where.stat()
    repo.patina("init", "--agent", agent, *where_to, check=False)
    repo.patina("doctor", check=False)
    repo.patina("uninstall")
    assert where.stat() == before


def test_a_pipe_in_the_place_of_what_init_made_is_no_reason_to_wait(repo: Repo) -> None:
    repo.commit("first", a="1\n")
    repo.patina("init")
    repo.patina("session", "start", "the work")
    hidden = repo.path / ".patina/local/.gitignore"
    for path in (hidden, repo.path / ".patina/local/active-session.md"):
        path.unlink(missing_ok=True)
        os.mkfifo(path)
    repo.patina("note", "a note", check=False)
    repo.patina("init")
    repo.patina("session", "end")
    repo.patina("forget", "a note", "--dry-run", check=False)
    repo.patina("uninstall", "--purge", check=False)
    assert hidden.is_fifo()


@pytest.mark.parametrize(
    "to", [".git/config", ".git/hooks/post-commit", ".git", ".patina/config.toml", "/nowhere", "CLAUDE.md"]
)
def test_claude_md_is_followed_to_no_file_but_the_projects_own(repo: Repo, to: str) -> None:
    repo.commit("first", a="1\n")
    repo.patina("init")
    if to == ".git":  # a linked worktree has a file there
        repo = repo.worktree(repo.path.parent / "linked", "other")
    target = repo.path / to
    before = target.read_bytes() if target.is_file() else None
    (repo.path / "CLAUDE.md").symlink_to(to)
    said = repo.patina("init", "--claude-md").stdout
    assert "left alone, it leads to" in said
    assert (target.read_bytes() if target.is_file() else None) == before
    repo.patina("uninstall")
