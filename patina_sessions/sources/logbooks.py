"""The other reflogs of a repository, for looking something up: those of branches, and HEAD's in other worktrees.

They are files, or in reftables, where git is asked to show them. Only the end of each is looked at.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from patina_sessions.model import Id
from patina_sessions.paths import Common, Layout
from patina_sessions.sources import reflog_shown, remotes
from patina_sessions.sources.reflog_lines import Line
from patina_sessions.sources.reflog_tail import last_lines
from patina_sessions.system import refs
from patina_sessions.system.git import Git

_END = 8192  # bytes: some forty lines, more than are written between two looks
_SHOWN = 500  # lines of each that git is asked for
_BRANCHES = 200  # whose reflogs git is asked for, one process each


class Logbooks(Protocol):
    """What may be looked up."""

    def current(self) -> tuple[str | None, Id | None]:
        """Return the branch that is checked out here, and its commit."""

    def has(self, ref: str) -> bool:
        """Tell whether there is such a branch, tag or remote branch."""

    def of(self, ref: str) -> list[Line] | None:
        """Return the last lines of a branch's reflog, oldest first; None where it has none."""

    def end_of(self, ref: str) -> list[Line]:
        """Return the very last lines of a branch's reflog, where that costs less than all that `of` returns."""

    def below(self, refs: str, *, after: int) -> list[str]:
        """Return the branches below `refs/heads` or `refs/remotes` whose reflogs were written to after a time (ns)."""

    def head(self, git_dir: Path) -> list[Line]:
        """Return the last lines of HEAD's reflog in any worktree."""


class OnDisk:
    """Reflogs that are files."""

    def __init__(self, layout: Layout) -> None:
        self._git_dir = layout.git
        self._common = layout.common.git

    def current(self) -> tuple[str | None, Id | None]:
        """Return the branch that is checked out here, and its commit."""
        return refs.head(self._git_dir, self._common)

    def has(self, ref: str) -> bool:
        """Tell whether there is such a branch, tag or remote branch."""
        return refs.value(self._common, ref) is not None

    def of(self, ref: str) -> list[Line] | None:
        """Return the last lines of a branch's reflog, oldest first; None where it has none."""
        path = self._common / "logs" / ref
        return last_lines(path) if refs.is_plain(ref) and path.is_file() else None

    def end_of(self, ref: str) -> list[Line]:
        """Return the very last lines of a branch's reflog."""
        return last_lines(self._common / "logs" / ref, _END) if refs.is_plain(ref) else []

    def below(self, refs: str, *, after: int) -> list[str]:
        """Return the branches below `refs/heads` or `refs/remotes` whose reflogs were written to after a time (ns)."""
        return [ref for ref, _ in remotes.logs(self._common, after=after, below=refs)]

    def head(self, git_dir: Path) -> list[Line]:
        """Return the last lines of HEAD's reflog in any worktree."""
        return last_lines(git_dir / "logs" / "HEAD")


class Shown:
    """Reflogs in reftables."""

    def __init__(self, git: Git) -> None:
        self._git = git

    def current(self) -> tuple[str | None, Id | None]:
        """Return the branch that is checked out here, and its commit."""
        return self._git.branch(), self._git.head()

    def has(self, ref: str) -> bool:
        """Tell whether there is such a branch, tag or remote branch."""
        return ref in self._git.refs(ref)

    def of(self, ref: str) -> list[Line] | None:
        """Return the last lines of a branch's reflog, oldest first; None where it has none."""
        return reflog_shown.lines(self._git, ref, _SHOWN)[0] if self.has(ref) else None

    def end_of(self, ref: str) -> list[Line]:  # noqa: ARG002 - git is asked once, for all that it shows
        """Return none: each question starts a git."""
        return []

    def below(self, refs: str, *, after: int) -> list[str]:  # noqa: ARG002 - a table has one time for all
        """Return the branches below `refs/heads` or `refs/remotes`; when they were written to is not to be seen."""
        return self._git.refs(refs)[:_BRANCHES]

    def head(self, git_dir: Path) -> list[Line]:
        """Return the last lines of HEAD's reflog in any worktree."""
        with Git(git_dir) as git:
            return reflog_shown.lines(git, "HEAD", _SHOWN)[0]


def of(git: Git, layout: Layout) -> Logbooks:
    """Return the logbooks of this repository, in whichever form it keeps them."""
    return Shown(git) if refs.has_reftable(layout.common.git) else OnDisk(layout)


def worktrees(common: Common) -> list[Path]:
    """Return the git directories of all worktrees."""
    linked = common.git / "worktrees"
    return [common.git, *(sorted(linked.iterdir()) if linked.is_dir() else ())]
