"""How each hook is seen, and what is said about those that are left alone."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from patina_sessions.errors import Busy, PatinaError
from patina_sessions.setup import blocks, hook_text, hooks, init
from patina_sessions.setup.plan import Note
from patina_sessions.system import repository as repositories
from tests import arrangements
from tests.repository import Repo

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)

# For each arrangement: how the hooks stand before `init`, after it with an older git, and after it with 2.54.
SEEN: dict[str, tuple[str, str, str]] = {
    "none": ("missing", "ours", "ours"),
    "no_folder": ("missing", "ours", "ours"),
    "shell": ("shell", "block", "block"),
    "strict_bash": ("shell", "block", "block"),
    "no_interpreter": ("shell", "block", "block"),
    "no_newline": ("shell", "block", "block"),
    "only_a_first_line": ("shell", "ours", "ours"),
    "no_newline_at_all": ("shell", "block", "block"),
    "switched_off": ("foreign", "foreign", "config"),
    "python": ("foreign", "foreign", "config"),
    "two_languages": ("foreign", "foreign", "config"),
    "links": ("foreign", "foreign", "config"),
    "linked_folder": ("foreign", "foreign", "config"),
    "linked_within_git": ("shell", "block", "block"),
    "in_the_tree": ("foreign", "foreign", "config"),
    "in_git": ("shell", "block", "block"),
    "outside": ("foreign", "foreign", "config"),
    "nowhere": ("foreign", "foreign", "config"),
    "switched_off_by_config": ("foreign", "foreign", "config"),
    "unfinished_settings": ("foreign", "foreign", "config"),
}


@pytest.fixture
def where(tmp_path: Path) -> Repo:
    """Return a repository with a folder around it, for what lies beside."""
    return Repo.create(tmp_path / "around" / "repo")


def shapes(repo: Repo) -> set[str]:
    return {state.shape for state in hooks.state(repositories.discover(repo.path))}


def set_up(repo: Repo, *, python: str = "/nonexistent/python") -> tuple[Note, ...]:
    planned = init.plan(repositories.discover(repo.path), python=python)
    init.apply(planned, NOW)
    return planned.notes


def test_every_arrangement_is_in_the_table() -> None:
    assert SEEN.keys() | {"mixed"} == arrangements.ALL.keys()


@pytest.mark.parametrize("version", [(2, 39), (2, 54)])
@pytest.mark.parametrize("name", SEEN)
def test_hooks_are_seen_as_what_they_are(
    where: Repo, monkeypatch: pytest.MonkeyPatch, name: str, version: tuple[int, int]
) -> None:
    monkeypatch.setattr(hooks, "git_version", lambda: version)
    before, old, new = SEEN[name]
    arrangements.ALL[name](where)
    assert shapes(where) == {before}
    notes = set_up(where)
    assert shapes(where) == {new if version >= (2, 54) else old}
    assert {event for note in notes for event in note.about.split(", ")} == (
        set(hook_text.EVENTS) if before == "foreign" else set()
    )


def test_each_hook_is_seen_by_itself(where: Repo) -> None:
    arrangements.mixed(where)
    states = hooks.state(repositories.discover(where.path))
    assert [(s.event, s.shape) for s in states] == [
        ("post-commit", "missing"),
        ("post-merge", "shell"),
        ("post-applypatch", "foreign"),
        ("post-checkout", "foreign"),
        ("post-rewrite", "foreign"),
    ]
    whys = [s.why for s in states if s.shape == "foreign"]
    assert ["symbolic link" in whys[0], "not executable" in whys[1], "python" in whys[2]] == [True] * 3


def test_it_is_said_what_carries_the_record_instead(where: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    arrangements.in_the_tree(where)
    for version, words in (((2, 39), "reflog"), ((2, 54), "settings")):
        monkeypatch.setattr(hooks, "git_version", lambda v=version: v)
        notes = init.plan(repositories.discover(where.path), python="/p").notes
        assert all(words in note.text and ".husky" in note.text for note in notes)


def test_a_bell_of_an_older_patina_is_seen_and_renewed(where: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "git_version", lambda: (2, 54))
    arrangements.mixed(where)
    set_up(where)
    files = [where.path / ".git/hooks" / name for name in ("post-commit", "post-merge")]
    new = [path.read_bytes() for path in (*files, where.path / ".git/config")]
    for path in (*files, where.path / ".git/config"):
        found = blocks.find(path.read_bytes())
        assert found is not None
        older = found.text.replace(b">>> patina 1 >>>", b">>> patina 0 >>>").replace(b"hook.sh", b"ring.sh")
        path.write_bytes(blocks.replace(path.read_bytes(), older))
    states = hooks.state(repositories.discover(where.path))
    assert all(state.outdated and state.rings for state in states)
    set_up(where)
    assert [path.read_bytes() for path in (*files, where.path / ".git/config")] == new
    assert not any(state.outdated for state in hooks.state(repositories.discover(where.path)))


def test_a_bell_of_a_newer_patina_is_left_alone(where: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "git_version", lambda: (2, 54))
    arrangements.mixed(where)
    set_up(where)
    files = [where.path / path for path in (".git/hooks/post-commit", ".git/hooks/post-merge", ".git/config")]
    for path in files:
        path.write_bytes(path.read_bytes().replace(b">>> patina 1 >>>", b">>> patina 9 >>>"))
    newer = [path.read_bytes() for path in files]
    set_up(where, python="/nonexistent/other")
    assert [path.read_bytes() for path in files] == newer


def test_a_hook_that_was_taken_away_is_put_back(where: Repo) -> None:
    set_up(where)
    (where.path / ".git/hooks/post-merge").unlink()
    set_up(where)
    assert shapes(where) == {"ours"}


def test_settings_of_git_go_when_the_hooks_are_ours_to_write_again(
    where: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "git_version", lambda: (2, 54))
    before = (where.path / ".git/config").read_bytes()
    arrangements.in_the_tree(where)
    set_up(where)
    assert shapes(where) == {"config"}
    where.git("config", "--unset", "core.hooksPath")
    set_up(where)
    assert shapes(where) == {"ours"}
    assert (where.path / ".git/config").read_bytes() == before


def test_settings_that_are_a_link_are_not_written_through(
    where: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "git_version", lambda: (2, 54))
    arrangements.in_the_tree(where)
    config = where.path / ".git/config"
    config.rename(where.path.parent / "shared-config")
    config.symlink_to(where.path.parent / "shared-config")
    before = config.read_bytes()
    notes = set_up(where)
    assert config.read_bytes() == before
    assert all("reflog" in note.text for note in notes)


def test_settings_that_somebody_writes_after_they_were_looked_at_are_not_overwritten(
    where: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "git_version", lambda: (2, 54))
    arrangements.in_the_tree(where)
    planned = init.plan(repositories.discover(where.path), python="/nonexistent/python")
    where.git("config", "user.name", "Grace")
    before = (where.path / ".git/config").read_bytes()
    with pytest.raises(PatinaError, match="changed while"):
        init.apply(replace(planned, again=None), NOW)
    assert (where.path / ".git/config").read_bytes() == before
    assert not (where.path / ".git/config.lock").exists()


def test_while_git_writes_its_settings_init_waits_for_no_one_and_says_so(
    where: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "git_version", lambda: (2, 54))
    arrangements.in_the_tree(where)
    lock = where.write(".git/config.lock", "half")
    with pytest.raises(Busy):
        set_up(where)
    assert lock.read_text() == "half"
    lock.unlink()
    set_up(where)
    assert shapes(where) == {"config"}


@pytest.mark.parametrize(
    ("said", "version"),
    [
        (b"git version 2.39.5\n", (2, 39)),
        (b"git version 2.39.5 (Apple Git-154)\n", (2, 39)),
        (b"git version 2.55.0.rc1.12.gabc\n", (2, 55)),
        (b"git version 3.0.0\n", (3, 0)),
        (b"", (0, 0)),
    ],
)
def test_the_version_of_git_is_read_from_what_it_says(
    monkeypatch: pytest.MonkeyPatch, said: bytes, version: tuple[int, int]
) -> None:
    from patina_sessions.system import processes

    monkeypatch.setattr(processes, "run", lambda argv: processes.Result(code=0, out=said, err=b""))
    assert hooks.git_version() == version


def test_a_hook_of_ours_that_lost_its_mode_is_found_and_rings_again(where: Repo) -> None:
    set_up(where)
    for state in hooks.state(repositories.discover(where.path)):
        state.path.chmod(0o644)
    assert not any(state.rings for state in hooks.state(repositories.discover(where.path)))
    set_up(where)
    assert all(state.rings for state in hooks.state(repositories.discover(where.path)))


@pytest.mark.parametrize("manager", ["pre-commit", "prek"])
def test_a_hook_of_ours_that_a_manager_calls_as_the_one_from_before_is_seen_to_ring(
    where: Repo, manager: str
) -> None:
    set_up(where)
    where.write(".pre-commit-config.yaml", "repos: []\n")
    argv = [str(Path(sys.executable).with_name(manager)), "install", "--hook-type", "post-commit"]
    subprocess.run(argv, cwd=where.path, check=True, capture_output=True)
    theirs = (where.path / ".git/hooks/post-commit").read_bytes()
    [state] = [s for s in hooks.state(repositories.discover(where.path)) if s.event == "post-commit"]
    assert state.rings
    set_up(where)
    assert (where.path / ".git/hooks/post-commit").read_bytes() == theirs
    (where.path / ".git/hooks/post-commit.legacy").unlink()
    assert not all(s.rings for s in hooks.state(repositories.discover(where.path)))
