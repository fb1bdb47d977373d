"""`patina forget ID|TEXT`: a session, or a text, out of everything that Patina keeps on this machine.

Journals, the event log, mirrors, logs of runs, what is written ahead for agents, and the caches. What git has is
git's: it is said which commits still hold it. The whole is done under every lock, so that no recorder writes it anew.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

from patina_sessions import model
from patina_sessions.errors import Busy, PatinaError
from patina_sessions.events import log as event_log
from patina_sessions.frozen import dataclass
from patina_sessions.journal import append, archive
from patina_sessions.paths import Layout
from patina_sessions.recorder import drain
from patina_sessions.session import boundaries, forgetting, holders
from patina_sessions.session.active import Here
from patina_sessions.session.holders import Holder
from patina_sessions.system import files
from patina_sessions.system import repository as repositories
from patina_sessions.system.git import Git

SHORTEST = 4  # characters of a text: a shorter one stands everywhere
_KEPT = frozenset(
    {"originals", "manifest.json", "repo.json", "hook.sh", "ids"}
)  # what init changed, and no text
_CACHES = ("index.db", "index.db-journal", "index.db-wal", "index.db-shm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One file out of which it is taken. `after` is None where the whole file goes."""

    path: Path
    count: int
    before: bytes = b""
    after: bytes | None = None
    journal: Layout | None = None  # of a session in progress: a person may be saving it just now


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What was done, or would be. `mentions` are journals that name the session; their words about it stay."""

    session: str | None
    changes: tuple[Change, ...]
    commits: tuple[Holder, ...]
    tags: tuple[str, ...] = ()
    mentions: tuple[Path, ...] = ()


def forget(place: Here, what: str, now: datetime, *, dry_run: bool = False) -> Forgotten:
    """Forget a session, where `what` is the whole id of one, else a text.

    Raises `PatinaError` for a session in progress, and for a text that stands everywhere.
    """
    common = place.layout.common
    known = {*files.names(common.ids), *archive.ids(place.layout)}
    if what not in known and (len(what.strip()) < SHORTEST or "\n" in what.strip("\n")):
        raise PatinaError(
            f"a text of one line and at least {SHORTEST} characters can be forgotten",
            'Say more of it: patina forget "the whole text"; a session by its whole id.',
        )
    if not dry_run:
        drain.drain(place.layout, place.settings, now)  # what waits in the spool is then in the log
    trees = _trees(place)
    with ExitStack() as held:
        for lock in (common.lock, *(layout.lock for layout in _states(place))):
            try:
                held.enter_context(files.locked(lock))
            except PatinaError:  # who only looks goes on where not even a lock can be made
                if not dry_run:
                    raise
        if what in known:
            found = _session(place, trees, what)
        else:
            found = _text(place, trees, what.strip("\n"))
        for change in found.changes if not dry_run else ():
            _make(change)
    if found.changes and not dry_run:
        _write_ahead(place)
    return found


def _states(place: Here) -> list[Layout]:
    return [repositories.of_key(place.layout, key) for key in files.names(place.layout.common.worktrees)]


def _trees(place: Here) -> list[Layout]:
    """Return the worktrees whose files are there."""
    common = place.layout.common
    found = {place.layout.key: place.layout}
    for key, git_dir in repositories.worktrees(common.git).items():
        top = repositories.top_of(git_dir, common.git)
        if top is not None:
            found.setdefault(key, Layout(top=top, git=git_dir, common=common, key=key))
    return list(found.values())


# -------------------------------------------------------------------------------------------------------------- a text


def _text(place: Here, trees: list[Layout], text: str) -> Forgotten:
    wanted = forgetting.forms(text)
    changes = [
        *_in_trees(trees, lambda data: forgetting.without(data, wanted)),
        *_in_state(place.layout.common.home, wanted),
    ]
    with Git(place.layout.git, place.layout.top) as git:
        commits = holders.of_text(git, text)
    return Forgotten(session=None, changes=(*changes, *_caches(place, changes)), commits=commits)


def _in_trees(trees: list[Layout], clean: Callable[[bytes], tuple[bytes, int]]) -> Iterator[Change]:
    """Yield the journals of each worktree; nothing is read or written through a link."""
    for tree in trees:
        for folder in (tree.sessions, tree.local):
            for name in files.names(folder) if files.is_inside(folder, tree.top) else ():
                path = folder / name
                if path.is_symlink() or not path.is_file() or not name.endswith(".md"):
                    continue
                before = files.read(path) or b""
                after, count = clean(before)
                if count:
                    active = tree if path == tree.journal else None
                    yield Change(path=path, count=count, before=before, after=after, journal=active)


def _in_state(home: Path, wanted: tuple[bytes, ...]) -> Iterator[Change]:
    """Yield what lies below Patina's folder in the git directory."""
    for folder, folders, names in os.walk(home):
        if Path(folder) == home:
            folders[:] = [name for name in folders if name not in _KEPT]
        passed = {*_KEPT, *_CACHES} if Path(folder) == home else set()
        for name in sorted(set(names) - passed):
            path = Path(folder) / name
            if path.is_symlink() or not path.is_file():
                continue
            clean = forgetting.log_without if path.suffix == ".jsonl" else forgetting.without
            before = files.read(path) or b""
            after, count = clean(before, wanted)
            if count:
                gone = name == "state.json"  # a snapshot: it is folded anew
                yield Change(path=path, count=count, before=before, after=None if gone else after)


def _caches(place: Here, changes: list[Change]) -> Iterator[Change]:
    """Yield the caches that may hold it in a form of their own, and those that no longer fit."""
    common = place.layout.common
    if not changes:
        return
    gone = {change.path for change in changes}
    logs = {c.path.parents[1] for c in changes if c.path.suffix == ".jsonl"}
    for path in (
        *(common.home / name for name in _CACHES),
        *(state / "state.json" for state in sorted(logs)),
    ):
        if path not in gone and files.signature(path) is not None:
            yield Change(path=path, count=0)


# ----------------------------------------------------------------------------------------------------------- a session


def _session(place: Here, trees: list[Layout], session: str) -> Forgotten:
    for tree in trees:
        state = drain.peek(tree, place.settings)
        if state.session is not None and state.session.id == session:
            raise Busy(f"session {session} is in progress", "End it first: patina session end")
    common = place.layout.common
    changes = [*_files_of(common.home, trees, session), *_events_of(place, session)]
    named = re.compile(rf"{re.escape(session)}(?!-?[0-9])".encode())  # and not the next of the same second
    bounds = {boundaries.name_of(session, what) for what in ("start", "end")}
    with Git(place.layout.git, place.layout.top) as git:
        commits = holders.of_journal(git, session)
        tags = [
            ref.removeprefix("refs/tags/")
            for below in ("refs/tags", "refs/patina/tags")
            for ref in git.refs(below)
            if ref.rpartition("/")[2] in bounds
        ]
    gone = {change.path for change in changes}
    others = [one.path for one in archive.all(place.layout) if one.path not in gone]
    others += [tree.journal for tree in trees]
    return Forgotten(
        session=session,
        changes=(*changes, *_caches(place, changes)),
        commits=commits,
        tags=tuple(tags),
        mentions=tuple(path for path in others if named.search(files.read(path) or b"")),
    )


def _files_of(home: Path, trees: list[Layout], session: str) -> Iterator[Change]:
    # Beside the journal: one made anew, an editor's save after the end, a file that was exchanged out.
    ours = re.compile(rf"{re.escape(session)}(\.md.*|-displaced-\d+\.md|-\d{{8}}-\d{{6}}x*\.md)")
    folders = [home / "archive", home / "discarded", *(home / "worktrees").glob("*/retired")]
    for folder in folders:
        for name in files.names(folder):
            if ours.fullmatch(name):
                yield Change(path=folder / name, count=1)
    if files.signature(home / "ids" / session) is not None:
        yield Change(path=home / "ids" / session, count=1)
    for tree in trees:
        mirror = files.read(tree.mirror)
        if mirror and f"**ID**: {session}\n".encode() in mirror:
            yield Change(path=tree.mirror, count=1)
        copy = tree.sessions / f"{session}.md"
        if files.is_inside(tree.sessions, tree.top) and copy.is_file() and not copy.is_symlink():
            yield Change(path=copy, count=1)
        if files.is_inside(tree.local, tree.top) and f"{session}.md".encode() in (
            files.read(tree.last) or b""
        ):
            yield Change(path=tree.last, count=1)


def _events_of(place: Here, session: str) -> Iterator[Change]:
    """Yield the segments without what was said in that session, and the logs of its runs."""
    key = (files.read(place.layout.common.ids / session) or b"").decode("ascii", "replace").strip()
    if not key:
        return
    home = repositories.of_key(place.layout, key)
    first = last = 0
    for event in event_log.events(home):
        data = event.data
        if isinstance(data, model.Started):
            if first:
                break
            first = event.seq if data.session == session else 0
        if first:
            last = event.seq
            if (
                isinstance(data, model.RunStarted)
                and files.signature(home.runs / f"{data.run}.log") is not None
            ):
                yield Change(path=home.runs / f"{data.run}.log", count=1)
        if first and isinstance(data, model.Ended | model.Discarded):
            break
    for number in event_log.segments(home) if first else ():
        path = event_log.segment_path(home, number)
        before = files.read(path) or b""
        after, count = forgetting.log_without_events(before, first, last)
        if count:
            yield Change(path=path, count=count, before=before, after=after)


# ---------------------------------------------------------------------------------------------------------- doing it


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


def _write_ahead(place: Here) -> None:
    from patina_sessions.session import ahead

    if files.signature(place.layout.common.start) is not None:
        ahead.write(place)
