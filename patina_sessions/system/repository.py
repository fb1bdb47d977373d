"""Where we are: asks git once for the directories of a repository and gives back their paths.

`.git` may be a file, a link or absent, so nothing is parsed that git can be asked for. Nothing is loaded for it:
`status` and `note` come this way.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Literal

from patina_sessions.errors import NotARepository, PatinaError
from patina_sessions.frozen import dataclass
from patina_sessions.model import Id
from patina_sessions.paths import Common, Layout, key_file
from patina_sessions.system import files, processes


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """One worktree of a repository, as git describes it at this moment."""

    top: Path
    git_dir: Path
    common_dir: Path
    head: Id | None  # None without a commit
    branch: str | None  # None on a detached head

    @property
    def common(self) -> Common:
        return Common(git=self.common_dir)


def _rev_parse(cwd: Path, *args: str, git_dir: str | None, tree: str | None = None) -> processes.Result:
    where = [] if git_dir is None else [f"--git-dir={git_dir}"]
    where += [] if git_dir is None or tree is None else [f"--work-tree={tree}"]
    return processes.run(["git", *where, "rev-parse", "--path-format=absolute", *args], cwd=cwd)


def _lines(result: processes.Result) -> list[str]:
    return [os.fsdecode(line) for line in result.out.split(b"\n")[:-1]]


def discover(cwd: Path, git_dir: str | None = None, tree: str | None = None) -> Repository:
    """Return the worktree that `cwd` lies in.

    `git_dir` and `tree` are what `GIT_DIR` and `GIT_WORK_TREE` said; they are used only where the folder itself leads
    to no repository (a `git --git-dir=~/.cfg --work-tree=~` has no `.git` to find). Raises `NotARepository`, and
    `PatinaError` for a bare repository or one of another owner.
    """
    asked = ("--git-dir", "--git-common-dir", "--show-toplevel", "HEAD", "--symbolic-full-name", "HEAD")
    result = _rev_parse(cwd, *asked, git_dir=None)
    if result.code and git_dir and not result.out:
        result = _rev_parse(cwd, *asked, git_dir=git_dir, tree=tree)
    lines = _lines(result)
    if result.code == 0 and len(lines) == 5:
        top, branch = Path(lines[2]), lines[4]
        return Repository(
            top=top, git_dir=Path(lines[0]), common_dir=Path(lines[1]), head=lines[3], branch=_short(branch)
        )
    return _discover_slowly(cwd, git_dir, tree)


def _short(ref: str) -> str | None:
    return ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else None


def _discover_slowly(cwd: Path, git_dir: str | None, tree: str | None) -> Repository:
    """Ask one question at a time: no commit yet, a newline in a path, or no repository at all."""
    answers = []
    for question in ("--git-dir", "--git-common-dir", "--show-toplevel"):
        one = _rev_parse(cwd, question, git_dir=None)
        if one.code and git_dir:
            one = _rev_parse(cwd, question, git_dir=git_dir, tree=tree)
        if one.code:
            raise _refusal(cwd, one.err.decode("utf-8", "replace"))
        answers.append(Path(os.fsdecode(one.out[:-1])))
    where = f"--git-dir={answers[0]}"
    branch = processes.run(["git", where, "symbolic-ref", "-q", "HEAD"], cwd=cwd)
    head = processes.run(["git", where, "rev-parse", "-q", "--verify", "HEAD^{commit}"], cwd=cwd)
    return Repository(
        top=answers[2],
        git_dir=answers[0],
        common_dir=answers[1],
        head=head.out.decode().strip() or None,
        branch=_short(os.fsdecode(branch.out[:-1])),
    )


def _refusal(cwd: Path, words: str) -> PatinaError:
    if "dubious ownership" in words:
        named = re.search(r"^\s*(git config --global --add safe\.directory .+)$", words, re.MULTILINE)
        return PatinaError(
            "git refuses this repository: it belongs to another user",
            f"If you trust it: {named[1] if named else 'git config --global --add safe.directory PATH'}",
        )
    if "must be run in a work tree" in words:
        return NotARepository(
            "this is a git directory without a working tree",
            "Run the command in a worktree of the repository.",
        )
    if "not a git repository" in words:
        return NotARepository(
            f"{cwd} is not in a git repository", "Run the command in a repository, or: git init"
        )
    first = next((line for line in words.splitlines() if line.strip()), "git gave no reason")
    return PatinaError(
        f"git cannot read this repository: {first.removeprefix('fatal: ')}", "Ask git: git status"
    )


def key(git_dir: Path, *, make: bool) -> str | None:
    """Return the nonce of a worktree; where it has none, or is a copy of another folder, make one if `make`.

    The file also holds the folder's inode: `cp -r` of a repository must not inherit an active session. One that is
    another folder for having been moved to another disk, or brought back from a backup, goes on.
    """
    file = key_file(git_dir)
    inode = os.stat(git_dir).st_ino
    words = _key_words(git_dir)
    if len(words) == 2 and words[1] == str(inode):
        return words[0]
    moved = len(words) == 2 and not _original(git_dir, words[0])
    if not make:
        return words[0] if moved else None
    fresh = words[0] if moved else os.urandom(4).hex()
    text = f"{fresh} {inode}\n".encode()
    if words:
        files.write(file, text)
    elif not files.create(file, text):
        return key(git_dir, make=True)
    shared = _shared(git_dir)
    if shared:
        files.set_mode(file, 0o600 | shared)
    return fresh


def _shared(git_dir: Path) -> int:
    """Return what group and others may do with the state, which the mode that `init` gave its folder says.

    The folder of a linked worktree cannot be asked: git makes it without a look at `core.sharedRepository`.
    """
    home = _common(git_dir) / "patina"
    return files.mode_of(home) & 0o066 if home.is_dir() else 0


def _common(git_dir: Path) -> Path:
    linked = files.read(git_dir / "commondir")
    return git_dir if linked is None else git_dir / os.fsdecode(linked.rstrip(b"\n"))


def _key_words(git_dir: Path) -> list[str]:
    return (files.read(key_file(git_dir)) or b"").decode("ascii", "replace").split()


def _original(git_dir: Path, nonce: str) -> bool:
    """Tell whether another folder is the one of this key."""
    return stands(_common(git_dir), nonce, other_than=git_dir)


def stands(common_dir: Path, nonce: str, *, other_than: Path | None = None) -> bool:
    """Tell whether the worktree of a key still is where it was last seen, as far as its folder can tell.

    Of one that another user keeps to himself nobody else can say that it is gone.
    """
    try:
        return _stands(common_dir, nonce, other_than)
    except (OSError, PatinaError):
        return True


def _stands(common_dir: Path, nonce: str, other_than: Path | None) -> bool:
    kept = files.read(common_dir / "patina" / "worktrees" / nonce / "top")
    if not kept:
        return True  # where that was is not known
    top = Path(os.fsdecode(kept))
    if not top.exists():
        return False
    git_dir = top / ".git"
    if git_dir.is_file():
        said = (files.read(git_dir) or b"").removeprefix(b"gitdir:").strip()
        git_dir = top / os.fsdecode(said)
    if not git_dir.is_dir():
        return not (top / ".git").exists()  # a git directory apart from its tree, of which nothing here tells
    if other_than is not None and git_dir.samefile(other_than):
        return False
    return _key_words(git_dir) == [nonce, str(os.stat(git_dir).st_ino)]


def off(layout: Layout) -> Literal["worktree", "repository"] | None:
    """Say whether a person has switched Patina off here, and for what; None where it is on."""
    if files.signature(layout.common.off) is not None:
        return "repository"
    return "worktree" if files.signature(layout.off) is not None else None


def layout(repository: Repository, *, make: bool = True) -> Layout | None:
    """Return the paths of this worktree's state; None where it has none yet and is not to be made."""
    nonce = key(repository.git_dir, make=make)
    if nonce is None:
        return None
    found = Layout(top=repository.top, git=repository.git_dir, common=repository.common, key=nonce)
    _remember_top(found)
    return found


def _remember_top(layout: Layout) -> None:
    """Keep where the working tree is: a git directory apart from it (`--separate-git-dir`) does not know."""
    top = os.fsencode(layout.top)
    file = layout.state / "top"
    if files.read(file) != top and layout.common.home.is_dir() and os.access(layout.common.home, os.W_OK):
        files.make_folder(layout.state)
        files.write(file, top, durable=False)


def top_of(git_dir: Path, common_dir: Path) -> Path | None:
    """Return the working tree of a git directory, None where it is gone, or another user keeps it to himself."""
    linked = files.read(git_dir / "gitdir")  # gitrepository-layout(5): the path of the worktree's .git file
    if git_dir != common_dir and linked is not None:
        top = Path(os.fsdecode(linked.rstrip(b"\n"))).parent
        return top if os.path.isdir(top) else None
    nonce = key(git_dir, make=False)
    kept = files.read(common_dir / "patina" / "worktrees" / (nonce or "-") / "top")
    top = Path(os.fsdecode(kept)) if kept else common_dir.parent
    return top if os.path.exists(top / ".git") or (kept and os.path.isdir(top)) else None


def of_key(layout: Layout, nonce: str) -> Layout:
    """Return the paths of another worktree's state, which may be gone by now."""
    return Layout(top=layout.top, git=layout.git, common=layout.common, key=nonce)


def worktrees(common_dir: Path) -> dict[str, Path]:
    """Return the git directories of all worktrees of a repository that have a key which this user can read, by key.

    Where users share a repository, one whose folder is his alone must not keep the others' work from being recorded.
    """
    linked = common_dir / "worktrees"
    folders = [common_dir, *(sorted(linked.iterdir()) if linked.is_dir() else ())]
    found = ((_readable_key(folder), folder) for folder in folders if folder.is_dir())
    return {nonce: folder for nonce, folder in found if nonce is not None}


def _readable_key(git_dir: Path) -> str | None:
    try:
        return key(git_dir, make=False)
    except (OSError, PatinaError):
        return None
