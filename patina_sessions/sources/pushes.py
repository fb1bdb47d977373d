"""Our own pushes, from the reflogs of remote-tracking branches: git writes `update by push` there, and nowhere else.

A repository may follow three thousand branches, so nothing is read of those that nobody touched: see `remotes`. These
logs belong to all worktrees; which of them a push is told in is for the caller to say, by `mine`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from patina_sessions.frozen import dataclass
from patina_sessions.model import Fact, Id, Position, Pushed
from patina_sessions.redact import redact
from patina_sessions.sources import reflog_shown, reflog_tail, remotes
from patina_sessions.sources.reflog_lines import Line
from patina_sessions.sources.reflog_tail import Numbered, Tail
from patina_sessions.system import clock, refs
from patina_sessions.system.git import Git

ALL = "refs/remotes"  # the position of all together: `offset` is the latest change seen, `digest` of all folders
_SECOND = 1_000_000_000
_TICK = 50_000_000  # ns within which two changes may bear one time
_SHOWN = 400  # lines of all reflogs together that git is asked for where they are no files
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
    digest, latest = _state(common)
    if before is not None and before.digest == digest:
        return Pushes()
    seen = Position(source=ALL, offset=latest, digest="" if _fresh(latest) else digest)
    facts: list[Fact] = []
    moved: list[Position] = []
    for tail in _tails(git, common, positions, after=(before or seen).offset - _SLACK):
        old = positions.get(tail.position.source)
        pushes = _pushes(tail, old, since=None if before is None else before.offset // _SECOND)
        facts += [_fact(git, tail.position.source, n, now) for n in pushes if mine(n.line.new)]
        # A branch whose last line is a push must not tell it again when its log is read anew.
        if old != tail.position and (old is not None or pushes or (before is None and _is_push(tail.last))):
            moved.append(tail.position)
    return Pushes(facts=tuple(sorted(facts, key=lambda f: f.time)), positions=(*moved, seen))


def _state(common: Path) -> tuple[str, int]:
    """Return what changes whenever a remote-tracking branch moves, and the time of the latest change (ns)."""
    if refs.has_reftable(common):
        latest = reflog_shown.changed(common)
        return f"tables {latest}", latest
    return remotes.folders(common)


def _fresh(latest: int) -> bool:
    """Tell whether the latest change is so near that another one could bear the same time."""
    return abs(clock.wall() * _SECOND - latest) < _TICK


def _tails(git: Git, common: Path, positions: Mapping[str, Position], *, after: int) -> Iterator[Tail]:
    """Give what is new in each branch's reflog that was written to after that time (ns)."""
    if refs.has_reftable(common):
        for ref, lines in reflog_shown.remote_lines(git, _SHOWN).items():
            began = reflog_shown.beginning(git, ref, len(lines)) if _is_push(lines[0]) else None
            lines[0] = lines[0] if began is None else replace(lines[0], old=began)
            yield reflog_shown.tail(lines, positions.get(ref) or Position(source=ref))
        return
    for ref, path in remotes.logs(common, after=after):
        tail = reflog_tail.read(path, positions.get(ref) or Position(source=ref))
        if tail is not None:
            yield tail


def _pushes(tail: Tail, old: Position | None, *, since: int | None) -> list[Numbered]:
    """Return the new lines that are pushes; where no position says which are new, their own times must."""
    if since is None:
        return []
    pushes = [n for n in tail.fresh if _is_push(n.line)]
    if old is not None and not tail.lost:
        return pushes
    told = None if old is None else old.head
    return [n for n in pushes if n.line.by.seconds >= since and n.line.new != told]


def _is_push(line: Line | None) -> bool:
    if line is None or line.gone or line.old == line.new:
        return False
    return line.text.startswith("update by push")


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
