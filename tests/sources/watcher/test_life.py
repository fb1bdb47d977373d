"""A watcher lives as long as there is something to watch for, there is one, and whoever comes next makes a death good."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.repository import Repo
from tests.sources.watcher.watching import ON, Watched, end, running, watched
from tests.waiting import until, wait_past


@pytest.fixture
def ground(repo: Repo) -> Repo:
    repo.commit("first", {"src/a.py": "1\n", "b.txt": "2\n"})
    return repo


def test_the_start_of_a_session_starts_it_and_the_end_ends_it(ground: Repo) -> None:
    with watched(ground) as here:
        said = here.status()
        assert said["alive"]
        assert said["backend"] == "kernel"
        assert said["folders"] >= 2
        pid = said["pid"]
        ground.patina("note", "a note", env=ON)
        assert here.pid == pid  # no second one
        other = ground.patina("watch", check=False, env=ON)
        assert other.returncode == 1
        assert f"process {pid}" in other.stderr
        ground.patina("session", "end", env=ON)
        assert not running(pid)
        assert not here.status()["alive"]


@pytest.mark.parametrize("off", [{"CI": "1"}, {"PATINA_WATCH_ENABLED": "0"}, {"PATINA": "0"}])
def test_none_is_started_in_ci_or_where_it_is_switched_off(ground: Repo, off: dict[str, str]) -> None:
    ground.patina("init")
    ground.patina("session", "start", "the work", env={**ON, **off})
    said = ground.patina("watch", "--status").stdout
    assert said == "Not watching files: no watcher is running\n"
    assert not list(ground.path.glob(".git/patina/worktrees/*/watcher.lock"))


def test_a_project_s_settings_cannot_switch_it_on_or_off(ground: Repo) -> None:
    ground.patina("init")
    config = ground.path / ".patina/config.toml"
    config.write_text(config.read_text() + "\n[watch]\nenabled = true\n")
    ground.patina("session", "start", "the work")
    assert not list(ground.path.glob(".git/patina/worktrees/*/watcher.lock"))


def test_a_killed_one_is_replaced_by_the_next_command_and_what_it_missed_is_told(ground: Repo) -> None:
    with watched(ground) as here:
        ground.write("src/a.py", "told\n")
        here.told()
        pid = here.pid
        os.kill(pid, signal.SIGKILL)
        until(lambda: here.gone(pid), "the watcher to be gone")
        assert not here.status()["alive"]
        ground.write("b.txt", "nobody saw it\n")
        ground.write("c.txt", "nor this\n")
        (ground.path / "src/a.py").unlink()
        ground.patina("note", "whoever comes next", env=ON)
        here.ready(other_than=pid)
        assert here.changes() == [("A", "c.txt"), ("D", "src/a.py"), ("M", "b.txt"), ("M", "src/a.py")]
        assert [gap for gap in here.gaps() if "killed" in gap]
        ground.patina("session", "update", env=ON)
        assert here.journal().count("was killed or failed") == 1


def test_status_and_doctor_say_whether_it_lives_what_it_watches_and_what_it_missed(ground: Repo) -> None:
    def said(env: dict[str, str] = ON) -> tuple[str, str, str]:
        """Return the line of `status`, and level and words of `doctor`."""
        checks = json.loads(ground.patina("doctor", "--json", env=env).stdout)["checks"]
        [check] = [c for c in checks if c["name"] == "watcher"]
        lines = ground.patina("session", "status", env=env).stdout.splitlines()
        [line] = [line for line in lines if "atching files" in line]
        return line, check["level"], check["words"]

    with watched(ground) as here:
        ground.write("b.txt", "x\n")
        here.told()
        folders, since = here.report()["folders"], here.report()["since"][11:16]
        alive = f"Watching files ({folders} folders) since {since}, 1 change told"
        assert said() == (alive, "ok", alive)
        pid = here.pid
        os.kill(pid, signal.SIGKILL)
        until(lambda: here.gone(pid), "the watcher to be gone")
        checks = json.loads(ground.patina("doctor", "--json", env=ON).stdout)["checks"]
        [dead] = [c for c in checks if c["name"] == "watcher"]
        assert (dead["level"], dead["words"]) == ("note", "no watcher is running")
        log = dead["hint"].rpartition(" ")[2]
        assert Path(log).read_text()
        said()  # whoever looks has the next one started
        here.ready(other_than=pid)
        here.told()
        line, level, words = said()
        assert line == words
        assert level == "note"
        assert "; 1 gap, the last: the watcher was killed or failed" in line
        ground.patina("watch", "--stop")
        assert said({"PATINA_WATCH_ENABLED": "0"}) == (
            "Not watching files: it is switched off",
            "ok",
            "files are not watched: it is switched off",
        )


def test_a_hook_replaces_a_killed_one_too(ground: Repo) -> None:
    with watched(ground) as here:
        pid = here.pid
        os.kill(pid, signal.SIGKILL)
        until(lambda: here.gone(pid), "the watcher to be gone")
        subprocess.run(
            ["git", "commit", "-q", "--allow-empty", "-m", "x"], cwd=ground.path, env=os.environ | ON
        )
        here.ready(other_than=pid)


def test_it_ends_when_its_worktree_is_removed(ground: Repo, tmp_path: Path) -> None:
    ground.patina("init")
    linked = ground.worktree(tmp_path / "linked", "side")
    linked.patina("session", "start", "beside", env=ON)
    key = Path(linked.git("rev-parse", "--git-path", "patina-id")).read_text().split()[0]
    report = ground.path / ".git/patina/worktrees" / key / "watcher.json"
    until(lambda: report.exists() and b'"kernel"' in report.read_bytes(), "the watcher")
    pid = json.loads(report.read_bytes())["pid"]
    ground.git("worktree", "remove", "--force", str(linked.path))
    until(lambda: not running(pid), "the watcher to notice")


def test_it_ends_when_its_folder_is_deleted_under_it_or_moved(ground: Repo, tmp_path: Path) -> None:
    with watched(ground) as here:
        pid = here.pid
        time.sleep(1.5)  # it has settled: what it notices now, it notices by the renaming
        moved = tmp_path / "moved"
        ground.path.rename(moved)
        until(lambda: here.gone(pid), "the watcher to notice")
        again = Watched(Repo(moved))
        Repo(moved).patina("note", "here now", env=ON)
        again.ready(other_than=pid)
        subprocess.run(["rm", "-rf", str(moved)], check=True)
        until(lambda: not subprocess.run(["pgrep", "-f", str(moved)], capture_output=True).stdout, "its end")


def test_uninstall_ends_it_and_leaves_nothing_of_it(ground: Repo) -> None:
    with watched(ground) as here:
        pid = here.pid
        ground.patina("uninstall", "--purge", "--lose-session")
        until(lambda: here.gone(pid), "the watcher to be gone")
        assert not (ground.path / ".git/patina").exists()


def test_it_notices_by_itself_that_its_session_has_ended(ground: Repo) -> None:
    with watched(ground) as here:
        pid = here.pid
        code = (
            "from patina_sessions.sources.watcher import process\n"
            "process.stop = lambda state: True\n"
            "from patina_sessions.cli import main\nmain()\n"
        )
        argv = [sys.executable, "-P", "-c", code, "session", "end"]
        subprocess.run(argv, cwd=ground.path, env=os.environ | ON, check=True, capture_output=True)
        until(lambda: here.gone(pid), "the watcher to notice")
        assert here.report()["ended"] == "the session has ended"


def test_it_ends_when_nothing_happens_for_the_hours_of_the_setting(ground: Repo) -> None:
    with watched(ground, PATINA_SESSION_IDLE_HOURS="0.0006") as here:
        pid = here.pid
        until(lambda: here.gone(pid), "the watcher to give up")
        assert "idle_hours" in here.report()["ended"]
        ground.write("b.txt", "the next morning\n")
        ground.patina("note", "back again", env=ON)
        here.ready(other_than=pid)
        assert here.changes() == [("M", "b.txt")]
        [gap] = here.gaps()
        assert gap.startswith("nothing happened for so long (session.idle_hours)")


def test_what_is_done_after_it_was_told_to_stop_is_nobody_s_business(ground: Repo) -> None:
    with watched(ground) as here:
        pid = here.pid
        said = ground.patina("watch", "--stop", env=ON).stdout
        assert "The next command here starts another" in said
        assert "next command" not in ground.patina("watch", "--stop").stdout  # here they are switched off
        ground.write("b.txt", "unwatched\n")
        wait_past(ground.path / "b.txt")
        ground.patina("note", "on again", env=ON)
        here.ready(other_than=pid)
        assert here.facts() == []
        assert here.gaps() == []


def test_it_survives_the_terminal_that_it_was_started_from(ground: Repo) -> None:
    ground.patina("init")
    leader, follower = pty.openpty()
    code = (
        "import fcntl, os, subprocess, sys, termios\n"
        "fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
        "subprocess.run([sys.executable, '-P', '-m', 'patina_sessions', 'session', 'start', 'x'], check=True)\n"
    )
    env = os.environ | ON
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ground.path,
        env=env,
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
    )
    os.close(follower)
    assert child.wait() == 0
    os.close(leader)  # the terminal is gone: HUP to all that belong to it
    here = Watched(ground)
    here.ready()
    try:
        ground.write("b.txt", "x\n")
        assert here.changes() == [("M", "b.txt")]
        with open(f"/proc/{here.pid}/status") as status:
            assert f"\nPPid:\t{os.getpid()}\n" not in status.read()
    finally:
        end(here)


def test_a_commit_without_hooks_is_in_the_journal_by_itself(ground: Repo) -> None:
    with watched(ground) as here:
        ground.git("config", "core.hooksPath", os.devnull)
        made = ground.commit("feat: unheard", {"b.txt": "x\n"})
        until(lambda: f"Commit {made[:10]}: feat: unheard" in here.journal(), "the commit in the journal")


def test_the_first_commit_of_a_repository_is_heard_too(repo: Repo) -> None:
    with watched(repo) as here:
        repo.git("config", "core.hooksPath", os.devnull)
        made = repo.commit("feat: the first", a="1\n")
        until(lambda: f"Commit {made[:10]}" in here.journal(), "the commit in the journal")


def test_a_ring_that_nobody_answered_is_answered(ground: Repo) -> None:
    with watched(ground) as here:
        rung = ground.path / ".git/patina/rung"
        until(lambda: not rung.exists(), "quiet")
        rung.touch()
        until(lambda: not rung.exists(), "the ring to be taken down")
        assert here.status()["alive"]


def test_a_journal_that_a_person_saves_is_mirrored_by_itself(ground: Repo) -> None:
    with watched(ground) as here:
        journal = ground.path / ".patina/local/active-session.md"
        mine = journal.read_text() + "\n### 15:00 - Found out\nthe cache is keyed by mtime\n"
        journal.write_text(mine)
        until(lambda: (here.state / "journal.md").read_text() == mine, "the mirror")
        journal.unlink()
        until(lambda: journal.exists() and journal.read_text() == mine, "the journal to be back")
        shutil.rmtree(journal.parent)
        until(
            lambda: journal.exists() and journal.read_text() == mine, "the journal to be back in its folder"
        )
        until(lambda: here.status()["alive"] and not (ground.path / ".git/patina/rung").exists(), "quiet")
        again = mine + "and by its size\n"
        until(lambda: _saved(journal, again, here), "the mirror of a journal that was brought back")


def _saved(journal: Path, text: str, here: Watched) -> bool:
    """Save the journal if it is not as wanted; tell whether it has been mirrored."""
    if journal.read_text() != text:
        journal.write_text(text)
    return (here.state / "journal.md").read_text() == text


def test_a_commit_without_hooks_and_without_a_reflog_is_heard_too(ground: Repo) -> None:
    ground.git("config", "core.logAllRefUpdates", "false")
    shutil.rmtree(ground.path / ".git/logs", ignore_errors=True)  # a reftable has no such folder
    with watched(ground) as here:
        ground.git("config", "core.hooksPath", os.devnull)
        made = ground.commit("feat: unheard of", {"b.txt": "x\n"})
        until(lambda: f"Commit {made[:10]}" in here.journal(), "the commit in the journal")


def test_it_holds_no_file_open_and_little_else(ground: Repo) -> None:
    with watched(ground) as here:
        for number in range(200):
            ground.write(f"src/f{number}.py", "x")
        here.told()
        held = [os.readlink(f"/proc/{here.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{here.pid}/fd")]
        assert not [
            path for path in held if path.startswith(str(ground.path)) and "/.git/patina/" not in path
        ]
        assert len(held) < 12


def test_in_the_foreground_it_shows_what_it_sees(ground: Repo) -> None:
    ground.patina("init")
    ground.patina("session", "start", "the work")
    argv = [sys.executable, "-P", "-m", "patina_sessions", "watch", "--verbose"]
    with subprocess.Popen(argv, cwd=ground.path, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "Watching; Ctrl-C ends it\n"
        Watched(ground).ready()
        ground.write("b.txt", "x\n")
        assert child.stdout.readline() == "M `b.txt`\n"
        child.send_signal(signal.SIGINT)
        assert child.stdout.read() == "Done: interrupted\n"
    assert child.returncode == 0


def test_in_the_foreground_it_needs_a_session(ground: Repo) -> None:
    ground.patina("init")
    said = ground.patina("watch", check=False)
    assert said.returncode == 1
    assert "no session is active" in said.stderr
