"""What a worktree left behind: `git worktree remove` takes its reflog along, and the branch's own has the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from patina_sessions.model import Id, Position
from patina_sessions.paths import Layout
from patina_sessions.sources import logbooks, reflog, reflog_lines, reflog_replay, reflog_shown
from patina_sessions.sources.reflog import Reading
from patina_sessions.sources.reflog_given import Memory, Start
from patina_sessions.sources.reflog_lines import Likeness, Line
from patina_sessions.sources.reflog_walk import Walk
from patina_sessions.system import loose
from patina_sessions.system.git import Git
from patina_sessions.system.objects import Header


def read(
    git: Git,
    layout: Layout,
    position: Position,
    branch: str,
    *,
    since: datetime | None,
    known: Callable[[Id], bool],
    elsewhere: Callable[[Id], bool],
    counted: Callable[[Id], bool],
    now: datetime,
) -> Reading:
    """Return what was made on the branch after the position of a worktree that is gone, and not in another one.

    The layout is the lost worktree's, the door is any other's. Where the branch went with it no reflog is left, but git
    keeps the commits for two weeks: those that go on from the position are told. The rest is as in `reflog.read`.
    """
    home = replace(layout, git=layout.common.git)
    books = logbooks.of(git, home)
    lines = books.of(f"refs/heads/{branch}") or []
    place = max((n for n, line in enumerate(lines, 1) if line.new == position.head), default=len(lines))
    theirs = {line.likeness for folder in logbooks.worktrees(layout.common) for line in books.head(folder)}
    fresh = reflog_shown.numbered([_as_head(line) for line in lines[place:] if _is_left(line, theirs)], 0)
    start = Start(
        last=position.head,
        before=lines[:place],
        fresh=fresh,
        earlier=lambda: lines[:place],
        since=0 if since is None else int(since.timestamp()),
        now=int(now.timestamp()),
    )
    walk = Walk(git, layout, Memory(known=known, elsewhere=elsewhere, counted=counted), start)
    for number in range(len(fresh)):
        walk.line(number)
    if not fresh and position.head is not None and not books.has(f"refs/heads/{branch}"):
        for tip in _tips(git, layout.common.git, position.head, after=start.since):
            walk.unseen(tip, f"left {tip}")
    return Reading(facts=reflog.with_files(git, walk.facts), position=replace(position, head=walk.last))


def _tips(git: Git, common: Path, head: Id, *, after: int) -> list[Id]:
    """Return where chains of commits end that go on from `head`, or from its amended form, and that nothing names."""
    lost = [h for h in reflog_replay.headers(git, loose.commits(git, common, after)) if not _is_stash(h)]
    was = git.header(head)
    chain, found = {head}, dict[Id, Header]()
    while True:
        more = [
            h
            for h in lost
            if h.id not in found
            and (
                chain.intersection(h.parents)
                or (was is not None and h.id != head and h.parents == was.parents)
            )
        ]
        if not more:
            break
        found.update((h.id, h) for h in more)
        chain.update(h.id for h in more)
    below = {parent for h in found.values() for parent in h.parents}
    tips = [h for h in found.values() if h.id not in below]
    return [h.id for h in sorted(tips, key=lambda h: (h.committer.seconds, h.id))]


def _is_stash(h: Header) -> bool:
    return h.subject.startswith(("WIP on ", "On ", "index on ", "untracked files on ")) and ": " in h.subject


def _is_left(line: Line, theirs: set[Likeness]) -> bool:
    return line.likeness not in theirs and reflog_lines.read(line.text).verb != "still"


def _as_head(line: Line) -> Line:
    """Return the line as one of HEAD's. A branch has one for a whole rebase: its commits are looked for in between."""
    return replace(line, text="") if reflog_lines.read(line.text).verb == "finish" else line
