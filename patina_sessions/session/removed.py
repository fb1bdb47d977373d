"""The session of a worktree that was removed while it was in progress: what it made last is recorded, and it ends.

`git worktree remove` takes the journal and HEAD's reflog along. The mirror has the journal, the event log what was
recorded, and the branch's own reflog what was made after the last wake. The finished journal goes into the archive in
the git directory alone: the working tree that is left may stand on another branch.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime

from patina_sessions import model
from patina_sessions.errors import PatinaError
from patina_sessions.events import log
from patina_sessions.journal import render
from patina_sessions.model import Ended, FilesChanged, Id, Session
from patina_sessions.paths import Layout
from patina_sessions.recorder import removed
from patina_sessions.recorder import state as states
from patina_sessions.recorder.drain import Recording
from patina_sessions.recorder.known import Known
from patina_sessions.redact import redact
from patina_sessions.session import boundaries, end, tally
from patina_sessions.session.active import Here
from patina_sessions.sources import reflog_left
from patina_sessions.system import files
from patina_sessions.system import repository as repositories
from patina_sessions.system.git import Git


def finish_all(place: Here, now: datetime) -> list[str]:
    """End the sessions of worktrees that are gone; return their ids. One that cannot be ended keeps no other back."""
    done: list[str] = []
    failed: PatinaError | None = None
    for key in removed.waiting(place.layout.common):
        try:
            done += filter(None, [_finish(place, key, now)])
        except PatinaError as error:
            failed = error
    if failed is not None:
        raise failed
    return done


def _finish(place: Here, key: str, now: datetime) -> str | None:
    dead = repositories.of_key(place.layout, key)
    with files.locked(dead.lock):
        if files.signature(dead.state / removed.DONE) is not None:
            return None  # somebody else was first
        state = states.load(dead, named_files=int(place.settings.number("journal.files")))
        r = Recording(layout=dead, settings=place.settings, now=now, state=state)
        if state.session is not None:
            head = _record_what_is_left(place, r, now)
            _end(place, r, state.session, head)
            states.save(dead, state)
        if not state.made:
            files.remove(dead.snapshot)  # each commit elsewhere reads those that are there
        files.create(dead.state / removed.DONE)
        return state.ended


def _record_what_is_left(place: Here, r: Recording, now: datetime) -> Id | None:
    """Log what the branch shows after the last wake; return where the worktree's HEAD stood at last."""
    position, session = r.state.positions.get("HEAD"), r.state.session
    assert session is not None
    branch = _branch(r.layout) or session.branch
    if position is None or branch is None:
        return session.commit if position is None else position.head
    known = Known(r.layout, r.state)
    with Git(place.layout.git, place.layout.top) as git:
        reading = reflog_left.read(
            git,
            replace(r.layout, git=r.layout.state),  # its own directory is gone
            position,
            _as_git_has_it(git, branch),
            since=session.started,
            known=known.made,
            elsewhere=known.elsewhere,
            counted=known.counted,
            now=now,
        )
    r.found(reading.facts, [log.position_record(reading.position)])
    return reading.position.head


def _branch(dead: Layout) -> str | None:
    """Return the branch that the last thing recorded was done on."""
    for event in log.events(dead, newest_first=True):
        match event.data:
            case model.Made(branch=str(branch)):
                return branch
            case model.Moved(how="checkout", branch=branch) | model.Started(branch=branch):
                return branch
    return None


def _as_git_has_it(git: Git, branch: str) -> str:
    """Return the name of the branch that is recorded by this one, in which what looks like a secret is hidden."""
    names = [ref.removeprefix("refs/heads/") for ref in git.refs("refs/heads")]
    return branch if branch in names else next((name for name in names if redact(name) == branch), branch)


def _end(place: Here, r: Recording, session: Session, head: Id | None) -> None:
    if r.state.carry.work or r.state.carry.turns.open:
        r.add(FilesChanged(closing=True))
    current = r.state.session or session
    ended = current.last_event
    events = [e for e in log.events(r.layout) if e.seq >= session.seq]
    journal = _journal(r, events)
    sums = tally.of(events)
    with Git(place.layout.git, place.layout.top) as git:
        result = tally.outcome(sums, git, place.settings)
    kept = not sums.empty or end.hand_written(journal, events)
    closing = end.Closing(
        session=current, sums=sums, result=result, ended=ended, kept=kept, branch=session.branch, head=head
    )
    data = end.closed(place, journal, closing)
    files.make_folder(r.layout.common.archive)
    files.write(r.layout.common.archive / f"{session.id}.md", data)
    boundaries.mark(place, session.id, "end", head)
    sha = hashlib.sha256(data).hexdigest()
    r.add(Ended(session=session.id, sha256=sha, kept=kept, idle=True), time=ended)
    r.state.mark = log.cut(r.state.mark)


def _journal(r: Recording, events: list[model.Event]) -> bytes:
    """Return the journal as the mirror has it, with what was due."""
    journal = files.read(r.layout.mirror)
    if not journal:
        started = events[0].data
        assert isinstance(started, model.Started)
        journal = render.head(started, events[0].time).encode("utf-8", "surrogateescape")
    standing = set(render.numbers(journal))
    due = [entry for seq, entry in sorted(r.state.due.items()) if seq not in standing]
    newline = b"" if journal.endswith(b"\n") else b"\n"
    return journal + newline + render.entries(due).encode("utf-8", "surrogateescape")
