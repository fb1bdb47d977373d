"""A small world around one repository: two worktrees of it, another person's clone, my other clone, a shared remote.

Operations of about sixty kinds are done in it at random. What was made in each worktree is known without looking at any
reflog: it is the commit objects that appeared in this store during an operation there and that no other store has.
"""

from __future__ import annotations

import os
import random
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from patina_sessions.system import clock
from tests.repository import Repo

# A stash is made of commits that HEAD never stands at, and a rebase may make one of what is not committed yet.
_NOT_AT_HEAD = ("WIP on ", "index on ", "untracked files on ", "On ", "autostash")
_SHARED = ("a", "b", "c")


def dated(seconds: int) -> dict[str, str]:
    """Return the environment in which git stamps that second."""
    return {"GIT_COMMITTER_DATE": f"@{seconds} +0000", "GIT_AUTHOR_DATE": f"@{seconds} +0000"}


def has_reftables() -> bool:
    """Tell whether this git can keep its refs in tables: 2.45 and newer, as a rule."""
    found = subprocess.run(["git", "init", "-h"], capture_output=True, text=True)
    return "--ref-format" in found.stdout + found.stderr or "--[no-]ref-format" in found.stdout + found.stderr


def forms() -> list[str]:
    """Return the forms of refs to try with this git; where TEST_REF_FORMAT names one, the others are tried elsewhere."""
    if only := os.environ.get("TEST_REF_FORMAT"):
        return [only]
    return ["files", "reftable"] if has_reftables() else ["files"]


@dataclass
class World:
    path: Path
    seed: int
    refs: str = "files"  # or reftable, where git has it
    # Reflogs are expired: then nothing tells what my other clone made from what I made here.
    forgetful: bool = False
    spaced: bool = False  # every operation in a second of its own; else as fast as it goes
    made: dict[str, set[str]] = field(default_factory=lambda: {"main": set(), "linked": set()})
    told: list[str] = field(default_factory=list)  # what was done, for whoever looks at a failure

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.number = 0
        self.clock = int(clock.wall())
        self.remote = Repo.create(self.path / "remote.git", "--bare")
        self.main = self._clone("main", *self._form)
        self.main.git("config", "receive.denyCurrentBranch", "updateInstead")
        for n in range(3):
            self.change(self.main)
            self.main.git("commit", "-q", "-m", f"before {n}", env=dated(self.clock - 3600))
        self.main.git("push", "-q", "origin", "main")
        self.main.git("tag", "v0", "HEAD~1")
        self.bob = self._clone("bob")
        self.other = self._clone("other")
        self.main.git("branch", "side", "HEAD~1")
        self.linked = self.main.worktree(self.path / "linked", "linked")
        self.plan = self.path / "plan"
        self._others = self._elsewhere()
        self._here = self._objects(self.main)

    @property
    def _form(self) -> tuple[str, ...]:
        return (f"--ref-format={self.refs}",) if has_reftables() else ()

    def _clone(self, name: str, *options: str) -> Repo:
        self.remote.git("clone", "-q", *options, str(self.remote.path), str(self.path / name))
        return Repo(self.path / name)

    # ------------------------------------------------------------------------------------------------- the ground truth

    def _objects(self, repo: Repo) -> set[str]:
        listed = repo.git(
            "cat-file", "--batch-all-objects", "--batch-check=%(objecttype) %(objectname)", "--unordered"
        )
        return {line[7:] for line in listed.split("\n") if line.startswith("commit ")}

    def _elsewhere(self) -> set[str]:
        return self._objects(self.remote) | self._objects(self.bob) | self._objects(self.other)

    def settle(self, worktree: str, *, others: bool) -> None:
        """Take what appeared in the store: what no other store has was made in that worktree."""
        if others:
            self._others = self._elsewhere()
        here = self._objects(self.main)
        fresh = here - self._here - self._others
        self._here = here
        for commit in fresh:
            subject = self.main.git("log", "-1", "--format=%s", commit, "--")
            if not subject.startswith(_NOT_AT_HEAD):
                self.made[worktree].add(commit)

    # ------------------------------------------------------------------------------------------------------------ doing

    def do(self, repo: Repo, *args: str, env: Mapping[str, str] | None = None) -> bool:
        """Run git as the person whose repository it is; whether it succeeds is part of the game."""
        given = dict(self.person(repo))
        if self.spaced:
            given |= dated(self.clock)
        given |= {"GIT_EDITOR": "true", "GIT_SEQUENCE_EDITOR": "true", **(env or {})}
        done = subprocess.run(
            ["git", *args],
            cwd=repo.path,
            env={**os.environ, **given},
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )
        self.told.append(f"{repo.path.name}$ {shlex.join(['git', *args])}  -> {done.returncode}")
        return done.returncode == 0

    def person(self, repo: Repo) -> dict[str, str]:
        if repo is not self.bob:
            return {}
        return {
            "GIT_AUTHOR_NAME": "Bob",
            "GIT_AUTHOR_EMAIL": "bob@example.org",
            "GIT_COMMITTER_NAME": "Bob",
            "GIT_COMMITTER_EMAIL": "bob@example.org",
        }

    def change(self, repo: Repo) -> None:
        """Change a file that only this change has, and now and then one where changes meet."""
        self.number += 1
        repo.write(f"own/{self.number}", f"{self.number}\n")
        if self.random.random() < 0.3:
            repo.write(self.random.choice(_SHARED), f"{self.number}\n")
        repo.git("add", "-A", check=False)

    def subject(self) -> str:
        self.number += 1
        return f"{self.random.choice(('fix', 'feat', 'docs'))}: change {self.number}"

    def branches(self) -> list[str]:
        return self.main.git("for-each-ref", "--format=%(refname:short)", "refs/heads").split("\n")

    def branch(self, repo: Repo) -> str:
        """Return some branch that is not checked out here."""
        current = repo.git("branch", "--show-current")
        return self.random.choice([b for b in self.branches() if b != current] or ["main"])

    def is_busy(self, repo: Repo) -> bool:
        git_dir = Path(repo.git("rev-parse", "--path-format=absolute", "--git-dir"))
        names = (
            "rebase-merge",
            "rebase-apply",
            "MERGE_HEAD",
            "CHERRY_PICK_HEAD",
            "REVERT_HEAD",
            "BISECT_LOG",
        )
        return any((git_dir / name).exists() for name in names)

    def tidy(self, repo: Repo) -> None:
        """Bring an operation that stopped to an end, in one of the ways a person does."""
        for _ in range(12):
            if not self.is_busy(repo):
                break
            self._go_on(repo)
        self.do(repo, "reset", "-q", "--merge") if repo.git("status", "--porcelain") else None
        if repo.git("status", "--porcelain"):
            self.do(repo, "reset", "-q", "--hard")
            self.do(repo, "clean", "-fdq")

    def _go_on(self, repo: Repo) -> None:
        git_dir = Path(repo.git("rev-parse", "--path-format=absolute", "--git-dir"))
        if (git_dir / "BISECT_LOG").exists():
            self.do(repo, "bisect", "reset")
            return
        if repo.git("diff", "--name-only", "--diff-filter=U"):
            for name in repo.git("diff", "--name-only", "--diff-filter=U", "-z").split("\0"):
                if name:
                    repo.write(name, f"solved {self.number}\n")
            self.number += 1
            repo.git("add", "-A", check=False)
        way = self.random.random()
        if (git_dir / "rebase-merge").exists() or (git_dir / "rebase-apply").exists():
            self._go_on_with_replay(repo, git_dir, way)
        elif (git_dir / "MERGE_HEAD").exists():
            self.do(repo, "merge", "--abort") if way < 0.2 else self.do(repo, "commit", "-q", "--no-edit")
        else:
            kind = "cherry-pick" if (git_dir / "CHERRY_PICK_HEAD").exists() else "revert"
            step = "--abort" if way < 0.2 else "--continue" if way < 0.6 else None
            if step is None:
                self.do(repo, "commit", "-q", "--no-edit", "--allow-empty")
            elif not self.do(repo, kind, step):
                self.do(repo, kind, "--skip")

    def _go_on_with_replay(self, repo: Repo, git_dir: Path, way: float) -> None:
        kind = "am" if (git_dir / "rebase-apply" / "applying").exists() else "rebase"
        if way < 0.15:
            self.do(repo, kind, "--abort")
        elif way < 0.2:
            self.do(repo, kind, "--quit")
        elif way < 0.3 and kind == "rebase":
            self.do(repo, "commit", "-q", "--allow-empty", "-m", self.subject())
            self.do(repo, "rebase", "--continue")
        elif not self.do(repo, kind, "--continue"):
            self.do(repo, kind, "--skip")
