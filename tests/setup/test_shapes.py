"""Every shape that a repository can have: `init` finds it, the bell rings in its own state, and uninstall gives it back.

Both ways to ring: by hook files, and by git's settings where the hooks are not ours. The command in the settings is run
as git 2.54 runs it, and by git itself where it is new enough.
"""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from patina_sessions.setup import hooks, init, uninstall
from patina_sessions.system import repository as repositories
from tests.bells import fake_recorder
from tests.repository import Repo
from tests.shapes import SHAPES, Shape, plain
from tests.twins import snapshot
from tests.waiting import until

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def set_up(shape: Shape, recorder: Path) -> None:
    """Run `init` where a person would."""
    git_dir = next((o.partition("=")[2] for o in shape.options if o.startswith("--git-dir=")), None)
    repository = repositories.discover(shape.tree.path, git_dir)
    assert repository.common_dir == shape.common
    init.apply(init.plan(repository, python=str(recorder)), NOW)


def take_out(shape: Shape) -> None:
    """Run `uninstall` in the same place."""
    git_dir = next((o.partition("=")[2] for o in shape.options if o.startswith("--git-dir=")), None)
    uninstall.apply(uninstall.plan(repositories.discover(shape.tree.path, git_dir)))


def top(shape: Shape) -> str:
    """Return the folder in which git runs a hook."""
    return shape.tree.git(*shape.options, "rev-parse", "--show-toplevel")


def called(calls: Path) -> list[tuple[Path, str]]:
    """Return the state folder and the folder of each call."""
    words = calls.read_text().split("\n") if calls.exists() else []
    starts = [n for n, word in enumerate(words) if word == "-P"]
    return [(Path(words[n + 3]).resolve(), words[n + 4]) for n in starts]


@pytest.mark.parametrize("name", SHAPES)
def test_a_commit_rings_in_the_state_of_its_repository(tmp_path: Path, name: str) -> None:
    shape = SHAPES[name](tmp_path)
    set_up(shape, fake_recorder(tmp_path / "recorder", tmp_path / "calls"))
    shape.tree.git(*shape.options, "commit", "--quiet", "--allow-empty", "-m", "ring")
    until(lambda: called(tmp_path / "calls"), "the recorder to be called")
    assert called(tmp_path / "calls") == [(shape.common / "patina", top(shape))]


@pytest.mark.parametrize("name", SHAPES)
def test_by_gits_settings_too(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "git_version", lambda: (2, 54))
    shape = SHAPES[name](tmp_path)
    shape.tree.git(*shape.options, "config", "core.hooksPath", "/nonexistent")
    set_up(shape, fake_recorder(tmp_path / "recorder", tmp_path / "calls"))
    ring_by_settings(shape, "post-rewrite", b"old new\n", "amend")
    until(lambda: called(tmp_path / "calls"), "the recorder to be called")
    assert called(tmp_path / "calls") == [(shape.common / "patina", top(shape))]
    (spooled,) = (shape.common / "patina/spool").iterdir()
    assert spooled.read_bytes() == b"old new\n"


def ring_by_settings(shape: Shape, event: str, stdin: bytes, *args: str) -> None:
    """Run the command of the settings as git does: in the top, by `sh -c`, with `"$@"` at its end."""
    command = shape.tree.git(*shape.options, "config", "--get", f"hook.patina-{event}.command")
    # GIT_DIR is what git gives hooks where it was told one, or where `.git` is a file (tried on 2.55).
    told = {"GIT_DIR": str(shape.common)} if shape.options else {}
    done = subprocess.run(
        ["sh", "-c", f'{command} "$@"', command, *args],
        cwd=top(shape),
        env={**os.environ, **told},
        input=stdin,
        capture_output=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.skipif(hooks.git_version() < hooks.CONFIG_HOOKS, reason="this git knows no hook settings")
@pytest.mark.parametrize("name", SHAPES)
def test_git_itself_rings_by_its_settings(tmp_path: Path, name: str) -> None:
    shape = SHAPES[name](tmp_path)
    shape.tree.git(*shape.options, "config", "core.hooksPath", "/nonexistent")
    set_up(shape, fake_recorder(tmp_path / "recorder", tmp_path / "calls"))
    shape.tree.git(*shape.options, "commit", "--quiet", "--allow-empty", "-m", "ring")
    until(lambda: called(tmp_path / "calls"), "the recorder to be called")
    assert called(tmp_path / "calls") == [(shape.common / "patina", top(shape))]


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_is_given_back(tmp_path: Path, name: str) -> None:
    shape = SHAPES[name](tmp_path / "all")
    recorder = fake_recorder(tmp_path / "recorder", tmp_path / "calls")
    before = snapshot(tmp_path / "all")
    set_up(shape, recorder)
    assert snapshot(tmp_path / "all") != before
    take_out(shape)
    assert snapshot(tmp_path / "all") == before


@pytest.mark.parametrize("version", [(2, 39), (2, 54)])
def test_a_copy_of_a_repository_rings_in_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: tuple[int, int]
) -> None:
    monkeypatch.setattr(hooks, "git_version", lambda: version)
    by_settings = version >= hooks.CONFIG_HOOKS
    shape = plain(tmp_path)
    if by_settings:
        shape.tree.git("config", "core.hooksPath", "/nonexistent")
    set_up(shape, fake_recorder(tmp_path / "recorder", tmp_path / "calls"))
    subprocess.run(["cp", "-r", "repo", "copy"], cwd=tmp_path, check=True)
    copy = Shape(Repo(tmp_path / "copy"), tmp_path / "copy/.git")
    if by_settings:
        ring_by_settings(copy, "post-commit", b"")
    else:
        copy.tree.commit("ring")
    until(lambda: called(tmp_path / "calls"), "the recorder to be called")
    assert called(tmp_path / "calls") == [(tmp_path / "copy/.git/patina", str(tmp_path / "copy"))]


def test_dot_files_that_the_environment_names_have_one_journal_from_whichever_folder(tmp_path: Path) -> None:
    shape = SHAPES["no_git_in_the_tree"](tmp_path)
    env = {"GIT_DIR": str(shape.common), "GIT_WORK_TREE": str(shape.tree.path)}
    below = shape.tree.path / "sub"
    below.mkdir()
    shape.tree.git("commit", "--quiet", "--allow-empty", "-m", "first", env=env)
    shape.tree.patina("init", cwd=below, env=env)
    shape.tree.patina("session", "start", "the work", cwd=below, env=env)
    shape.tree.patina("note", "from below", cwd=below, env=env)
    found = list(tmp_path.rglob("active-session.md"))
    assert found == [shape.tree.path / ".patina/local/active-session.md"]
    assert "from below" in found[0].read_text()
