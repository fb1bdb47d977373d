"""HEAD's reflog becomes facts: what was committed, amended, merged, picked, rebased, reset and checked out here.

Git writes a line whenever HEAD moves, whoever moved it and whether any hook ran. `read` costs one block of the file
when nothing is new, and starts no process then. Where the chain of lines breaks, or there is none, the commits
themselves are looked at. Never says what it does not know: an id that is no longer here is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from patina_sessions.frozen import dataclass
from patina_sessions.model import Commit, Fact, Id, Made, Position, Rebased
from patina_sessions.paths import Layout
from patina_sessions.sources import reflog_shown, reflog_tail
from patina_sessions.sources.reflog_given import Memory, Start
from patina_sessions.sources.reflog_lines import Line
from patina_sessions.sources.reflog_tail import Tail
from patina_sessions.sources.reflog_walk import Walk
from patina_sessions.system import refs
from patina_sessions.system.git import Git

BEGINNING = Position(source="HEAD")  # of a worktree that was added since the repository was given to Patina
_EARLIER = 4 * 1024 * 1024  # looked back for the beginning of a rebase of thousands of commits


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What is new, in the order of the reflog, and from where to read the next time. To be logged in one write."""

    facts: tuple[Fact, ...]
    position: Position


def read(
    git: Git,
    layout: Layout,
    position: Position | None,
    *,
    since: datetime | None,
    known: Callable[[Id], bool],
    elsewhere: Callable[[Id], bool],
    counted: Callable[[Id], bool],
    rewrites: Mapping[Id, tuple[Id, ...]] | None = None,
    now: datetime,
) -> Reading:
    """Return what happened in this worktree after the position.

    Without a position reading starts at the end: what was made before is not told. `since` is when the session or, if
    there is none, the recording began: an older commit is never taken for one made here where no line says so.
    `known`: a commit was recorded as made, in any worktree; `elsewhere`: in another; `counted`: in any, and it counts.
    `rewrites` is what git's post-rewrite map says, new id to old ones (`rewrites.replaced`), if it is here yet.
    """
    if position is None:
        return Reading(facts=(), position=_end(git, layout))
    tail = _tail(git, layout, position)
    stands = _stands(git, layout, tail)
    if stands is None and not tail.fresh:
        return Reading(facts=(), position=tail.position)
    memory = Memory(known=known, elsewhere=elsewhere, counted=counted, rewrites=rewrites or {})
    walk = Walk(git, layout, memory, _start(layout, position, tail, since, now))
    _follow(git, walk, tail, position, memory)
    after = tail.position
    if stands is not None and stands != walk.last:
        after = replace(after, count=after.count + 1)
        walk.unseen(stands, f"{after.offset} {after.digest} {after.count}")
    return Reading(facts=with_files(git, walk.facts), position=replace(after, head=walk.last))


def _start(layout: Layout, position: Position, tail: Tail, since: datetime | None, now: datetime) -> Start:
    def earlier() -> Sequence[Line]:
        if refs.has_reftable(layout.git):
            return tail.before
        return reflog_tail.last_lines(_path(layout), _EARLIER, end=position.offset)

    return Start(
        last=position.head,
        before=tail.before,
        fresh=tail.fresh,
        earlier=earlier,
        since=0 if since is None else int(since.timestamp()),
        now=int(now.timestamp()),
    )


def _tail(git: Git, layout: Layout, position: Position) -> Tail:
    if refs.has_reftable(layout.git):
        return reflog_shown.read(git, layout.git, position)
    return reflog_tail.read(_path(layout), position) or Tail(
        position=replace(position, offset=0, digest=""), size=None
    )


def _stands(git: Git, layout: Layout, tail: Tail) -> Id | None:
    """Return where HEAD stands if it went there without a line, else None."""
    if refs.has_reftable(layout.git):
        stands = git.head() if tail.looked else None
    else:
        stands = refs.head(layout.git, layout.common.git)[1]
    if stands is None or stands == tail.position.head:
        return None
    # Git writes the line before it moves the ref (strace, 2.39 and 2.55), and may be writing the next one by now.
    last = tail.last
    if last is not None and stands == last.old:
        return None
    return stands if tail.size == reflog_tail.size(_path(layout)) else None


def _follow(git: Git, walk: Walk, tail: Tail, position: Position, memory: Memory) -> None:
    if not tail.lost:
        for place in range(len(tail.fresh)):
            walk.line(place)
        return
    # The reflog was expired or rewritten: what is not known and not below where we were is new.
    ids = [n.line.new for n in tail.fresh]
    beyond = set(git.rev_list(ids, [position.head] if position.head else []))
    begun = False
    for place, numbered in enumerate(tail.fresh):
        line = numbered.line
        if line.new in beyond and not memory.known(line.new) and line.by.seconds >= walk.since:
            walk.line(place)
            begun = True
        elif begun and not line.gone:
            walk.last = line.new


def with_files(git: Git, facts: Sequence[Fact]) -> tuple[Fact, ...]:
    """Return the facts with the files of their commits: all of them are compared by one child."""
    commits = [
        f.data.commit for f in facts if isinstance(f.data, Made | Rebased) and f.data.commit is not None
    ]
    full = {c.id: c for c in git.with_files(commits)}
    return tuple(_with_commit(fact, full) for fact in facts)


def _with_commit(fact: Fact, full: Mapping[Id, Commit]) -> Fact:
    data = fact.data
    if isinstance(data, Made | Rebased) and data.commit is not None:
        return replace(fact, data=replace(data, commit=full[data.commit.id]))
    return fact


def _end(git: Git, layout: Layout) -> Position:
    """Return the position after the last line, and where HEAD stands now."""
    if refs.has_reftable(layout.git):
        return replace(reflog_shown.end(git, layout.git), head=git.head())
    end = reflog_tail.end(_path(layout))
    stands = refs.head(layout.git, layout.common.git)[1]
    return replace(end, head=stands or end.head)


def first(layout: Layout, begun: datetime) -> Position | None:
    """Return where to begin in a worktree never read: `BEGINNING` if its reflog is younger than `begun`, else None.

    After `git worktree add`, a commit, and only then the first wake, the commit was made here.
    """
    if refs.has_reftable(layout.git):
        with Git(layout.git, layout.top) as git:
            line = reflog_shown.first_line(git)
    else:
        line = reflog_tail.first_line(_path(layout))
    young = line is not None and line.born and line.by.seconds >= int(begun.timestamp())
    return BEGINNING if young else None


def _path(layout: Layout) -> Path:
    return layout.git / "logs" / "HEAD"
