"""What a session amounts to, from its events and git: which commits count, what they touched, what was rewritten."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from patina_sessions import model
from patina_sessions.journal import render
from patina_sessions.model import Event, Id
from patina_sessions.recorder import replaced
from patina_sessions.settings import Settings
from patina_sessions.system.git import Git


@dataclass(slots=True, kw_only=True)
class Tally:
    """Sums over the events of one session; `events` is filled in once, in order."""

    commits: dict[Id, Id] = field(default_factory=dict)  # id -> tree, counted ones
    # Old and new, each pair once: git's map may come after what was found without it.
    rewrites: dict[tuple[Id, Id], None] = field(default_factory=dict)
    runs: list[dict[str, Any]] = field(default_factory=list)
    agents: dict[str, str] = field(default_factory=dict)  # session -> agent
    notes: int = 0
    goals_done: int = 0
    updates: int = 0

    def take(self, event: Event) -> None:
        """Add one event."""
        data = event.data
        if isinstance(data, model.Made) or (isinstance(data, model.Rebased) and data.commit is not None):
            if data.counted and data.commit is not None:
                self.commits[data.commit.id] = data.commit.tree
            if isinstance(data, model.Made) and data.how == "amend" and data.old:
                self.rewrites[data.old, data.commit.id] = None
        if isinstance(data, model.Rebased):
            self.rewrites.update(dict.fromkeys(data.rewrites))
        elif isinstance(data, model.RunFinished):
            self.runs.append(
                {
                    "id": data.run,
                    "kind": data.kind,
                    "command": data.command,
                    "outcome": data.outcome,
                    "seconds": round(data.seconds, 3),
                    "passed": data.passed,
                    "failed": data.failed,
                    "failed_names": list(data.failed_names[:50]),
                }
            )
        elif isinstance(data, model.AgentEvent) and data.agent_session:
            self.agents[data.agent_session] = data.agent
        self.notes += isinstance(data, model.Noted)
        self.goals_done += isinstance(data, model.GoalDone)
        self.updates += isinstance(data, model.Updated)

    @property
    def empty(self) -> bool:
        """Tell whether Patina saw nothing worth keeping: no commit, run, note, update or done goal."""
        return not (self.commits or self.runs or self.notes or self.goals_done or self.updates)


def of(events: Iterable[Event]) -> Tally:
    """Return the sums over events."""
    tally = Tally()
    for event in events:
        tally.take(event)
    return tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What `end` writes about a session's commits."""

    commits: tuple[tuple[Id, str, Id], ...]  # id, patch-id, tree
    files: tuple[str, ...]
    work_type: str
    patterns: int
    whole: str | None = None  # the patch-id of all of them together, where they are one chain


def outcome(tally: Tally, git: Git, settings: Settings) -> Outcome:
    """Ask git which of the commits are still there after amends and rebases, and what they touched."""
    every = {*tally.commits, *(new for _, new in tally.rewrites)}
    kept = git.reachable(every) if tally.commits else set()
    standing = replaced.standing(tally.commits.keys() & kept, tally.rewrites, every - kept)
    ids = [i for i in tally.commits if i in standing]
    patches = git.patch_ids(ids) if ids else {}
    paths = tuple(sorted(git.files_of(ids))) if ids else ()
    kind = render.work_type(
        len(ids),
        paths,
        major_files=settings.number("classify.major_files"),
        feature_commits=settings.number("classify.feature_commits"),
    )
    return Outcome(
        commits=tuple((i, patches.get(i, ""), tally.commits[i]) for i in ids),
        files=paths,
        work_type=kind,
        patterns=sum(render.is_pattern(p) for p in paths),
        whole=_whole(git, ids),
    )


def _whole(git: Git, ids: list[Id]) -> str | None:
    """Return the patch-id that a squash of these commits has, so that it can be tied to its session later."""
    headers = [git.header(i) for i in ids]
    chain = all(
        one is not None and two is not None and two.parents == (one.id,) for one, two in pairwise(headers)
    )
    first = headers[0] if headers else None
    if len(ids) < 2 or not chain or first is None or len(first.parents) != 1:
        return None
    return git.patch_id_between(first.parents[0], ids[-1])
