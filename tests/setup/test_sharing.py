"""A repository that users of one group share: each one's work is recorded, whatever the others keep to themselves."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest

from patina_sessions.recorder import __main__ as recorder
from patina_sessions.recorder import drain, removed
from patina_sessions.setup import init
from patina_sessions.system import clock, configured
from patina_sessions.system import repository as repositories
from tests.repository import Repo
from tests.waiting import events

GROUP = 6000
ANN, BOB = 6001, 6002

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="NOT TESTED: two users need root, who can be both")


def as_user(uid: int, do: Callable[[], object], umask: int = 0o022) -> None:
    """Do that as this user. In a fork, since the interpreter may lie where only root may look."""
    child = os.fork()
    if child:
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        return
    code = 1
    try:
        os.setgroups([])
        os.setresgid(GROUP, GROUP, GROUP)
        os.setresuid(uid, uid, uid)
        os.umask(umask)
        do()
        code = 0
    finally:
        if code:
            traceback.print_exc()
        os._exit(code)


def git(uid: int, folder: Path, *args: str, umask: int = 0o022) -> str:
    """Run git as this user, and say what it said."""
    done = subprocess.run(
        ["git", *args], cwd=folder, user=uid, group=GROUP, extra_groups=[], umask=umask, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.decode().strip()


class Shared:
    """A bare repository of a group, and a worktree of it for each of two users."""

    def __init__(self, folder: Path) -> None:
        self.common = folder / "repo.git"
        self.trees = {uid: folder / str(uid) / "tree" for uid in (ANN, BOB)}
        for path, uid in ((self.common, ANN), *((tree.parent, uid) for uid, tree in self.trees.items())):
            path.mkdir()
            os.chown(path, uid, GROUP)
        git(ANN, self.common, "init", "--quiet", "--bare", "--shared=group", "--initial-branch=main")
        tree = git(ANN, self.common, "hash-object", "-t", "tree", "-w", "/dev/null")
        git(
            ANN,
            self.common,
            "update-ref",
            "refs/heads/main",
            git(ANN, self.common, "commit-tree", "-m", "0", tree),
        )
        for uid, tree_of_his in self.trees.items():
            git(uid, self.common, "worktree", "add", "--quiet", "-b", str(uid), str(tree_of_his))

    def init(self, uid: int, *, umask: int = 0o022) -> None:
        def do() -> None:
            plan = init.plan(repositories.discover(self.trees[uid]), python="/nonexistent/python")
            init.apply(plan, clock.now())

        as_user(uid, do, umask)

    def record(self, uid: int) -> None:
        """Do what a hook would start in this user's worktree."""

        def do() -> None:
            logging.getLogger().handlers.clear()  # pytest's, in whose place the recorder has its own
            recorder.main([str(self.common / "patina"), str(self.trees[uid])])

        as_user(uid, do, 0o007)  # the one in hook.sh

    def key(self, uid: int) -> Path:
        return Path(git(uid, self.trees[uid], "rev-parse", "--absolute-git-dir"), "patina-id")


@pytest.fixture(scope="module", autouse=True)
def loaded(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Load all that a recorder and `init` load on their way: a fork that is another user may be unable to."""
    repo = Repo.create(tmp_path_factory.mktemp("loaded") / "repo")
    here = repositories.discover(repo.path)
    init.apply(init.plan(here, python="/nonexistent/python"), clock.now())
    repo.commit("first", a="1\n")
    layout = repositories.layout(here)
    assert layout is not None
    drain.drain(layout, configured.load(layout.top, git=layout.git), clock.now())


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shared]:
    """Return what they share, where each of them may look."""
    folder = Path(mkdtemp(prefix="patina-test-"))
    folder.chmod(0o755)
    (folder / "trust").write_text("[safe]\n\tdirectory = *\n")
    (folder / "trust").chmod(0o644)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(folder / "trust"))
    monkeypatch.setenv("HOME", str(folder))
    yield Shared(folder)
    shutil.rmtree(folder)


def log(shared: Shared) -> str:
    return "".join(path.read_text() for path in (shared.common / "patina/log").iterdir())


def recorded(shared: Shared) -> str:
    return str(events(Repo(shared.common)))


def test_the_commits_of_both_users_are_recorded(shared: Shared) -> None:
    for uid in (ANN, BOB):
        shared.init(uid)
    for uid, tree in shared.trees.items():
        git(uid, tree, "commit", "--quiet", "--allow-empty", "-m", "work")
        shared.record(uid)
        assert git(uid, tree, "rev-parse", "HEAD") in recorded(shared), log(shared)


def test_what_one_user_keeps_to_himself_stops_nobody_else_and_is_not_gone(shared: Shared) -> None:
    for uid in (ANN, BOB):
        shared.init(uid)
    shared.key(ANN).chmod(0o600)
    shared.trees[ANN].parent.chmod(0o700)
    for state in (shared.common / "patina/worktrees").iterdir():
        (state / "journal.md").touch()  # as of a session in progress
    git(BOB, shared.trees[BOB], "commit", "--quiet", "--allow-empty", "-m", "work")
    shared.record(BOB)
    assert git(BOB, shared.trees[BOB], "rev-parse", "HEAD") in recorded(shared), log(shared)

    def none_is_gone() -> None:
        assert removed.waiting(repositories.discover(shared.trees[BOB]).common) == []

    as_user(BOB, none_is_gone)


@pytest.mark.parametrize(
    ("setting", "mode"), [("group", 0o660), ("all", 0o664), ("0640", 0o640), ("umask", 0o600)]
)
@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_a_worktrees_key_is_shared_as_git_shares_its_files(
    shared: Shared, setting: str, mode: int, umask: int
) -> None:
    git(ANN, shared.common, "config", "core.sharedRepository", setting)
    shared.init(ANN, umask=umask)
    assert oct(shared.key(ANN).stat().st_mode & 0o7777) == oct(mode)


@pytest.mark.parametrize(
    ("setting", "mode"), [("group", 0o770), ("all", 0o775), ("0640", 0o750), ("umask", 0o700)]
)
def test_who_shares_the_repository_can_run_its_hooks_whatever_the_umask(
    shared: Shared, setting: str, mode: int
) -> None:
    git(ANN, shared.common, "config", "core.sharedRepository", setting)
    shutil.rmtree(shared.common / "hooks")
    shared.init(ANN, umask=0o077)
    assert oct((shared.common / "hooks").stat().st_mode & 0o777) == oct(mode)
    hooks = [path.stat().st_mode & 0o777 for path in (shared.common / "hooks").iterdir()]
    assert set(map(oct, hooks)) == {oct(mode)}
