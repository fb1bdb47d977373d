"""Two repositories to which the same is done, one of them with Patina: what differs afterwards is Patina's doing."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.repository import Repo

# The same second in both, so that the same commits have the same ids.
FIXED = {"GIT_AUTHOR_DATE": "1790000000 +0000", "GIT_COMMITTER_DATE": "1790000000 +0000"}


def snapshot(top: Path) -> dict[str, tuple[str, int, bytes]]:
    """Return everything below a folder, git's own too: kind, mode and bytes by path.

    The index holds times and inodes of files; `git ls-files --stage` speaks for it. The folder's own path, which git
    keeps for linked worktrees, is taken out. Of reftables, which are named by chance, what git reads in them is told.
    """
    seen: dict[str, tuple[str, int, bytes]] = {}
    for folder, folders, names in os.walk(top):
        if "reftable" in folders and "HEAD" in names:
            folders.remove("reftable")
            seen[Path(folder, "reftable").relative_to(top).as_posix()] = ("refs", 0, _refs(folder, top))
        for name in (*folders, *names):
            path = Path(folder) / name
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                held = ("link", 0, os.fsencode(os.readlink(path)))
            elif stat.S_ISDIR(mode):
                held = ("folder", stat.S_IMODE(mode), b"")
            else:
                held = ("file", stat.S_IMODE(mode), b"" if name == "index" else _read(path, top))
            seen[path.relative_to(top).as_posix()] = held
    return seen


def _refs(git_dir: str, top: Path) -> bytes:
    """Return all refs of a git directory and the reflog of its HEAD, where they are no files."""
    asked = (
        ("for-each-ref", "--format=%(refname) %(objectname) %(symref)"),
        ("log", "-g", "--format=%H %gd %gn %ge %gs", "HEAD", "--"),
    )
    said = (
        subprocess.run(["git", f"--git-dir={git_dir}", *ask], capture_output=True).stdout for ask in asked
    )
    return b"".join(said).replace(os.fsencode(top), b"<top>")


def _read(path: Path, top: Path) -> bytes:
    return path.read_bytes().replace(os.fsencode(top), b"<top>")


def difference(one: Path, other: Path) -> list[str]:
    """Return the paths that are not the same in both, with what is different."""
    a, b = snapshot(one), snapshot(other)
    return [
        f"{path}: {a.get(path)} / {b.get(path)}"
        for path in sorted(a.keys() | b.keys())
        if a.get(path) != b.get(path)
    ]


@dataclass(frozen=True, slots=True)
class Said:
    """What a person sees of a git command."""

    argv: tuple[str, ...]
    code: int
    out: bytes
    err: bytes


@dataclass(frozen=True, slots=True)
class Twin:
    """One of the two."""

    repo: Repo
    env: Mapping[str, str] = field(default_factory=dict)

    def git(self, *args: str) -> Said:
        """Run git as a person does, and keep all that it says."""
        done = subprocess.run(
            ["git", *args],
            cwd=self.repo.path,
            env={**os.environ, **FIXED, **self.env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )
        root = os.fsencode(self.repo.path.parent)
        out, err = done.stdout.replace(root, b"<top>"), done.stderr.replace(root, b"<top>")
        return Said(argv=args, code=done.returncode, out=out, err=err)


# Each event of a hook at least once: commit, amend, checkout, merge, am, rebase; and a command that fails.
WORK: tuple[tuple[str, ...], ...] = (
    ("commit", "--allow-empty", "-m", "second"),
    ("commit", "--allow-empty", "--amend", "-m", "second, better"),
    ("checkout", "-b", "topic"),
    ("commit", "--allow-empty", "-m", "on the topic"),
    ("commit", "--allow-empty", "-m", "and another"),
    ("format-patch", "-1", "--always", "--output-directory", "../patches", "with-file"),
    ("am", "../patches/0001-with-a-file.patch"),
    ("checkout", "main"),
    ("merge", "--no-edit", "--no-ff", "topic"),
    ("checkout", "-"),
    ("commit", "--allow-empty", "-m", "rebased in a moment"),
    ("rebase", "--force-rebase", "main"),
    ("checkout", "no-such-branch"),
    ("worktree", "add", "../linked", "-b", "linked"),
    ("-C", "../linked", "commit", "--allow-empty", "-m", "in a linked worktree"),
)
# The same kinds of events, in a third of the time.
SHORT: tuple[tuple[str, ...], ...] = (WORK[0], WORK[1], WORK[2], WORK[3], ("checkout", "main"), WORK[8])


def work(twin: Twin, commands: Sequence[tuple[str, ...]] = WORK) -> list[Said]:
    """Do a person's work, hooks and all."""
    return [twin.git(*command) for command in commands]


_HISTORY = b"""\
commit refs/heads/main
committer Ada Lovelace <ada@example.org> 1790000000 +0000
data 6
first

commit refs/heads/with-file
committer Ada Lovelace <ada@example.org> 1790000000 +0000
data 12
with a file

from refs/heads/main
M 100644 inline file.txt
data 5
text

"""


def make(folder: Path, prepare: Callable[[Repo], object], env: Mapping[str, str] | None = None) -> Twin:
    """Return a repository with one commit and a branch with a file, prepared by the caller."""
    repo = Repo.create(folder / "repo")
    environ = {**os.environ, **FIXED}
    subprocess.run(["git", "fast-import", "--quiet"], cwd=repo.path, env=environ, input=_HISTORY, check=True)
    prepare(repo)
    return Twin(repo, env or {})
