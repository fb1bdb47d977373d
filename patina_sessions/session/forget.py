"""`patina forget ID|TEXT`: a session, or a text, out of everything that Patina keeps on this machine.

Journals, the event log, mirrors, logs of runs, what is written ahead for agents, and the caches (`traces` finds them).
What git has is git's: it is said which commits still hold it, and which index. The whole is done under every lock, so
that no recorder writes it anew.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from patina_sessions.errors import Busy, PatinaError
from patina_sessions.frozen import dataclass
from patina_sessions.journal import append, archive
from patina_sessions.paths import Layout
from patina_sessions.recorder import drain, lost
from patina_sessions.session import boundaries, forgetting, holders, traces
from patina_sessions.session.active import Here
from patina_sessions.session.holders import Holder, Staged
from patina_sessions.session.traces import Change
from patina_sessions.system import files
from patina_sessions.system import repository as repositories
from patina_sessions.system.git import Git

SHORTEST = 4  # characters of a text: a shorter one stands everywhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What was done, or would be. `mentions` are journals that name the session; their words about it stay.

    `staged` is what an index has, so that the next commit would; `packed` cannot be looked into.
    """

    session: str | None
    changes: tuple[Change, ...]
    commits: tuple[Holder, ...]
    staged: tuple[Staged, ...] = ()
    whole: bool = True  # all commits could be looked into
    packed: tuple[Path, ...] = ()
    tags: tuple[str, ...] = ()
    mentions: tuple[Path, ...] = ()


def forget(
    place: Here, what: str, now: datetime, *, dry_run: bool = False, as_text: bool = False
) -> Forgotten:
    """Forget a session, where `what` is the whole id of one, else a text.

    Raises `PatinaError` for a session in progress, for a text that stands everywhere or by which a session is known,
    and for what looks like an id and is none's, unless it is to be taken for a text.
    """
    common = place.layout.common
    known = {*files.names(common.ids), *archive.ids(place.layout)}
    text = what.strip("\n")
    if what not in known:
        if lost.ID.fullmatch(text) and not as_text:
            raise PatinaError(
                f"there is no session {text}", "See them all: patina list --all; where it is a text: --text"
            )
        _require_text(text, known)
    if not dry_run:
        drain.drain(place.layout, place.settings, now)  # what waits in the spool is then in the log
    trees = _trees(place)
    ahead = [tree for tree in trees if files.signature(tree.start) is not None]
    told = files.signature(common.start) is not None
    with ExitStack() as held:
        for lock in (common.lock, *(layout.lock for layout in _states(place))):
            try:
                held.enter_context(files.locked(lock))
            except PatinaError:  # who only looks goes on where not even a lock can be made
                if not dry_run:
                    raise
        found = _session(place, trees, what) if what in known else _text(place, trees, text)
        for change in found.changes if not dry_run else ():
            _make(change)
    if found.changes and not dry_run:
        _write_ahead(place, ahead, told=told)
    return found


def _require_text(text: str, known: set[str]) -> None:
    if len(text.strip()) < SHORTEST or "\n" in text:
        raise PatinaError(
            f"a text of one line and at least {SHORTEST} characters can be forgotten",
            'Say more of it: patina forget "the whole text"; a session by its whole id.',
        )
    if any(text in session for session in known):
        raise PatinaError(
            "the text is a part of a session's id, by which its journal is found",
            "Say more of it; a session goes by its whole id: patina list --all",
        )


def _states(place: Here) -> list[Layout]:
    return [repositories.of_key(place.layout, key) for key in files.names(place.layout.common.worktrees)]


def _trees(place: Here) -> list[Layout]:
    """Return the worktrees whose files are there; one in which no command of ours ever ran has journals, too."""
    common = place.layout.common
    found = {place.layout.git: place.layout}
    linked = common.git / "worktrees"
    for git_dir in (common.git, *(linked / name for name in files.names(linked))):
        top = repositories.top_of(git_dir, common.git) if git_dir.is_dir() else None
        if top is not None:
            key = repositories.key(git_dir, make=False) or "-"
            found.setdefault(git_dir, Layout(top=top, git=git_dir, common=common, key=key))
    return list(found.values())


def _text(place: Here, trees: list[Layout], text: str) -> Forgotten:
    wanted = forgetting.forms(text)
    changes = traces.of_text(place.layout.common, trees, wanted)
    with Git(place.layout.git, place.layout.top) as git:
        commits, whole = holders.of_text(git, wanted)
    return Forgotten(
        session=None,
        changes=changes,
        commits=commits,
        staged=tuple(holders.staged_text(trees, wanted)),
        whole=whole,
        packed=tuple(traces.packed(place.layout.common)),
    )


def _session(place: Here, trees: list[Layout], session: str) -> Forgotten:
    for tree in trees:
        state = drain.peek(tree, place.settings)
        if state.session is not None and state.session.id == session:
            raise Busy(f"session {session} is in progress", "End it first: patina session end")
    told = traces.of_session(place.layout, trees, session)
    bounds = {boundaries.name_of(session, what) for what in ("start", "end")}
    with Git(place.layout.git, place.layout.top) as git:
        commits = holders.of_journal(git, session)
        tags = [
            ref.removeprefix("refs/tags/")
            for below in ("refs/tags", "refs/patina/tags")
            for ref in git.refs(below)
            if ref.rpartition("/")[2] in bounds
        ]
    return Forgotten(
        session=session,
        changes=told.changes,
        commits=commits,
        staged=tuple(holders.staged_journal(trees, session)),
        packed=told.packed,
        tags=tuple(tags),
        mentions=tuple(traces.mentions(place.layout, trees, session, told.changes)),
    )


def _make(change: Change) -> None:
    """Make one change. An editor that saved since the file was looked at is not written over."""
    if change.after is None:
        files.remove(change.path)
        return
    if change.journal is not None:
        made = append.exchange(change.journal, change.before, change.after)
        # What was exchanged out holds what is to be forgotten, so nothing is kept of it for an editor's late save.
        append.drop_displaced(change.journal, all_of_them=True)
    elif made := files.read(change.path) == change.before:
        files.replace(change.path, change.after)
    if not made:
        raise PatinaError(f"{change.path} was saved while this command ran", "Run the command again.")


def _write_ahead(place: Here, trees: list[Layout], *, told: bool) -> None:
    """Write anew what agents and statuslines are given, in each worktree that had it."""
    from patina_sessions.session import ahead

    for tree in trees:
        ahead.write(replace(place, layout=tree))
    if told and files.signature(place.layout.common.start) is None:
        files.write(
            place.layout.common.start, b"", durable=False
        )  # that it is there says that agents are told
