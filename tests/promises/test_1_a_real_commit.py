"""Promise 1 at real commands of git, in the surroundings in which hooks are really run, under each shell that runs them.

An editor gives no environment, a pipe's reader has gone, somebody presses Ctrl-C. Each is done in two repositories, one
of them with Patina, and for every hook that Patina has a part in: git returns and says the same, the person's own hook
gets the same, and what happened is recorded.
"""

from __future__ import annotations

import os
import pty
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from patina_sessions.setup.hook_text import EVENTS
from tests.bells import SHELLS, UTILITIES, found
from tests.repository import Repo, system_path
from tests.waiting import LONG, quiet, until

INTERPRETERS = {"dash": "#!{dash}", "busybox": "#!{busybox} sh", "bash": "#!{bash} --posix"}


@dataclass(frozen=True, slots=True)
class Scene:
    """A command at which git runs a hook."""

    event: str
    command: tuple[str, ...]
    shows: str  # what the journal says of it
    given: int  # how many arguments the hook gets
    rewrites: bool = False  # and a map of commits


# Each can be done after the ones before it, and as well at once.
SCENES = {
    "post-commit": Scene("post-commit", ("commit", "--allow-empty", "-m", "by commit"), ": by commit", 0),
    "post-merge": Scene("post-merge", ("merge", "--no-ff", "-m", "by merge", "topic"), ": by merge", 1),
    "post-checkout": Scene("post-checkout", ("checkout", "topic"), "Checkout `main` → `topic`", 3),
    "post-applypatch": Scene("post-applypatch", ("am", "../patch"), ": by patch", 0),
    "post-rewrite amend": Scene(
        "post-rewrite", ("commit", "--amend", "-m", "by amend"), ": by amend", 1, rewrites=True
    ),
    "post-rewrite rebase": Scene("post-rewrite", ("rebase", "base"), "- Rebase of ", 1, rewrites=True),
}


@pytest.fixture(params=SHELLS)
def first(request: pytest.FixtureRequest) -> str:
    """Return the first line of a hook that one of the shells runs."""
    shell: str = request.param
    return INTERPRETERS[shell].format(**{shell: found(SHELLS[shell][0])})


def pair(tmp_path: Path, first: str, *, slow: bool = False) -> tuple[Repo, Repo]:
    """Return two repositories in which a person has each hook, the first with Patina and a session.

    A hook writes what it was given into `kept`, but only in the scene whose event stands in `now`.
    """
    made = []
    for name in ("one", "other"):
        repo = Repo.create(tmp_path / name / "repo")
        for key, value in (("user.name", "Ada"), ("user.email", "ada@example.org")):
            repo.git("config", key, value)
        repo.commit("first", a="1\n")
        for branch in ("base", "topic", "patch"):
            repo.git("switch", "--quiet", "-c", branch, "main")
            repo.commit(f"by {branch}", {branch: "1\n"})
        repo.git("format-patch", "--quiet", "-1", "--output=../patch")
        repo.git("switch", "--quiet", "main")
        repo.commit("second", b="1\n")
        for event in EVENTS:
            own = ["read -r now <../now", f'[ "$now" = {event} ] || exit 0']
            own += ["echo began >>../kept", "sleep 30"] if slow else []
            own += ['echo "mine $#" >>../kept', "cat >>../kept"]
            repo.write(f".git/hooks/{event}", "\n".join((first, *own, ""))).chmod(0o755)
        (repo.path.parent / "now").write_text("nothing\n")
        made.append(repo)
    made[0].patina("init")
    # An empty environment has no word of the machine's that says so.
    made[0].write(".patina/local/config.toml", "[watch]\nenabled = false\n")
    made[0].patina("session", "start", "the work")
    quiet(made[0])
    return made[0], made[1]


def begin(repo: Repo, scene: Scene) -> list[str]:
    """Say what the scene is, and return the commits that a rewrite could rewrite."""
    (repo.path.parent / "now").write_text(f"{scene.event}\n")
    (repo.path.parent / "kept").unlink(missing_ok=True)
    return _commits(repo)


def _commits(repo: Repo) -> list[str]:
    return repo.git("rev-list", "--reverse", "base..HEAD").split()


def told(repo: Repo, scene: Scene, before: list[str]) -> str:
    """Return what the person's hook must have kept."""
    pairs = zip(before, _commits(repo), strict=True) if scene.rewrites else ()
    return f"mine {scene.given}\n" + "".join(f"{old} {new}\n" for old, new in pairs if old != new)


def recorded(repo: Repo, scene: Scene) -> None:
    journal = repo.path / ".patina/local/active-session.md"
    until(lambda: scene.shows in journal.read_text(), f"the recorder to write “{scene.shows}”")
    quiet(repo)


def kept(repo: Repo) -> str:
    path = repo.path.parent / "kept"
    return path.read_text() if path.exists() else ""


FIXED = {"GIT_AUTHOR_DATE": "1790000000 +0000", "GIT_COMMITTER_DATE": "1790000000 +0000"}


def quietly(scene: Scene) -> list[str]:
    """Return the command that says nothing itself."""
    return [found("git"), scene.command[0], "--quiet", *scene.command[1:]]


def test_every_hook_of_patina_has_its_scene() -> None:
    assert {scene.event for scene in SCENES.values()} == set(EVENTS)


@pytest.mark.parametrize("surroundings", ["nothing set", "POSIX utilities only"])
def test_commands_from_an_editor_that_sets_nothing(tmp_path: Path, first: str, surroundings: str) -> None:
    one, other = pair(tmp_path, first)
    # Another git than the system's has to be found: a system's own cannot read what that one may have written.
    env: Mapping[str, str] = {"PATH": system_path()} if os.environ.get("TEST_GIT") else {}
    if surroundings == "POSIX utilities only":
        (tmp_path / "bin").mkdir()
        for name in (*UTILITIES, "git"):
            (tmp_path / "bin" / name).symlink_to(found(name))
        env = {"PATH": str(tmp_path / "bin")}
    for name, scene in SCENES.items():
        for repo in (one, other):
            before = begin(repo, scene)
            done = subprocess.run(
                quietly(scene), cwd=repo.path, env=env, stdin=subprocess.DEVNULL, capture_output=True
            )
            assert (name, done.returncode, done.stdout, done.stderr) == (name, 0, b"", b"")
            assert (name, kept(repo)) == (name, told(repo, scene, before))
        recorded(one, scene)


def test_commands_whose_output_nobody_reads(tmp_path: Path, first: str) -> None:
    one, other = pair(tmp_path, first)
    for name, scene in SCENES.items():
        codes = []
        for repo in (one, other):
            before = begin(repo, scene)
            # Only a commit has something to say after its hook; the others would die of it before.
            argv = [found("git"), *scene.command] if scene.event == "post-commit" else quietly(scene)
            with subprocess.Popen(
                argv,
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
            assert (name, kept(repo)) == (name, told(repo, scene, before))
        assert (name, codes[0]) == (name, codes[1])
        recorded(one, scene)


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
def test_ctrl_c_in_a_hook_ends_git_as_it_would_and_what_was_done_is_recorded(
    tmp_path: Path, first: str, scene: Scene
) -> None:
    """In a terminal of its own, so that the key reaches git, the hook, and whatever the hook has started."""
    one, other = pair(tmp_path, first, slow=True)
    ends = []
    for repo in (one, other):
        begin(repo, scene)
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(repo.path)
            os.environ.update(FIXED)
            argv = quietly(scene)
            os.execv(argv[0], argv)
        until(lambda r=repo: kept(r) == "began\n", "the hook to begin")  # type: ignore[misc]
        os.write(terminal, b"\x03")
        ends.append((os.waitpid(pid, 0)[1], _all(terminal)))
        os.close(terminal)
    assert ends[0] == ends[1]
    assert os.WIFSIGNALED(ends[0][0]) and os.WTERMSIG(ends[0][0]) == signal.SIGINT
    assert kept(one) == kept(other) == "began\n"
    recorded(one, scene)


def _all(terminal: int) -> bytes:
    said = b""
    try:
        while more := os.read(terminal, 4096):
            said += more
    except OSError:  # Linux says so when the other side is closed
        pass
    return said
