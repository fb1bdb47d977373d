"""Promise 1 at a real `git commit`, in the surroundings in which hooks are really run, under each shell that runs them.

An editor gives no environment, a pipe's reader has gone, somebody presses Ctrl-C. Each is done in two repositories, one
of them with Patina: git returns and says the same, and the commit is recorded.
"""

from __future__ import annotations

import os
import pty
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.bells import SHELLS, UTILITIES, found
from tests.repository import Repo
from tests.waiting import LONG, quiet, until

INTERPRETERS = {"dash": "#!{dash}", "busybox": "#!{busybox} sh", "bash": "#!{bash} --posix"}
OWN = 'echo "mine $#" >>../kept\n'


@pytest.fixture(params=SHELLS)
def first(request: pytest.FixtureRequest) -> str:
    """Return the first line of a hook that one of the shells runs."""
    shell: str = request.param
    return INTERPRETERS[shell].format(**{shell: found(SHELLS[shell][0])})


def pair(tmp_path: Path, text: str) -> tuple[Repo, Repo]:
    """Return two repositories with this post-commit hook, the first with Patina and a session."""
    made = []
    for name in ("one", "other"):
        repo = Repo.create(tmp_path / name / "repo")
        for key, value in (("user.name", "Ada"), ("user.email", "ada@example.org")):
            repo.git("config", key, value)
        repo.commit("first", a="1\n")
        repo.write(".git/hooks/post-commit", text).chmod(0o755)
        made.append(repo)
    made[0].patina("init")
    made[0].patina("session", "start", "the work")
    quiet(made[0])
    return made[0], made[1]


def recorded(repo: Repo, subject: str) -> None:
    journal = repo.path / ".patina/local/active-session.md"
    until(lambda: f": {subject}" in journal.read_text(), "the recorder")
    quiet(repo)


def kept(repo: Repo) -> str:
    path = repo.path.parent / "kept"
    return path.read_text() if path.exists() else ""


GIT = shutil.which("git") or "git"
COMMIT = ("commit", "--quiet", "--allow-empty", "-m", "heard")
FIXED = {"GIT_AUTHOR_DATE": "1790000000 +0000", "GIT_COMMITTER_DATE": "1790000000 +0000"}


@pytest.mark.parametrize("surroundings", ["nothing set", "POSIX utilities only"])
def test_a_commit_from_an_editor_that_sets_nothing(tmp_path: Path, first: str, surroundings: str) -> None:
    one, other = pair(tmp_path, f"{first}\n{OWN}")
    env: Mapping[str, str] = {}
    if surroundings == "POSIX utilities only":
        (tmp_path / "bin").mkdir()
        for name in (*UTILITIES, "git"):
            (tmp_path / "bin" / name).symlink_to(found(name))
        env = {"PATH": str(tmp_path / "bin")}
    said = []
    for repo in (one, other):
        done = subprocess.run(
            [GIT, *COMMIT], cwd=repo.path, env=env, stdin=subprocess.DEVNULL, capture_output=True
        )
        said.append((done.returncode, done.stdout, done.stderr))
    assert said[0] == said[1]
    assert said[0][0] == 0
    assert kept(one) == kept(other) == "mine 0\n"
    recorded(one, "heard")


def test_a_commit_whose_output_nobody_reads(tmp_path: Path, first: str) -> None:
    one, other = pair(tmp_path, f"{first}\n{OWN}")
    codes = []
    for repo in (one, other):
        with subprocess.Popen(
            [GIT, "commit", "--allow-empty", "-m", "heard"],
            cwd=repo.path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            process.stderr.close()
            codes.append(process.wait(LONG))
    assert codes[0] == codes[1]
    assert kept(one) == kept(other) == "mine 0\n"
    recorded(one, "heard")


def test_ctrl_c_in_the_hook_ends_git_as_it_would_and_the_commit_is_recorded(
    tmp_path: Path, first: str
) -> None:
    """In a terminal of its own, so that the key reaches git, the hook, and whatever the hook has started."""
    one, other = pair(tmp_path, f"{first}\necho began >>../kept\nsleep 30\n{OWN}")
    ends = []
    for repo in (one, other):
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(repo.path)
            os.environ.update(FIXED)
            os.execv(GIT, [GIT, *COMMIT])
        until(lambda r=repo: kept(r) == "began\n", "the hook to begin")  # type: ignore[misc]
        os.write(terminal, b"\x03")
        ends.append((os.waitpid(pid, 0)[1], _all(terminal)))
        os.close(terminal)
    assert ends[0] == ends[1]
    assert os.WIFSIGNALED(ends[0][0]) and os.WTERMSIG(ends[0][0]) == signal.SIGINT
    assert kept(one) == kept(other) == "began\n"
    assert one.git("log", "-1", "--format=%s") == "heard"
    recorded(one, "heard")


def _all(terminal: int) -> bytes:
    said = b""
    try:
        while more := os.read(terminal, 4096):
            said += more
    except OSError:  # Linux says so when the other side is closed
        pass
    return said
