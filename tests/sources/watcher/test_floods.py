"""Many at once: git's own work, an archive, folders that cost nothing, and limits of the system that are said."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.repository import Repo
from tests.sources.watcher.watching import ON, Watched, end, watched
from tests.waiting import until


def unpack(top: Path, count: int, text: str = "x") -> None:
    for number in range(count):
        if number % 100 == 0:
            (top / f"part{number // 100}").mkdir(parents=True, exist_ok=True)
        (top / f"part{number // 100}/file{number}").write_text(text)


def test_ten_thousand_files_at_once_are_one_fact_with_a_count(repo: Repo) -> None:
    repo.commit("first", a="1\n")
    with watched(repo) as here:
        unpack(repo.path / "unpacked", 10_000)
        assert here.counts() == {"archive": 10_000}
        unpack(repo.path / "unpacked", 300, "y")
        repo.git("add", "-A")
        assert here.counts()["archive"] + here.counts()["sweep"] == 10_300
        repo.patina("session", "update", env=ON)
        assert "files new at once" in here.journal()
        assert here.gaps() == []
        unpack(repo.path / "unpacked", 3, "z")
        assert [letter for letter, _ in here.changes()] == ["M", "M", "M"]


def test_a_switch_of_branches_a_stash_and_a_reset_are_git_s_doing(repo: Repo) -> None:
    repo.commit("first", {"a.txt": "1\n", "b.txt": "1\n"})
    repo.git("checkout", "-qb", "other")
    unpack(repo.path / "src", 5000)
    repo.git("add", ".")
    repo.git("commit", "-qm", "many")
    repo.git("checkout", "-q", "main")
    with watched(repo) as here:
        repo.git("checkout", "-q", "other")
        assert here.counts() == {"checkout": 5000}
        unpack(repo.path / "src", 30, "worked on\n")
        assert here.counts() == {"checkout": 5000, "named": 30}
        repo.git("stash", "-q")
        assert here.counts() == {"checkout": 5000, "named": 30, "stash": 30}
        repo.write("a.txt", "by hand\n")
        repo.git("checkout", "-q", "main")
        assert here.counts()["checkout"] >= 9990
        assert ("M", "a.txt") in here.changes()
        repo.patina("session", "update", env=ON)
        digest = here.journal().split("Files worked on")[1].split("### ")[0]
        assert "git stash" in digest
        assert len(digest.splitlines()) < 30  # a screenful


def test_a_rebase_is_one_fact_and_its_conflict_is_a_person_s_work(repo: Repo) -> None:
    repo.commit("first", {"a.txt": "1\n"})
    repo.git("checkout", "-qb", "topic")
    for number in range(8):
        repo.commit(f"step {number}", {f"file{number}.txt": "1\n", "a.txt": f"{number}\n"})
    repo.git("checkout", "-q", "main")
    repo.commit("theirs", {"a.txt": "theirs\n"})
    repo.git("checkout", "-q", "topic")
    with watched(repo) as here:
        repo.git("rebase", "main", check=False)
        repo.write("a.txt", "mended\n")
        assert ("M", "a.txt") in here.changes()
        repo.git("add", "a.txt")
        repo.git("-c", "core.editor=true", "rebase", "-X", "theirs", "--skip", check=False)
        repo.git("rebase", "--abort", check=False)
        assert set(here.changes()) == {("M", "a.txt")}  # stops with a conflict leave it to be worked on
        assert set(here.counts()) <= {"named", "rebase", "restore"}


def test_fifteen_thousand_ignored_folders_cost_no_watch(repo: Repo) -> None:
    repo.commit("first", {f"src/p{n}/a.py": "1\n" for n in range(50)} | {".gitignore": "node_modules/\n"})
    for number in range(5000):
        (repo.path / f"node_modules/p{number}/lib/deep").mkdir(parents=True)
    with watched(repo) as here:
        assert here.report()["folders"] < 70
        for number in range(200):
            (repo.path / f"src/p1/node_modules/q{number}").mkdir(parents=True)
        repo.write("node_modules/p1/lib/deep/x.js", "x")
        repo.write("src/p1/b.py", "x")
        assert here.changes() == [("A", "src/p1/b.py")]
        assert here.report()["folders"] < 70


def test_a_queue_that_overflows_loses_no_file_and_is_said(repo: Repo) -> None:
    repo.commit("first", {f"src/f{n}": "1\n" for n in range(100)} | {"again": "1\n"})
    with watched(repo) as here:
        repo.write("again", "told before\n")
        assert here.counts() == {"named": 1}
        pid = here.pid
        os.kill(pid, signal.SIGSTOP)
        most = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
        try:
            for number in range(most + 100):
                os.close(os.open(repo.path / f"src/f{number % 100}", os.O_WRONLY))
            for number in range(100):
                repo.write(f"src/f{number}", "the kernel has no room to say this\n")
                repo.write(f"src/g{number}", "nor this\n")
            repo.write("deep/er/new", "the kernel has no room to say this\n")
        finally:
            os.kill(pid, signal.SIGCONT)
        assert here.counts() == {"named": 1, "sweep": 201}
        assert [gap for gap in here.gaps() if "overflow" in gap]
        repo.write("deep/er/new", "watched from now on\n")
        assert ("A", "deep/er/new") in here.changes()
        assert here.pid == pid


def _confined(program: Callable[[str], str], limit: int) -> list[str]:
    """Return the beginning of a command line whose processes have only so many watches."""
    line = f'echo {limit} >/proc/sys/user/max_inotify_watches && exec "$@"'
    argv = [program("unshare"), "--user", "--map-root-user", "sh", "-c", line, "sh"]
    tried = subprocess.run([*argv, "true"], capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"this machine gives no user namespace: {tried.stderr.strip()}")
    return argv


def test_with_a_hundred_watches_it_looks_by_git_status_and_says_so_once(
    repo: Repo, program: Callable[[str], str]
) -> None:
    import sys

    repo.commit("first", {f"p{n}/a.txt": "1\n" for n in range(150)})
    repo.patina("init")
    start = [sys.executable, "-P", "-m", "patina_sessions", "session", "start", "the work"]
    subprocess.run(
        [*_confined(program, 100), *start],
        cwd=repo.path,
        env=os.environ | ON,
        check=True,
        capture_output=True,
    )
    here = Watched(repo)
    here.ready()
    try:
        assert here.report()["backend"] == "poll"
        assert 50 < here.report()["folders"] < 100
        for number in range(0, 150, 10):
            repo.write(f"p{number}/a.txt", "2\n")
        repo.write("p149/new.txt", "2\n")
        wanted = [("A", "p149/new.txt"), *sorted(("M", f"p{n}/a.txt") for n in range(0, 150, 10))]
        until(lambda: here.changes() == wanted, "all changes")
        assert len(here.gaps()) == 1
        for command in (["session", "status"], ["doctor"]):
            said = repo.patina(*command, check=False, env=ON).stdout
            assert (
                "Watching files (by git status: the system has no more watches (fs.inotify.max_user_" in said
            )
        repo.patina("session", "update", env=ON)
        repo.write("p1/a.txt", "3\n")
        until(lambda: ("M", "p1/a.txt") in here.changes(), "one more change")
        repo.patina("session", "update", env=ON)
        assert here.journal().count("max_user_watches") == 1
    finally:
        end(here)


def test_polling_tells_what_was_saved_and_when_a_clock_was_set_back(repo: Repo) -> None:
    repo.commit("first", {"a.txt": "1\n", "b.txt": "1\n", "c.txt": "1\n"})
    with watched(repo, PATINA_WATCH_BACKEND="poll") as here:
        assert here.status()["backend"] == "poll"
        repo.write("a.txt", "2\n")
        (repo.path / "b.txt").unlink()
        repo.write("new.txt", "x\n")
        until(lambda: len(here.changes()) == 3, "three changes")
        assert here.changes() == [("A", "new.txt"), ("D", "b.txt"), ("M", "a.txt")]
        repo.write("a.txt", "3\n")
        past = time.time() - 86400
        os.utime(repo.path / "a.txt", (past, past))
        until(lambda: here.changes().count(("M", "a.txt")) == 2, "a save from yesterday")
        assert len(here.gaps()) == 1
        made = repo.commit("feat: heard all the same", {"c.txt": "2\n"})
        until(lambda: f"Commit {made[:10]}" in here.journal(), "the commit")


def test_more_folders_than_the_budget_are_looked_at_by_git_status(repo: Repo) -> None:
    repo.commit("first", {f"p{n}/a.txt": "1\n" for n in range(30)})
    with watched(repo, PATINA_WATCH_MAX_FOLDERS="10") as here:
        assert here.report()["folders"] == 10
        assert "watch.max_folders" in here.status()["why"]
        for number in range(30):
            repo.write(f"p{number}/a.txt", "2\n")
        until(lambda: len(here.changes()) == 30, "all changes")


def test_a_tree_removed_at_once_is_told_by_its_files(repo: Repo) -> None:
    repo.commit("first", {f"src/p{n}/a.txt": "1\n" for n in range(20)} | {"kept": "1\n"})
    with watched(repo) as here:
        shutil.rmtree(repo.path / "src")
        assert here.changes() == sorted(("D", f"src/p{n}/a.txt") for n in range(20))
