"""What came about where the chain of a reflog breaks: HEAD moved and no line says how (rule 6).

`git update-ref`, fast-import, dulwich and a git that keeps no reflog make commits that way; so do, without making any
here, another worktree on the same branch, a push into the checkout, and whoever fetches without a line.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import cached_property

from patina_sessions.frozen import dataclass
from patina_sessions.model import Id
from patina_sessions.paths import Layout
from patina_sessions.sources import logbooks, reflog_lines, reflog_made, remotes
from patina_sessions.sources.logbooks import Logbooks
from patina_sessions.sources.reflog_lines import Line
from patina_sessions.system.git import Git
from patina_sessions.system.objects import Header

_UNSEEN = "\0"  # the text of a line that there is none of
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

    def __init__(
        self, git: Git, layout: Layout, books: Logbooks, *, since: int, told: Callable[[Id], bool]
    ) -> None:
        self._git = git
        self._layout = layout
        self._books = books
        self._since = since
        self._told = told

    def __call__(self, commit: Id, line: Line | None, *, jumped: bool) -> bool:
        """Tell whether the commit came from elsewhere; `line` is the one here that led to it, by a jump or a step."""
        if self._told(commit) or commit in self._fetched:
            return True
        return self._stood_beside(commit, line, jumped=jumped)

    @cached_property
    def _fetched(self) -> frozenset[Id]:
        """The commits that a fetch or a push into here brought: below where it ended, and not here before."""
        came: set[Id] = set()
        pushed: list[Line] = []
        for line in self._arrivals():
            if line.text.startswith("update by push"):
                pushed.append(line)  # what we pushed ourselves was here before, whoever fetches it again
            else:
                here = [p.new for p in pushed] + ([] if line.born else [line.old])
                came.update(self._git.rev_list([line.new], here, limit=MOST))
        heads = remotes.fetch_heads(self._layout.git, after=self._after)
        unheard = [head for head in heads if head not in came]
        known = [line.new for line in pushed]
        return frozenset(came.union(self._git.rev_list(unheard, known, limit=MOST) if unheard else ()))

    def _arrivals(self) -> list[Line]:
        """Return the lines of all branches that tell of what came from outside or went there, in time."""
        lines = self._lines("refs/remotes")
        beside = [
            line for folder in logbooks.worktrees(self._layout.common) for line in self._books.head(folder)
        ]
        for line in (*self._lines("refs/heads"), *beside):
            if line.text == "push" or line.text.startswith("fetch"):
                lines.append(line)
        return sorted((n for n in lines if n.by.seconds >= self._since), key=lambda n: n.by.seconds)

    def _lines(self, refs: str) -> list[Line]:
        changed = self._books.below(refs, after=self._after)
        return [line for ref in changed for line in self._books.of(ref) or ()]

    @property
    def _after(self) -> int:
        return max(0, self._since - 2) * 1_000_000_000

    def _stood_beside(self, commit: Id, line: Line | None, *, jumped: bool) -> bool:
        """Tell whether another worktree made the commit, or was the first to stand at it and nothing says how."""
        # In one second the one that stood at the commit goes before one that only passed it.
        passed = line is not None and commit not in {line.old, line.new}
        here = (line.by.seconds, passed, str(self._layout.git)) if line is not None else None
        for folder, beside in self._beside.get(commit, ()):
            first = here is None or (beside.by.seconds, False, folder) < here
            words = reflog_lines.read(beside.text)
            if beside.text == _UNSEEN:  # no line of its own, only where the next one began
                if first and jumped:
                    return True
            elif reflog_made.made(self._git, beside, words):
                if words.sure or jumped or first:
                    return True
            elif first and words.verb == "other":
                return True
        return False

    @cached_property
    def _beside(self) -> dict[Id, list[tuple[str, Line]]]:
        """The lines of other worktrees' reflogs by where they ended: what they made may not be recorded yet."""
        found: dict[Id, list[tuple[str, Line]]] = {}
        for folder in logbooks.worktrees(self._layout.common):
            last = ""
            for line in self._books.head(folder) if folder != self._layout.git else ():
                if last and line.old != last:  # it went there unseen
                    unseen = replace(line, old=last, new=line.old, text=_UNSEEN)
                    found.setdefault(line.old, []).append((str(folder), unseen))
                found.setdefault(line.new, []).append((str(folder), line))
                last = line.new
        return found


def look(
    git: Git,
    last: Id | None,
    to: Id,
    *,
    began: Id | None,
    ours: Collection[tuple[str, str]],
    since: int,
    known: Callable[[Id], bool],
    elsewhere: Elsewhere,
    line: Line | None,
) -> Jump:
    """Return what a jump made and moved: ours is what our committer made since, here, and nobody has recorded.

    What is below `began` was here when the reading began.
    """
    below = [] if last is None else [last]
    came = [i for i in git.rev_list([to], below, limit=MOST) if not known(i)]
    new = came if began in {None, last} else git.rev_list([to], [*below, began or ""], limit=MOST)
    found = [
        h
        for h in _headers(git, [i for i in came if i in set(new)])
        if h.committer.who in ours and h.committer.seconds >= since
    ]
    made = tuple(h for h in found if not elsewhere(h.id, line, jumped=True))
    left = git.rev_list(below, [to], limit=MOST)
    return Jump(last=last, to=to, found=made, left=left, brought=len(came) - len(made))


def _headers(git: Git, ids: Sequence[Id]) -> list[Header]:
    found = (git.header(i) for i in ids)
    return [h for h in found if h is not None]
