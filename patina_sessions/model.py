"""The words everybody speaks: what passes between the rooms, frozen, and without a thought about files, git or clocks.

The payloads below are the closed list of event types of version 1 (layer/core/formats.md). A stored type name never
changes; a type from a newer Patina becomes `Unknown`, is kept, and is passed over.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from patina_sessions.frozen import dataclass

Id: TypeAlias = str  # a full object id, lower-case hex

# ---------------------------------------------------------------------------------------------------- git's objects


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """One path that a commit touched. `added` and `deleted` are lines, None where git does not count (binary)."""

    status: str  # A, M, D, R, C, T as git says
    path: str
    old_path: str | None = None
    added: int | None = None
    deleted: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What the record keeps of a commit. Texts are as git has them (surrogateescape), redacted, not yet escaped."""

    id: Id
    tree: Id
    parents: tuple[Id, ...] = ()
    author: str = ""
    author_email: str = ""
    authored: int = 0  # epoch seconds
    committed: int = 0
    subject: str = ""
    files: tuple[FileChange, ...] = ()  # at most the first 50; `file_count` counts all
    file_count: int = 0
    added: int = 0
    deleted: int = 0


# ------------------------------------------------------------------------------------------------- payloads of events

Kind: TypeAlias = Literal["commit", "amend", "merge", "cherry-pick", "revert", "am"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """session.started: the head of a journal, complete enough to write it anew."""

    session: str
    title: str
    llm: str = "none"
    branch: str | None = None  # None on a detached head
    commit: Id | None = None  # None without a commit
    tag: str | None = None
    goals: tuple[str, ...] = ()
    carried: int = 0  # how many of `goals` came from the previous session
    context: str = ""  # `## Previous Session Context`, markdown, already safe
    previous: str | None = None
    author: str = ""
    by: Literal["person", "agent"] = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Updated:
    """session.updated: what was asked for, beside what git says."""

    number: int
    since: str  # RFC 3339, of the previous update or the start
    work: tuple[str, ...] = ()
    decision: tuple[str, ...] = ()
    challenge: tuple[str, ...] = ()
    pattern: tuple[str, ...] = ()
    commits: int = 0  # made here in this session so far
    files_changed: int = 0  # uncommitted, as `git status` counts them
    last_commit: str | None = None  # RFC 3339
    final: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """session.noted."""

    text: str
    branch: str | None = None
    commit: Id | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed:
    """session.renamed."""

    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """session.ended: the commit point of `end`; `sha256` is of the archived bytes."""

    session: str
    sha256: str
    kept: bool = True  # False: nothing happened, so not put into layer/sessions
    idle: bool = False  # ended by the next start, with the time of its last event


@dataclass(frozen=True, slots=True, kw_only=True)
class Discarded:
    """session.discarded."""

    session: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalAdded:
    """goal.added."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalDone:
    """goal.done. `number` is its place in the file at that moment."""

    number: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """git.{commit,amend,merge,cherry-pick,revert,am}: a commit object that was made here.

    `counted` is False for one that replays a commit which was not ours, or that another author wrote.
    """

    how: Kind
    commit: Commit
    old: Id | None = None  # where HEAD was; for an amend the commit that was replaced
    branch: str | None = None
    counted: bool = True
    found: bool = False  # not in the reflog: met on the walk over a break in the chain


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebased:
    """git.rebase: one step of a replay, or the bell that says it is over.

    start, pick, finish and abort come from the reflog; map from git's post-rewrite hook; closed is said by the
    recorder when git's rebase folders are gone. The projection makes one entry of them all.
    """

    phase: Literal["start", "pick", "finish", "abort", "map", "closed"]
    old: Id | None = None
    new: Id | None = None
    commit: Commit | None = None  # for a pick that made a commit
    counted: bool = True
    branch: str | None = None
    pull: bool = False
    # For map; for finish and closed where no map is here.
    rewrites: tuple[tuple[Id, Id], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """git.{merge,reset,checkout,moved}: HEAD moved and nothing was made. `merge` here is a fast-forward."""

    how: Literal["merge", "reset", "checkout", "moved"]
    old: Id | None
    new: Id | None
    branch: str | None = None  # where HEAD is afterwards, None when detached or unknown
    source: str | None = None  # checkout: the branch left; reset: what was asked for
    target: str | None = None  # checkout: what was asked for, a branch, a tag or an id
    pull: bool = False
    brought: int = 0  # commits that came in: somebody else's
    dropped: int = 0  # commits that are no longer below HEAD


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """git.push: a remote-tracking branch moved by our own push."""

    remote: str  # origin/main
    old: Id | None
    new: Id
    commits: int = 0
    forced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesChanged:
    """files.changed: what the watcher saw, debounced."""

    files: tuple[FileChange, ...] = ()  # status A, M, D, R; `added` counts the saves
    since: str = ""
    count: int = 0
    bulk: str | None = None  # checkout, stash, rebase, archive, sweep …: one fact with a count
    closing: bool = False  # nothing was seen: the session ends, and what was is to be told


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesGap:
    """files.gap: the watcher was blind, and why."""

    reason: str
    since: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """run.started: a build, test, exec or YOLO run is about to begin; said again (`still`) when it takes long."""

    run: str
    kind: Literal["build", "test", "exec", "yolo"]
    command: str
    image: str = ""
    where: str = ""
    container: str = ""
    name: str = ""  # what its user calls it by
    still: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished:
    """run.finished. `outcome` is of the closed set of design.md."""

    run: str
    kind: Literal["build", "test", "exec", "yolo"]
    command: str
    outcome: str
    exit_code: int | None = None
    exit_words: str = ""  # what the code says: "command not found"
    seconds: float = 0.0
    image: str = ""
    where: str = ""
    passed: int | None = None
    failed: int | None = None
    skipped: int | None = None
    failed_names: tuple[str, ...] = ()
    newly_failing: tuple[str, ...] = ()
    newly_passing: tuple[str, ...] = ()
    telling: str = ""
    details: tuple[str, ...] = ()  # further lines of the report, one a bullet
    log: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentEvent:
    """agent.{started,prompt,tool,turn,compacted,interrupted,ended}: what a coding agent did."""

    what: Literal["started", "prompt", "tool", "turn", "compacted", "interrupted", "ended"]
    agent: str
    agent_session: str
    key: str = ""  # drops doubles: event and tool or prompt id
    text: str = ""
    tool: str = ""
    target: str = ""
    outcome: Literal["", "ok", "failed", "unknown"] = ""
    source: str = ""  # started: startup, resume, clear, compact, fork; ended: the reason
    human: bool = True  # False for a prompt that the client wrote itself
    attended: bool = False  # a person sits before it, as far as the client tells
    owner: int = 0  # the client's process, to find out that it died


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A type of a newer Patina: kept as it came, and passed over."""

    type: str
    raw: str


Data: TypeAlias = (
    Started
    | Updated
    | Noted
    | Renamed
    | Ended
    | Discarded
    | GoalAdded
    | GoalDone
    | Made
    | Rebased
    | Moved
    | Pushed
    | FilesChanged
    | FilesGap
    | RunStarted
    | RunFinished
    | AgentEvent
    | Unknown
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What a source found, before the log gives it a number. `key` makes a second reading of it the same event."""

    time: datetime
    data: Data
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One numbered fact of a worktree. Order is by `seq`, never by `time`."""

    seq: int
    id: str
    time: datetime
    source: str
    data: Data


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far a reflog was read: the byte after its last line, that line's hash, and the id it ended at."""

    source: str  # HEAD, or refs/remotes/origin/main
    offset: int = 0
    digest: str = ""
    head: Id | None = None
    count: int = 0  # lines read so far, for reflogs that are no file


# --------------------------------------------------------------------------------------------------- places and results


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of the activity log: a heading after its time, and the lines below it, already safe."""

    seq: int
    time: datetime
    what: str
    body: str = ""
    dated: bool = False  # on a later day than the entry before it
    zoned: bool = False  # in another time zone than that one
    numbered: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The active session as the event log has it."""

    id: str
    seq: int
    title: str
    started: datetime
    llm: str
    branch: str | None
    commit: Id | None
    tag: str | None
    author: str
    by: str
    goals: tuple[str, ...]
    last_event: datetime
    last_update: datetime
    updates: int = 0
    notes: int = 0
    commits: int = 0
    runs: int = 0
