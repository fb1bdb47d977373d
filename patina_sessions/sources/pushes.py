"""Our own pushes, from the reflogs of remote-tracking branches: git writes `update by push` there, and nowhere else.

A repository may follow three thousand branches, so nothing is read of those that nobody touched: see `remotes`. These
logs belong to all worktrees; which of them a push is told in is for the caller to say, by `mine`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from patina_sessions.frozen import dataclass
from patina_sessions.model import Fact, Id, Position, Pushed
from patina_sessions.redact import redact
from patina_sessions.sources import reflog_tail, remotes
from patina_sessions.sources.reflog_lines import Line
from patina_sessions.sources.reflog_tail import Numbered
from patina_sessions.system import clock
from patina_sessions.system.git import Git

ALL = "refs/remotes"  # the position of all together: `offset` is the latest change seen, `digest` of all folders
_SECOND = 1_000_000_000
_TICK = 50_000_000  # ns within which two changes may bear one time
_SLACK = 2 * _SECOND  # git writes the log before it moves the branch


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushes:
    """What is new, and the positions that changed, one a branch that was pushed and one for all together."""

    facts: tuple[Fact, ...] = ()
    positions: tuple[Position, ...] = ()


def read(
    git: Git, common: Path, positions: Mapping[str, Position], *, mine: Callable[[Id], bool], now: datetime
) -> Pushes:
    """Return the pushes after the positions (by their source); without any, reading starts at the end.

    Nothing but the times of some folders is looked at when no branch has moved. Only pushes of commits that are `mine`
    are told.
    """
    before = positions.get(ALL)
    digest, latest = remotes.folders(common)
    if before is not None and before.digest == digest:
        return Pushes()
    seen = Position(source=ALL, offset=latest, digest="" if _fresh(latest) else digest)
    if before is not None and before == seen:
        return Pushes()
    facts: list[Fact] = []
    moved: list[Position] = []
    for ref, path in remotes.logs(common, after=(before or seen).offset - _SLACK):
        position = positions.get(ref)
        if before is None:
            moved.extend(_pushed_last(path, ref))
        else:
            found, after = _of(git, ref, path, position, since=before.offset // _SECOND, mine=mine, now=now)
            facts += found
            moved.extend([] if after is None or after == position else [after])
    return Pushes(facts=tuple(sorted(facts, key=lambda f: f.time)), positions=(*moved, seen))


def _fresh(latest: int) -> bool:
    """Tell whether the latest change is so near that another one could bear the same time."""
    return abs(clock.wall() * _SECOND - latest) < _TICK


def _pushed_last(path: Path, ref: str) -> list[Position]:
    """Return the position of a branch whose last line is a push, so that it is not told when the log is read again."""
    last = reflog_tail.last_lines(path, 4096)[-1:]
    return [reflog_tail.end(path, ref)] if last and _is_push(last[0]) else []


def _is_push(line: Line) -> bool:
    return line.text.startswith("update by push") and not line.gone and line.old != line.new


def _of(
    git: Git,
    ref: str,
    path: Path,
    position: Position | None,
    *,
    since: int,
    mine: Callable[[Id], bool],
    now: datetime,
) -> tuple[list[Fact], Position | None]:
    """Return the pushes of one branch, and its position if it has been pushed."""
    tail = reflog_tail.read(path, position or Position(source=ref))
    if tail is None:
        return [], position
    anew = position is None or tail.lost  # then the lines' own times must tell which are new
    pushes = [n for n in tail.fresh if _is_push(n.line) and (not anew or n.line.by.seconds >= since)]
    facts = [_fact(git, ref, n, now) for n in pushes if mine(n.line.new)]
    return facts, tail.position if position is not None or pushes else None


def _fact(git: Git, ref: str, numbered: Numbered, now: datetime) -> Fact:
    line = numbered.line
    commits, forced = _sizes(git, ref, line)
    pushed = Pushed(
        remote=redact(ref.removeprefix("refs/remotes/")),
        old=None if line.born else line.old,
        new=line.new,
        commits=commits,
        forced=forced,
    )
    key = hashlib.sha256(repr((ref, line.likeness, numbered.ordinal)).encode("utf-8", "surrogateescape"))
    time = min(clock.local(min(line.by.seconds, int(now.timestamp()))), now)
    return Fact(time=time, data=pushed, key=key.hexdigest()[:32])


def _sizes(git: Git, ref: str, line: Line) -> tuple[int, bool]:
    """Return how many commits went out, and whether others were thrown away."""
    if line.born:
        return git.count_beyond(line.new, ref), False
    return len(git.rev_list([line.new], [line.old])), bool(git.rev_list([line.old], [line.new], limit=1))
