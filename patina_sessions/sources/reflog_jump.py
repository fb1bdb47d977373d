"""What came about where the chain of a reflog breaks: HEAD moved and no line says how (rule 6).

`git update-ref`, fast-import, dulwich and a git that keeps no reflog make commits that way; so do, without making any
here, another worktree on the same branch, a push into the checkout, and whoever fetches without a line.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from patina_sessions.model import Id
from patina_sessions.paths import Layout
from patina_sessions.sources import reflog_lines, reflog_made, remotes
from patina_sessions.sources.reflog_lines import Line
from patina_sessions.sources.reflog_tail import last_lines
from patina_sessions.system.git import Git
from patina_sessions.system.objects import Header

MOST = 20_000  # commits of one jump that are looked at, the newest


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump:
    """HEAD went from `last` to `to`: what was made here, how many were not, and what is no longer below HEAD."""

    last: Id | None
    to: Id
    found: tuple[Header, ...] = ()
    left: tuple[Id, ...] = ()  # no longer below HEAD

    brought: int = 0


class Elsewhere:
    """What came into this repository otherwise than by being made in this worktree. Looked at only when asked."""

    def __init__(self, git: Git, layout: Layout, *, since: int, told: Callable[[Id], bool]) -> None:
        self._git = git
        self._layout = layout
        self._since = since
        self._told = told

    def __call__(self, commit: Id) -> bool:
        """Tell whether the commit came from elsewhere."""
        return self._told(commit) or commit in self._fetched or self._made_beside(commit)

    @cached_property
    def _fetched(self) -> frozenset[Id]:
        """The commits that a fetch brought: below what it ended at, not below what it began at, nor what we pushed."""
        common, after = self._layout.common.git, max(0, self._since - 2) * 1_000_000_000
        came: set[Id] = set()
        here: set[Id] = set()
        for _, path in remotes.logs(common, after=after):
            for line in last_lines(path):
                here.update(() if line.born else (line.old,))
                (here if line.text.startswith("update by push") else came).add(line.new)
        came.update(i for i in remotes.fetch_heads(self._layout.git, after=after) if i not in here)
        return frozenset(self._git.rev_list(came, here, limit=MOST)) if came else frozenset()

    def _made_beside(self, commit: Id) -> bool:
        return any(
            reflog_made.made(self._git, line, reflog_lines.read(line.text), before=(), came=_nowhere)
            for line in self._beside.get(commit, ())
        )

    @cached_property
    def _beside(self) -> dict[Id, list[Line]]:
        """The lines of other worktrees' reflogs by where they ended: what they made may not be recorded yet."""
        common = self._layout.common.git
        linked = common / "worktrees"
        folders = [common, *(linked.iterdir() if linked.is_dir() else ())]
        found: dict[Id, list[Line]] = {}
        for folder in folders:
            if folder != self._layout.git:
                for line in last_lines(folder / "logs" / "HEAD"):
                    found.setdefault(line.new, []).append(line)
        return found


def _nowhere(_commit: Id) -> bool:
    return False


def look(
    git: Git,
    last: Id | None,
    to: Id,
    *,
    ours: Collection[tuple[str, str]],
    since: int,
    known: Callable[[Id], bool],
    elsewhere: Callable[[Id], bool],
) -> Jump:
    """Return what a jump made and moved: ours is what our committer made since, here, and nobody has recorded."""
    below = [] if last is None else [last]
    came = [i for i in git.rev_list([to], below, limit=MOST) if not known(i)]
    found = [h for h in _headers(git, came) if h.committer.who in ours and h.committer.seconds >= since]
    made = tuple(h for h in found if not elsewhere(h.id))
    left = git.rev_list(below, [to], limit=MOST)
    return Jump(last=last, to=to, found=made, left=left, brought=len(came) - len(made))


def _headers(git: Git, ids: Sequence[Id]) -> list[Header]:
    found = (git.header(i) for i in ids)
    return [h for h in found if h is not None]
