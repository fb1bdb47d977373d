"""What a reading of the reflog is given: where it begins, and what has been recorded already."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field

from patina_sessions.frozen import dataclass
from patina_sessions.model import Id
from patina_sessions.sources.reflog_lines import Line
from patina_sessions.sources.reflog_tail import Numbered


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What has been recorded already, here and in the other worktrees."""

    known: Callable[[Id], bool]  # as made, in any worktree
    elsewhere: Callable[[Id], bool]  # as made, in another worktree
    counted: Callable[[Id], bool]  # as made and counted, in any worktree
    # New -> what it replays, by git's own map.
    rewrites: Mapping[Id, tuple[Id, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where a reading begins."""

    last: Id | None  # where HEAD stood after the line before, None while it had no commit
    before: Sequence[Line]  # the lines just before
    fresh: Sequence[Numbered]  # the lines to follow
    earlier: Callable[[], Sequence[Line]]  # many more of them
    since: int  # what is older was not made here; epoch seconds, as is the next
    now: int
