"""A real git repository for a test, and the `patina` command run in it as a user would: in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests import warm


def system_path() -> str:
    """Return the PATH of a program that was given none; a git that is tested in place of the system's comes first."""
    return os.pathsep.join(filter(None, (os.environ.get("TEST_GIT"), "/usr/bin", "/bin")))


@dataclass(frozen=True, slots=True)
class Repo:
    """A working tree. What a test does to it goes through git or through files, never through Patina's own code."""

    path: Path

    @classmethod
    def create(cls, path: Path, *options: str) -> Repo:
        """Make an empty repository on the branch `main`; the options are those of `git init`."""
        path.mkdir(parents=True, exist_ok=True)
        repo = cls(path)
        repo.git("init", "--quiet", "--initial-branch=main", *options)
        return repo

    def git(self, *args: str, check: bool = True, env: Mapping[str, str] | None = None) -> str:
        """Run git and return its standard output without the last newline; a failure shows what git said."""
        done = subprocess.run(
            ["git", *args],
            cwd=self.path,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="surrogateescape",
        )
        if check and done.returncode:
            raise AssertionError(f"git {' '.join(args)} gave {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout.removesuffix("\n")

    def write(self, name: str, text: str | bytes) -> Path:
        """Put a file in the working tree, with the folders above it."""
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def commit(
        self, message: str, files: Mapping[str, str | bytes] | None = None, /, **named: str | bytes
    ) -> str:
        """Commit these files and return the id; names are paths, or words that become `<word>.txt`.

        Without any file the commit is empty.
        """
        given = {**(files or {}), **{f"{word}.txt": text for word, text in named.items()}}
        for name, text in given.items():
            self.write(name, text)
        if given:
            self.git("add", "--", *given)
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def worktree(self, path: Path, branch: str) -> Repo:
        """Add a linked worktree on a new branch."""
        self.git("worktree", "add", "--quiet", "-b", branch, str(path))
        return Repo(path)

    def patina(
        self,
        *args: str,
        check: bool = True,
        input: str | None = None,  # noqa: A002 - the name subprocess gives it
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run the command; with `check`, a failure is the test's failure and shows what it said."""
        where, whole = cwd or self.path, {**os.environ, **(env or {})}
        done = warm.run(args, cwd=where, env=whole, given=input or "")
        if done is None:
            done = subprocess.run(
                [sys.executable, "-P", "-m", "patina_sessions", *args],
                cwd=where,
                env=whole,
                input=input or "",
                capture_output=True,
                text=True,
                errors="surrogateescape",
            )
        if check and done.returncode:
            raise AssertionError(
                f"patina {' '.join(args)} gave {done.returncode}:\n{done.stdout}{done.stderr}"
            )
        return done
