"""Promise 1: no hook ever fails, blocks or noticeably delays a git command, whatever state Patina is in.

The same work is done in two repositories, one without Patina and one in which Patina is broken in one of the ways below.
Every git command says and returns the same in both, and the person's own hooks get the same arguments and input. What a
hook costs is measured in `bench/`, as a ratio.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from patina_sessions.setup import hooks, init
from patina_sessions.system import clock
from patina_sessions.system import repository as repositories
from tests import arrangements
from tests.repository import Repo
from tests.twins import SHORT, Twin, make, work
from tests.waiting import quiet, until

SNAGS: dict[str, Callable[[Path], None]] = {}


def snag(spoil: Callable[[Path], None]) -> Callable[[Path], None]:
    """Add one way in which Patina is broken; it is given the state folder of a repository that is set up."""
    SNAGS[spoil.__name__] = spoil
    return spoil


def put_recorder(state: Path, text: str) -> None:
    """Put a script in the place of the interpreter."""
    script = state.parent / "patina-recorder-of-the-test"
    script.write_text(f"#!/bin/sh\n{text}\n")
    script.chmod(0o755)
    bell = state / "hook.sh"
    called = f"run='{script}' d=$git/patina"
    lines = [called if line.startswith("run=") else line for line in bell.read_text().split("\n")]
    bell.write_text("\n".join(lines))


@snag
def nothing_is_broken(state: Path) -> None:
    """The recorder itself, at work."""


@snag
def the_interpreter_is_gone(state: Path) -> None:
    bell = state / "hook.sh"
    bell.write_text(bell.read_text().replace("run=", "run=/nonexistent"))


@snag
def the_package_is_gone(state: Path) -> None:
    put_recorder(state, f'exec "{sys.executable}" -I -S "$@"')


@snag
def the_recorder_fails(state: Path) -> None:
    put_recorder(state, "exit 3")


@snag
def the_recorder_is_loud(state: Path) -> None:
    put_recorder(state, "i=0; while [ $i -lt 2000 ]; do echo noise; echo noise >&2; i=$((i + 1)); done")


@snag
def the_recorder_dies_of_a_signal(state: Path) -> None:
    put_recorder(state, "kill -9 $$")


@snag
def the_state_is_gone(state: Path) -> None:
    shutil.rmtree(state)


@snag
def the_state_is_a_file(state: Path) -> None:
    shutil.rmtree(state)
    state.write_text("")


@snag
def the_state_is_a_link_to_itself(state: Path) -> None:
    shutil.rmtree(state)
    state.symlink_to(state.name)


@snag
def the_script_is_a_folder(state: Path) -> None:
    (state / "hook.sh").unlink()
    (state / "hook.sh").mkdir()


@snag
def the_script_is_cut_off(state: Path) -> None:
    (state / "hook.sh").write_text("if ( ; case esac $((")


@snag
def the_script_is_of_another_time(state: Path) -> None:
    (state / "hook.sh").write_text("cd /; set -e; umask 777; false; echo never; exit 9")


@snag
def there_is_no_spool(state: Path) -> None:
    shutil.rmtree(state / "spool")


@snag
def nothing_can_be_made(state: Path) -> None:
    for name in ("rung", "marks"):
        (state / name).mkdir()
    shutil.rmtree(state / "spool")
    (state / "spool").write_text("")


@snag
def the_ring_is_a_pipe_that_nobody_reads(state: Path) -> None:
    os.mkfifo(state / "rung")


@snag
def the_marks_never_end(state: Path) -> None:
    (state / "rung").touch()
    (state / "marks").symlink_to("/dev/zero")


@snag
def an_old_ring_is_up(state: Path) -> None:
    (state / "rung").touch()
    (state / "marks").write_bytes(b"." * 62)


@snag
def consent_is_of_a_newer_patina(state: Path) -> None:
    (state / "repo.json").write_text('{"format": 99}')


@snag
def consent_is_damaged(state: Path) -> None:
    (state / "repo.json").write_bytes(b"\xff{")


@snag
def the_event_log_is_damaged(state: Path) -> None:
    for segment in state.glob("worktrees/*/events/*"):
        segment.write_bytes(b"\0\xff{]\n" * 100)


@snag
def the_settings_are_damaged(state: Path) -> None:
    (state.parents[1] / ".patina" / "local" / "config.toml").write_text("= = =")


def set_up(twin: Twin) -> Path:
    """Run `init` and return the state folder."""
    repository = repositories.discover(twin.repo.path)
    init.apply(init.plan(repository), clock.now())
    return repository.common.home


def twins(tmp_path: Path, name: str) -> tuple[Twin, Twin]:
    """Return the repository to be given to Patina, and the one without."""
    arrange = arrangements.ALL[name]
    return make(tmp_path / "one", arrange), make(tmp_path / "other", arrange)


def kept(tmp_path: Path) -> list[str]:
    """Return what the two persons' hooks kept of their arguments and input."""
    return [(tmp_path / name / "kept").read_text() for name in ("one", "other")]


@pytest.mark.parametrize("snag", SNAGS)
def test_git_says_and_returns_what_it_does_without_patina(tmp_path: Path, snag: str) -> None:
    one, other = twins(tmp_path, "shell")
    SNAGS[snag](set_up(one))
    assert work(one, SHORT) == work(other, SHORT)
    assert len(set(kept(tmp_path))) == 1


@pytest.mark.parametrize(
    "variable", [("PYTHONHOME", "/nonexistent"), ("PATH", "/nonexistent"), ("PATINA", "0")]
)
def test_no_environment_makes_a_hook_heard(tmp_path: Path, variable: tuple[str, str]) -> None:
    one, other = twins(tmp_path, "none")
    set_up(one)
    git = shutil.which("git")
    assert git is not None
    # Git's own upkeep after a commit is a process that not every git finds without a PATH.
    argv = [git, "-c", "maintenance.auto=false", "commit", "--quiet", "--allow-empty", "-m", "x"]
    for twin in (one, other):
        done = subprocess.run(
            argv,
            cwd=twin.repo.path,
            env={**os.environ, variable[0]: variable[1]},
            capture_output=True,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize("path", [":/opt/lib", "lib"])
def test_nothing_that_lies_in_the_working_tree_is_run_as_python_s_own(repo: Repo, path: str) -> None:
    """An empty part of PYTHONPATH, as `PYTHONPATH=$PYTHONPATH:/opt/lib` leaves it, is the folder of the commit."""
    repo.patina("init")
    for name in ("logging", "json", "subprocess"):
        for folder in ("", "lib/"):
            repo.write(f"{folder}{name}.py", f"open({str(repo.path / 'run')!r}, 'w')\nraise SystemExit\n")
    repo.patina("session", "start", "work")
    made = repo.git(
        "commit", "--allow-empty", "-m", "feat: a", env={"PYTHONPATH": path, "PYTHONHOME": "/none"}
    )
    assert "feat: a" in made
    quiet(repo)
    assert not (repo.path / "run").exists()
    assert "feat: a" in (repo.path / ".patina/local/active-session.md").read_text()


@contextmanager
def held(*paths: Path) -> Iterator[None]:
    """Hold locks, as somebody does who hangs."""
    streams = [open(path, "a") for path in paths]  # noqa: SIM115 - closed below
    try:
        for stream in streams:
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield
    finally:
        for stream in streams:
            stream.close()


def test_nobody_waits_while_another_holds_every_lock(tmp_path: Path) -> None:
    one, other = twins(tmp_path, "shell")
    state = set_up(one)
    with held(state / "lock", *state.glob("worktrees/*/lock")):
        assert work(one, SHORT) == work(other, SHORT)
    quiet(one.repo)


def test_nobody_waits_for_a_recorder_that_hangs(tmp_path: Path) -> None:
    one, other = twins(tmp_path, "shell")
    pids = tmp_path / "pids"
    put_recorder(set_up(one), f"echo $$ >> '{pids}'; exec sleep 3600")
    try:
        assert work(one, SHORT) == work(other, SHORT)
        until(lambda: pids.exists() and pids.read_text().endswith("\n"), "the recorder to begin")
        os.kill(int(pids.read_text().split()[0]), 0)  # it still hangs, and git is done
        assert len(pids.read_text().split()) == 1
    finally:
        for pid in pids.read_text().split():
            os.kill(int(pid), signal.SIGKILL)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a file system of 64 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k,nr_inodes=12", "patina-test", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("a full disk needs the right to mount one")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("lacking", ["bytes", "inodes"])
def test_a_full_disk_under_the_state_harms_no_git_command(
    tmp_path: Path, small_disk: Path, lacking: str
) -> None:
    one, other = twins(tmp_path, "shell")
    state = set_up(one)
    shutil.copytree(
        state, small_disk / "patina", ignore=shutil.ignore_patterns("worktrees", "originals", "log")
    )
    shutil.rmtree(state)
    state.symlink_to(small_disk / "patina")
    if lacking == "bytes":
        try:
            (small_disk / "fill").write_bytes(b"x" * 100_000)
        except OSError:
            pass
    else:
        _fill_inodes(small_disk)
    assert work(one, SHORT) == work(other, SHORT)
    assert len(set(kept(tmp_path))) == 1


def _fill_inodes(folder: Path) -> None:
    for number in range(100):
        try:
            (folder / f"{number}").touch()
        except OSError:
            return


def test_code_of_the_repository_is_not_run(tmp_path: Path) -> None:
    """A clone may hold a `patina_sessions` or a `json.py` of its own: Python would look in the current folder first."""
    one, _ = twins(tmp_path, "none")
    set_up(one)
    evil = f"open({str(tmp_path / 'run')!r}, 'w').close()\n"
    for name in (
        "patina_sessions/__init__.py",
        "patina_sessions/recorder.py",
        "json.py",
        "logging.py",
        "re.py",
    ):
        one.repo.write(name, evil)
    state = one.repo.path / ".git/patina"
    one.repo.commit("ring")
    until(lambda: not (state / "rung").exists(), "the recorder to come")
    quiet(one.repo)
    assert not (tmp_path / "run").exists()


def test_the_recorder_at_work_takes_no_lock_of_git(tmp_path: Path) -> None:
    """A `git status` in the background made 41 of 150 commits fail, for it refreshes the index under a lock."""
    one, _ = twins(tmp_path, "none")
    set_up(one)
    for number in range(25):
        one.repo.write("file.txt", f"{number}\n")
        one.repo.git("add", "file.txt")
        one.repo.git("commit", "--quiet", "-m", f"commit {number}")
    quiet(one.repo)


def test_where_git_rings_by_its_settings_a_state_that_is_gone_blocks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A `hook.*.command` that cannot be started made `git push` fail (git 2.55), so each is guarded."""
    monkeypatch.setattr(hooks, "git_version", lambda: (2, 54))
    one, other = twins(tmp_path, "in_the_tree")
    shutil.rmtree(set_up(one))
    assert work(one, SHORT) == work(other, SHORT)
    for repo in (one.repo, other.repo):
        command = repo.git("config", "--default", ":", "--get", "hook.patina-post-commit.command")
        done = subprocess.run(["sh", "-c", command + ' "$@"', command], cwd=repo.path, capture_output=True)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
