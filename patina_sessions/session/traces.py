"""Every file of ours that holds a text, or that tells of a session, with what is to become of it.

What can be made anew is not cleaned but dropped: the index, snapshots, reports, and what is written ahead for agents
hold words in forms of their own. Nothing is read or written through a link.
"""

from __future__ import annotations

import html
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from patina_sessions import model
from patina_sessions.errors import PatinaError
from patina_sessions.events import log as event_log
from patina_sessions.frozen import dataclass
from patina_sessions.journal import archive
from patina_sessions.model import AgentEvent, Event
from patina_sessions.paths import Common, Layout
from patina_sessions.session import forgetting
from patina_sessions.system import files, untrusted
from patina_sessions.system import repository as repositories

_KEPT = frozenset({"manifest.json", "repo.json", "hook.sh", "ids"})  # what init changed, and no text
_INDEX = ("index.db", "index.db-journal", "index.db-wal", "index.db-shm")
_ANEW = ("start.json", "statusline")  # `ahead` writes them
_REPORT = "report.html"
_SNAPSHOT = "state.json"
_WATCHER = "watcher.json"
_BUNDLE, _TICKET = ".bundle", ".yolo"
_CLONES = (".in", ".image", ".check")  # folders of a run that goes on, with objects of git's


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One file out of which it is taken. `after` is None where the whole file goes."""

    path: Path
    count: int
    before: bytes = b""
    after: bytes | None = None
    journal: Layout | None = None  # of a session in progress: a person may be saving it just now


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What tells of a session; `packed` is what its autonomous runs still need, and may hold words of it."""

    changes: tuple[Change, ...]
    packed: tuple[Path, ...]


# -------------------------------------------------------------------------------------------------------------- a text


def of_text(common: Common, trees: Sequence[Layout], wanted: tuple[bytes, ...]) -> tuple[Change, ...]:
    """Return what becomes of the files that hold one of the forms.

    Raises `PatinaError` where a journal would no longer be known for what it is.
    """
    changes = [*_in_trees(trees, wanted), *_in_state(common.home, wanted)]
    for change in changes:
        if (
            ".md" in change.path.name
            and change.after is not None
            and forgetting.bones(change.before) != forgetting.bones(change.after)
        ):
            raise PatinaError(
                f"the text stands in what {change.path} is read by: its id, its times, its headings",
                "Say more of it, or take it out of that file by hand.",
            )
    return (*changes, *_caches(common, trees, changes))


def _in_trees(trees: Sequence[Layout], wanted: tuple[bytes, ...]) -> Iterator[Change]:
    shown = tuple(html.escape(form.decode("utf-8", "surrogateescape")) for form in wanted)
    in_pages = (*wanted, *(form.encode("utf-8", "surrogateescape") for form in shown))
    for tree in trees:
        for folder in (tree.sessions, tree.local):
            for name in files.names(folder) if files.is_inside(folder, tree.top) else ():
                path = folder / name
                report = path == tree.local / _REPORT
                if path.is_symlink() or not path.is_file() or not (report or name.endswith(".md")):
                    continue
                before = untrusted.read(path) or b""
                after, count = forgetting.without(before, in_pages if report else wanted)
                if count:
                    active = tree if path == tree.journal else None
                    kept = None if report else after
                    yield Change(path=path, count=count, before=before, after=kept, journal=active)


def _in_state(home: Path, wanted: tuple[bytes, ...]) -> Iterator[Change]:
    """Yield what lies below Patina's folder in the git directory."""
    for folder, folders, names in os.walk(home):
        top = Path(folder) == home
        folders[:] = [name for name in folders if not (name in _KEPT if top else name.endswith(_CLONES))]
        for name in sorted(set(names) - ({*_KEPT, *_INDEX} if top else set())):
            path = Path(folder) / name
            if path.is_symlink() or not path.is_file() or name.endswith(_BUNDLE):
                continue
            clean = forgetting.log_without if path.suffix == ".jsonl" else forgetting.without
            before = files.read(path) or b""
            after, count = clean(before, wanted)
            if count:
                anew = name in (_SNAPSHOT, *_ANEW)
                yield Change(path=path, count=count, before=before, after=None if anew else after)


def packed(common: Common) -> Iterator[Path]:
    """Yield the work of autonomous runs that is not home yet: compressed, so that no text is found in it."""
    for runs in sorted(common.worktrees.glob("*/runs")):
        yield from (runs / name for name in files.names(runs) if name.endswith(_BUNDLE))


def _caches(common: Common, trees: Sequence[Layout], changes: Iterable[Change]) -> Iterator[Change]:
    """Yield the caches that may hold it in a form of their own, and those that no longer fit."""
    gone = {change.path for change in changes}
    if not gone:
        return
    logs = {path.parents[1] for path in gone if path.suffix == ".jsonl"}
    states = [common.worktrees / key for key in files.names(common.worktrees)]
    for path in (
        *(common.home / name for name in _INDEX),
        *(state / _SNAPSHOT for state in sorted(logs)),
        *(folder / name for folder in (common.home, *states) for name in _ANEW),
        *(tree.local / _REPORT for tree in trees if files.is_inside(tree.local, tree.top)),
    ):
        if path not in gone and files.signature(path) is not None and not path.is_symlink():
            yield Change(path=path, count=0)


# ----------------------------------------------------------------------------------------------------------- a session


def of_session(layout: Layout, trees: Sequence[Layout], session: str) -> Told:
    """Return what becomes of the files that tell of a session."""
    common = layout.common
    changes = list(_files_of(common.home, trees, session))
    left: list[Path] = []
    key = (files.read(common.ids / session) or b"").decode("ascii", "replace").strip()
    if key:
        home = repositories.of_key(layout, key)
        numbers, runs = events_of(event_log.events(home), session)
        logs = (home.runs / f"{run}.log" for run in runs)
        changes += [Change(path=path, count=1) for path in logs if files.signature(path) is not None]
        left += [home.runs / f"{run}{end}" for run in runs for end in (_TICKET, _BUNDLE)]
        for number in event_log.segments(home) if numbers else ():
            path = event_log.segment_path(home, number)
            before = files.read(path) or b""
            after, count = forgetting.log_without_events(before, numbers)
            if count:
                changes.append(Change(path=path, count=count, before=before, after=after))
    return Told(
        changes=(*changes, *_caches(common, trees, changes)),
        packed=tuple(path for path in left if files.signature(path) is not None),
    )


def _files_of(home: Path, trees: Sequence[Layout], session: str) -> Iterator[Change]:
    # Beside the journal: one made anew, an editor's save after the end, a file that was exchanged out.
    ours = re.compile(rf"{re.escape(session)}(\.md.*|-displaced-\d+\.md|-\d{{8}}-\d{{6}}x*\.md)")
    folders = [home / "archive", home / "discarded", *(home / "worktrees").glob("*/retired")]
    for folder in folders:
        for name in files.names(folder):
            if ours.fullmatch(name):
                yield Change(path=folder / name, count=1)
    # What its watcher said last. One that watches the next session says so, and goes on.
    for path in sorted((home / "worktrees").glob(f"*/{_WATCHER}")):
        if f'"{session}"'.encode() in (files.read(path) or b""):
            yield Change(path=path, count=1)
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


def events_of(events: Iterable[Event], session: str) -> tuple[set[int], list[str]]:
    """Return the numbers of the events that tell of a session, and its runs.

    An agent's turn may have begun before its start; and where the agent itself called `end`, its answer comes after.
    """
    numbers: set[int] = set()
    runs: dict[str, None] = {}
    turns: dict[str, list[int]] = {}  # those that go on, by the agent's session: their events so far
    over = False
    for event in events:
        data = event.data
        if isinstance(data, model.Started):
            if numbers:
                break
            if data.session == session:
                numbers.update((event.seq, *(seq for turn in turns.values() for seq in turn)))
            continue
        if isinstance(data, AgentEvent):
            goes_on = data.agent_session in turns and data.what != "prompt"
            if not over or goes_on:
                _follow(turns, data, event.seq)
            else:
                turns.pop(data.agent_session, None)  # the next turn is of no session, or of the next one
        if numbers and (not over or (isinstance(data, AgentEvent) and goes_on)):
            numbers.add(event.seq)
            if isinstance(data, model.RunStarted):
                runs[data.run] = None
        if isinstance(data, model.Ended | model.Discarded):
            over = bool(numbers)
            if not over:
                turns.clear()  # they were told in the journal of that one
    return numbers, list(runs)


def _follow(turns: dict[str, list[int]], data: AgentEvent, seq: int) -> None:
    name = data.agent_session
    if data.what == "prompt":
        turns[name] = [seq]
    elif data.what in ("tool", "compacted"):
        turns.setdefault(name, []).append(seq)
    elif data.source != "compact":
        turns.pop(name, None)


def mentions(
    layout: Layout, trees: Sequence[Layout], session: str, changes: Iterable[Change]
) -> Iterator[Path]:
    """Yield the journals that name the session; not those that go."""
    named = re.compile(rf"{re.escape(session)}(?!-?[0-9])".encode())  # and not the next of the same second
    gone = {change.path for change in changes}
    others = [one.path for one in archive.all(layout) if one.path not in gone]
    for path in (*others, *(tree.journal for tree in trees)):
        if named.search(untrusted.read(path) or b""):
            yield path
