"""`patina rebuild ID`: a session's journal anew from its events, beside the one that is there.

For one that was damaged, or of which it is in doubt what a person changed. What a person wrote into the file is in no
event, so the old one is never touched: both lie there to be compared.
"""

from __future__ import annotations

from pathlib import Path

from patina_sessions import model
from patina_sessions.errors import PatinaError
from patina_sessions.events import log
from patina_sessions.frozen import dataclass
from patina_sessions.journal import archive, grammar, render
from patina_sessions.model import Event, Session
from patina_sessions.paths import Layout
from patina_sessions.recorder import projection
from patina_sessions.session import end, tally
from patina_sessions.session.active import Here
from patina_sessions.system import files, untrusted
from patina_sessions.system import repository as repositories
from patina_sessions.system.git import Git


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """Where the new journal lies, and which old one it was compared with; None where there is none."""

    session: str
    path: str
    old: Path | None
    same: bool | None


def rebuild(place: Here, wanted: str) -> Rebuilt:
    """Write the journal that the events of a session give. Raises `PatinaError` where they are not here."""
    layout = place.layout
    session = archive.choose(wanted, sorted({*files.names(layout.common.ids), *archive.ids(layout)}))
    home = _home(layout, session)
    events, before = _events(home, session)
    numbered = not isinstance(events[-1].data, model.Ended | model.Discarded)
    data = _journal(events, before, files_named=int(place.settings.number("journal.files")))
    where = _old(layout, session, active=numbered, here=home == layout)
    old = None if where is None else untrusted.read(where)
    if not numbered:
        data = _closed(place, session, events, data, old)
    return Rebuilt(
        session=session,
        path=_beside(layout, session, data),
        old=None if old is None else where,
        same=None if old is None else old == data,
    )


def _old(layout: Layout, session: str, *, active: bool, here: bool) -> Path | None:
    """Return the journal that is there already; one that is written in another worktree is that one's."""
    if active:
        return layout.journal if here else None
    found = archive.locate(layout, session)
    return None if found is None else found.path


def _home(layout: Layout, session: str) -> Layout:
    """Return the state whose log has the session's events."""
    key = (files.read(layout.common.ids / session) or b"").decode("ascii", "replace").strip()
    if not key:
        raise PatinaError(
            f"the events of session {session} are not on this machine",
            "It was imported, or came with a clone: its journal is all there is.",
        )
    return layout if key == layout.key else repositories.of_key(layout, key)


def _events(home: Layout, session: str) -> tuple[list[Event], list[Event]]:
    """Return the events of a session, and those before it in the log."""
    before: list[Event] = []
    found: list[Event] = []
    for event in log.events(home):
        data = event.data
        if found and isinstance(data, model.Started):
            break
        if not found and not (isinstance(data, model.Started) and data.session == session):
            before.append(event)
            continue
        found.append(event)
        if isinstance(data, model.Ended | model.Discarded):
            break
    if not found:
        raise PatinaError(
            f"the events of session {session} are not kept any more",
            f"Its journal is: patina show {session}",
        )
    return found, before


def _journal(events: list[Event], before: list[Event], *, files_named: int) -> bytes:
    """Return the journal as it stood before its end: what a person asked for and what was recorded."""
    first = events[0]
    assert isinstance(first.data, model.Started)
    data = render.head(first.data, first.time).encode("utf-8", "surrogateescape")
    for event in events:
        match event.data:
            case model.GoalAdded(text=text):
                data = grammar.add_goal(data, text)
            case model.GoalDone(number=number):
                data = _ticked(data, number)
            case model.Renamed(title=title):
                data = render.retitle(data, title)
    # An agent's turn may have begun before the session in which it ended.
    carry, _ = projection.project(before, files=files_named)
    _, entries = projection.project(events, files=files_named, carry=carry)
    return data + render.entries(entries).encode("utf-8", "surrogateescape")


def _ticked(data: bytes, number: int) -> bytes:
    box = grammar.goal_box(data, number)
    return data if box is None else data[: box[0]] + b"x" + data[box[0] + 1 :]


def _closed(place: Here, session: str, events: list[Event], journal: bytes, old: bytes | None) -> bytes:
    """Return it with its classification. Where git stood at the end is told by the old one alone, if at all."""
    first, last = events[0], events[-1]
    assert isinstance(first.data, model.Started)
    sums = tally.of(events)
    with Git(place.layout.git, place.layout.top) as git:
        result = tally.outcome(sums, git, place.settings)
    meta = (archive.metadata_of(old) if old else None) or {}
    made = [i for i, _, _ in result.commits]
    return end.closed(
        place,
        journal,
        end.Closing(
            session=_session(first, first.data, session),
            sums=sums,
            result=result,
            ended=last.time,
            kept=not isinstance(last.data, model.Ended) or last.data.kept,
            branch=meta.get("branch", first.data.branch),
            head=meta.get("head", made[-1] if made else first.data.commit),
        ),
    )


def _session(first: Event, data: model.Started, session: str) -> Session:
    return Session(
        id=session,
        seq=first.seq,
        title=data.title,
        started=first.time,
        llm=data.llm,
        branch=data.branch,
        commit=data.commit,
        tag=data.tag,
        author=data.author,
        by=data.by,
        goals=data.goals,
        last_event=first.time,
        last_update=first.time,
    )


def _beside(layout: Layout, session: str, data: bytes) -> str:
    """Write it beside the archived one, under a name that no reader takes for a journal; one that is there stays."""
    files.make_folder(layout.common.archive)
    number = 1
    while True:
        path = layout.common.archive / f"{session}.md.rebuilt{'' if number == 1 else f'-{number}'}"
        if files.create(path, data) or files.read(path) == data:
            return str(path)
        number += 1
