"""Promise 6: `patina init` can be undone; `patina uninstall` gives back every hook and file, byte for byte.

Two repositories are arranged in the same way and the same work is done in both. One of them has Patina in between. While
it has, every git command says and returns the same in both, and the person's own hooks get the same arguments and input;
afterwards the two are the same, `.git` included.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pytest

from patina_sessions.errors import NewerData
from patina_sessions.setup import hooks, init, uninstall
from patina_sessions.setup import plan as plans
from patina_sessions.setup.plan import Done, Step
from patina_sessions.system import files
from patina_sessions.system import repository as repositories
from tests import arrangements
from tests.bells import fake_recorder
from tests.twins import WORK, Twin, difference, make, snapshot, work
from tests.waiting import until

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
GITS = {"older git": (2, 39), "git with hook settings": (2, 54)}


def set_up(twin: Twin, recorder: Path, *, memory: bool = False) -> Done:
    """Run `init`."""
    return init.apply(
        init.plan(repositories.discover(twin.repo.path), memory=memory, python=str(recorder)), NOW
    )


def take_out(twin: Twin) -> Done:
    """Run `uninstall`."""
    return uninstall.apply(uninstall.plan(repositories.discover(twin.repo.path)))


def twins(tmp_path: Path, name: str) -> tuple[Twin, Twin, Path]:
    """Return the two, and a recorder that only says it was called."""
    arrange = arrangements.ALL[name]
    recorder = fake_recorder(tmp_path / "recorder", tmp_path / "calls")
    return make(tmp_path / "one", arrange), make(tmp_path / "other", arrange), recorder


@pytest.mark.parametrize("git", GITS)
@pytest.mark.parametrize("name", arrangements.ALL)
def test_after_uninstall_everything_is_as_if_patina_had_never_been(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, git: str
) -> None:
    monkeypatch.setattr(hooks, "git_version", lambda: GITS[git])
    one, other, recorder = twins(tmp_path, name)
    set_up(one, recorder)
    before = [*work(one, WORK[:4])]
    set_up(one, recorder)
    assert [*before, *work(one, WORK[4:])] == work(other)
    take_out(one)
    assert difference(tmp_path / "one", tmp_path / "other") == []
    assert one.git("ls-files", "--stage") == other.git("ls-files", "--stage")
    assert work(one, WORK[:3]) == work(other, WORK[:3])  # and git goes on as it did


@pytest.mark.parametrize("name", ["none", "shell", "mixed", "in_the_tree"])
def test_a_dry_run_names_every_path_that_changes_and_changes_none(tmp_path: Path, name: str) -> None:
    one, _, recorder = twins(tmp_path, name)
    top = one.repo.path
    before = snapshot(top)
    planned = init.plan(repositories.discover(top), memory=True, python=str(recorder))
    assert snapshot(top) == before
    init.apply(planned, NOW)
    after = snapshot(top)
    changed = {top / path for path in after if after[path] != before.get(path)}
    inside = top / ".git/patina"
    named = {step.path for step in planned.steps}
    # Below its own folder the books of the state are Patina's; the folder itself is named.
    assert {path for path in changed if inside not in path.parents} == {
        p for p in named if inside not in p.parents
    }

    planned_back = uninstall.plan(repositories.discover(top))
    assert snapshot(top) == after
    uninstall.apply(planned_back)
    assert snapshot(top) == before
    assert changed - {p for p in changed if inside in p.parents} == {
        step.path for step in planned_back.steps if inside not in step.path.parents
    }


def test_a_second_init_changes_nothing(tmp_path: Path) -> None:
    one, _, recorder = twins(tmp_path, "mixed")
    set_up(one, recorder)
    before = snapshot(one.repo.path)
    assert init.plan(repositories.discover(one.repo.path), python=str(recorder)).steps == ()
    assert set_up(one, recorder).lines == ("Patina is set up here already; there is nothing to change.",)
    assert snapshot(one.repo.path) == before


def test_a_second_uninstall_changes_nothing(tmp_path: Path) -> None:
    one, _, recorder = twins(tmp_path, "shell")
    before = snapshot(one.repo.path)
    set_up(one, recorder)
    take_out(one)
    assert snapshot(one.repo.path) == before
    assert take_out(one).plan.steps == ()
    assert snapshot(one.repo.path) == before


@pytest.mark.parametrize("when", ["before init again", "after"])
def test_a_hook_that_its_owner_edited_keeps_the_edit_and_loses_only_our_block(
    tmp_path: Path, when: str
) -> None:
    one, _, recorder = twins(tmp_path, "shell")
    hook = one.repo.path / ".git/hooks/post-commit"
    text = hook.read_text()
    set_up(one, recorder)
    hook.write_text(hook.read_text() + "echo more\n")
    hook.chmod(0o710)
    if when == "before init again":
        set_up(one, tmp_path / "another-recorder")
    take_out(one)
    assert hook.read_text() == text + "echo more\n"
    assert hook.stat().st_mode & 0o777 == 0o710


def test_a_hook_of_ours_to_which_somebody_added_lines_becomes_theirs(tmp_path: Path) -> None:
    one, _, recorder = twins(tmp_path, "none")
    hook = one.repo.path / ".git/hooks/post-commit"
    set_up(one, recorder)
    hook.write_text(hook.read_text() + "echo mine\n")
    set_up(one, tmp_path / "another-recorder")
    take_out(one)
    assert hook.read_text() == "#!/bin/sh\necho mine\n"


def test_a_hook_that_another_tool_put_in_place_of_ours_is_left_alone(tmp_path: Path) -> None:
    """As pre-commit does: it renames what is there and calls it from its own."""
    one, _, recorder = twins(tmp_path, "none")
    hooks_folder = one.repo.path / ".git/hooks"
    set_up(one, recorder)
    (hooks_folder / "post-commit").rename(hooks_folder / "post-commit.legacy")
    (hooks_folder / "post-commit").write_text("#!/bin/sh\necho theirs\n")
    take_out(one)
    assert (hooks_folder / "post-commit").read_text() == "#!/bin/sh\necho theirs\n"
    assert not (hooks_folder / "post-commit.legacy").exists()


@pytest.mark.parametrize("memory", ["CLAUDE.md", "AGENTS.md"])
@pytest.mark.parametrize("text", [b"", b"# Rules\n", b"# Rules", b"# Rules\r\n\r\n", b"\xff\n\n\n"])
def test_a_file_for_the_assistant_is_given_back_byte_for_byte(
    tmp_path: Path, memory: str, text: bytes
) -> None:
    one, _, recorder = twins(tmp_path, "none")
    file = one.repo.write(memory, text)
    file.chmod(0o640)
    set_up(one, recorder, memory=True)
    assert b"\n@.patina/local/last-session.md\n" in file.read_bytes()
    set_up(one, recorder, memory=True)
    take_out(one)
    assert file.read_bytes() == text
    assert file.stat().st_mode & 0o777 == 0o640


def test_what_a_person_changed_or_committed_stays_and_is_named(tmp_path: Path) -> None:
    one, _, recorder = twins(tmp_path, "none")
    set_up(one, recorder)
    one.git("add", "layer/core/.gitkeep")
    one.repo.write(".patina/config.toml", "tags = 'none'\n")
    one.repo.write("layer/dust/old.md", "what was once true\n")
    said = take_out(one).plan.notes
    left = {
        path
        for path, held in snapshot(one.repo.path).items()
        if held[0] == "file" and not path.startswith(".git/")
    }
    assert left == {".patina/config.toml", "layer/core/.gitkeep", "layer/dust/old.md"}
    assert {Path(note.about).name for note in said} == {"config.toml", ".gitkeep"}


def test_settings_of_git_that_were_changed_in_between_keep_the_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "git_version", lambda: (2, 54))
    one, other, recorder = twins(tmp_path, "unfinished_settings")
    set_up(one, recorder)
    for twin in (one, other):
        twin.git("config", "user.name", "Grace")
        twin.git("config", "alias.st", "status")
    take_out(one)
    ours, theirs = ((t.repo.path / ".git/config").read_text() for t in (one, other))
    assert ours.split() == theirs.split()
    assert one.git("config", "--list") == other.git("config", "--list")


# ------------------------------------------------------------------------------------------------------- a kill between


class Killed(BaseException):
    """The process ends here."""


def test_an_init_that_was_killed_at_any_step_can_be_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _, recorder = twins(tmp_path, "mixed")
    before = snapshot(one.repo.path)
    steps = len(init.plan(repositories.discover(one.repo.path), python=str(recorder)).steps)
    for at in range(steps):
        _kill_at(monkeypatch, init, at)
        try:
            set_up(one, recorder)
        except Killed:
            rung = one.git("hook", "run", "--ignore-missing", "post-commit")
            assert (rung.code, rung.out, rung.err) == (0, b"", b"")
        monkeypatch.undo()
        take_out(one)
        assert snapshot(one.repo.path) == before, f"killed at step {at}"


def test_an_uninstall_that_was_killed_at_any_step_is_finished_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _, recorder = twins(tmp_path, "mixed")
    before = snapshot(one.repo.path)
    set_up(one, recorder)
    steps = len(uninstall.plan(repositories.discover(one.repo.path)).steps)
    for at in range(steps):
        set_up(one, recorder)
        _kill_at(monkeypatch, uninstall, at)
        with pytest.raises(Killed):
            take_out(one)
        monkeypatch.undo()
        take_out(one)
        assert snapshot(one.repo.path) == before, f"killed at step {at}"


def _kill_at(monkeypatch: pytest.MonkeyPatch, module: object, at: int) -> None:
    done = 0

    def perform(step: Step) -> None:
        nonlocal done
        if done == at:
            raise Killed
        done += 1
        plans.perform(step)

    monkeypatch.setattr(module, "perform", perform)


# ------------------------------------------------------------------------------------------------ what sessions recorded


def test_journals_and_knowledge_stay_and_it_is_said_where(tmp_path: Path) -> None:
    one, _, recorder = twins(tmp_path, "shell")
    set_up(one, recorder)
    archive = one.repo.path / ".git/patina/archive/20261125-090000.md"
    one.repo.write(".git/patina/archive/20261125-090000.md", "# Session: kept\n")
    journal = one.repo.write("layer/sessions/20261125-090000.md", "# Session: kept\n")
    active = one.repo.write(".patina/local/active-session.md", "# Session: in progress\n")
    one.repo.write(".patina/local/last-session.md", "# Session: kept\n")
    said = {Path(note.about).name for note in take_out(one).plan.notes}
    assert said == {"patina", "patina-id", "active-session.md"}
    assert archive.read_text() == journal.read_text() == "# Session: kept\n"
    assert active.read_text() == "# Session: in progress\n"
    assert not (one.repo.path / ".patina/local/last-session.md").exists()
    assert not (one.repo.path / ".git/patina/repo.json").exists()
    assert ".patina" not in one.repo.git("status", "--short")
    assert [p.name for p in (one.repo.path / ".git/hooks").iterdir() if b"patina" in p.read_bytes()] == []
    assert {p.name for p in (one.repo.path / ".git/patina").iterdir()} == {"archive", "worktrees"}
    one.repo.commit("after it")
    assert not (one.repo.path / ".git/patina/rung").exists()


def test_purge_takes_what_was_recorded_too(tmp_path: Path) -> None:
    one, _, recorder = twins(tmp_path, "shell")
    before = snapshot(one.repo.path)
    set_up(one, recorder)
    one.repo.write(".git/patina/archive/20261125-090000.md", "# Session: kept\n")
    one.repo.write(".patina/local/active-session.md", "# Session: in progress\n")
    uninstall.apply(uninstall.plan(repositories.discover(one.repo.path), purge=True))
    assert snapshot(one.repo.path) == before


def test_a_set_up_repository_of_a_newer_patina_is_left_alone(tmp_path: Path) -> None:
    one, _, recorder = twins(tmp_path, "shell")
    set_up(one, recorder)
    for name in ("repo.json", "manifest.json"):
        file = one.repo.path / ".git/patina" / name
        kept = file.read_bytes()
        file.write_bytes(kept.replace(b'"format": 1', b'"format": 2'))
        before = snapshot(one.repo.path)
        with pytest.raises(NewerData):
            set_up(one, recorder)
        with pytest.raises(NewerData):
            take_out(one)
        assert snapshot(one.repo.path) == before
        file.write_bytes(kept)


def test_every_worktree_is_given_back(tmp_path: Path) -> None:
    one, _, recorder = twins(tmp_path, "none")
    linked = one.repo.worktree(tmp_path / "one" / "linked", "linked")
    before = snapshot(tmp_path / "one")
    for twin in (one, Twin(linked)):
        set_up(twin, recorder)
    take_out(Twin(linked))
    assert snapshot(tmp_path / "one") == before


def test_a_recorder_that_comes_after_uninstall_brings_nothing_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was called before, and waits for its lock while `uninstall` holds it."""
    one, other, _ = twins(tmp_path, "shell")
    set_up(one, Path("/nonexistent/python"))
    assert work(one, WORK[:1]) == work(other, WORK[:1])
    state, top = one.repo.path / ".git/patina", one.repo.path
    with files.locked(state / "lock"):
        argv = [sys.executable, "-P", "-m", "patina_sessions.recorder", str(state), str(top), ""]
        recorder = subprocess.Popen(argv, cwd=top)
        until(lambda: f"-> FLOCK  ADVISORY  WRITE {recorder.pid} " in locks(), "the recorder to wait")
        monkeypatch.setattr(files, "locked", nullcontext)  # this test holds it for `uninstall`
        take_out(one)
    assert recorder.wait() == 0
    assert difference(tmp_path / "one", tmp_path / "other") == []


def test_uninstall_waits_for_a_recorder_at_work(tmp_path: Path) -> None:
    one = twins(tmp_path, "shell")[0]
    set_up(one, Path("/nonexistent/python"))
    state = one.repo.path / ".git/patina"
    uninstalling = threading.Thread(target=take_out, args=(one,))
    with files.locked(state / "lock"):
        uninstalling.start()
        until(lambda: f"-> FLOCK  ADVISORY  WRITE {os.getpid()} " in locks(), "uninstall to wait")
        assert (state / "repo.json").exists()
    uninstalling.join()
    assert difference(tmp_path / "one", tmp_path / "other") == []


def locks() -> str:
    """Return who holds and who waits for locks on this machine."""
    return Path("/proc/locks").read_text()


@pytest.mark.parametrize("name", [".patina", ".patina/local", "layer"])
def test_nothing_is_taken_away_through_a_link(tmp_path: Path, name: str) -> None:
    """A branch of a hostile clone may have put one in the place of a folder of ours since `init`."""
    one, _, recorder = twins(tmp_path, "none")
    set_up(one, recorder)
    folder = one.repo.path / name
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "last-session.md").write_text("theirs\n")
    before = snapshot(tmp_path / "elsewhere")
    take_out(one)
    assert snapshot(tmp_path / "elsewhere") == before


def test_a_hook_that_became_a_link_stays_one(tmp_path: Path) -> None:
    """Its owner has moved it into the project since; what it leads to is not ours to write."""
    one, _, recorder = twins(tmp_path, "shell")
    set_up(one, recorder)
    hook = one.repo.path / ".git/hooks/post-commit"
    hook.rename(one.repo.path / "post-commit")
    hook.symlink_to("../../post-commit")
    text = (one.repo.path / "post-commit").read_bytes()
    take_out(one)
    assert hook.is_symlink()
    assert (one.repo.path / "post-commit").read_bytes() == text


def test_a_hooks_folder_that_became_a_link_is_left_alone(tmp_path: Path) -> None:
    one, _, recorder = twins(tmp_path, "shell")
    set_up(one, recorder)
    folder = one.repo.path / ".git/hooks"
    folder.rename(tmp_path / "shared")
    folder.symlink_to(tmp_path / "shared")
    before = snapshot(tmp_path / "shared")
    take_out(one)
    assert snapshot(tmp_path / "shared") == before
