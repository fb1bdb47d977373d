"""`patina session end`: the journal becomes a finished file, once, whatever a kill does in between.

The archive in the git directory is written first, then the copy in the working tree, then the end's ref; the event
`session.ended` is the point after which there is no way back: before it `end` begins anew, after it any command
finishes the rest. The classification is never written into the active journal, so that a second try is the same.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from datetime import UTC, datetime

from patina_sessions import model, redact
from patina_sessions.errors import PatinaError
from patina_sessions.events import log
from patina_sessions.frozen import dataclass
from patina_sessions.journal import append, archive, render
from patina_sessions.model import Discarded, Ended, Event, FilesChanged, Id, Session
from patina_sessions.recorder.drain import Recording
from patina_sessions.session import boundaries, commit, expiry, last, tally
from patina_sessions.session.active import Here, active
from patina_sessions.sources.watcher import process as watcher
from patina_sessions.system import files, ignored, untrusted
from patina_sessions.system import repository as repositories
from patina_sessions.system.git import Git


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a session ended. `tree` is the journal in the working tree, None where it was not put there."""

    session: Session
    archive: str
    tree: str | None
    work_type: str
    commits: int
    files: int
    secrets: tuple[int, ...]  # lines of the journal that hold what looks like a secret; a person wrote it
    committed: str | None = None
    refusal: PatinaError | None = None  # why `--commit` did nothing
    midway: str | None = None  # a rebase or merge that was not over
    ignored: str | None = None  # the rule by which git would not add it


def end(place: Here, now: datetime, *, with_commit: bool = False, allow_secret: bool = False) -> Finished:
    """End the active session and archive its journal. Raises `NoSession`."""
    watcher.stop(place.layout.state)  # it tells what it has seen first
    with active(place, now) as (r, session):
        if with_commit and not allow_secret:
            _refuse_secrets(r)
        # Whoever had the lock until now may have committed.
        repository = repositories.discover(place.layout.top, os.fspath(place.layout.git))
        done = finish(replace(place, repository=repository), r, session, now, with_commit=with_commit)
    expiry.daily(place.layout.common, place.settings, now)
    return done


def discard(place: Here, now: datetime) -> str:
    """End the active session without archiving it; the journal is moved aside and its new place returned."""
    watcher.stop(place.layout.state)
    with active(place, now) as (r, session):
        return _discard(place, r, session)


def finish(
    place: Here,
    r: Recording,
    session: Session,
    ended: datetime,
    *,
    with_commit: bool = False,
    idle: bool = False,
) -> Finished:
    """End a session under its worktree's lock, with everything recorded; `ended` is the time that counts."""
    r.note_down({"record": "ending", "time": ended.isoformat()})
    if r.state.carry.work or r.state.carry.turns.open:
        r.add(FilesChanged(closing=True), time=ended)
    r.settle()
    journal = _journal(r)
    events = [e for e in log.events(place.layout) if e.seq >= session.seq]
    sums = tally.of(events)
    with Git(place.layout.git, place.layout.top) as git:
        result = tally.outcome(sums, git, place.settings)
    kept = not sums.empty or hand_written(journal, events)
    branch, head = place.branch, place.repository.head
    closing = Closing(
        session=session, sums=sums, result=result, ended=ended, kept=kept, branch=branch, head=head
    )
    data = closed(place, journal, closing)
    tree = _publish(r, place, session.id, data, to_tree=kept)
    boundaries.mark(place, session.id, "end", place.repository.head)
    r.add(
        Ended(session=session.id, sha256=hashlib.sha256(data).hexdigest(), kept=kept, idle=idle), time=ended
    )
    r.state.mark = log.cut(r.state.mark)
    last.write(place.layout, session.id, data)
    r.settle()  # moves the journal file away, and takes in what was saved meanwhile
    _drop_displaced(r, session.id)
    done = _committed(place, r, session, tree) if with_commit and tree else None
    return Finished(
        session=session,
        archive=str(place.layout.common.archive / f"{session.id}.md"),
        tree=tree,
        work_type=result.work_type,
        commits=len(result.commits),
        files=len(result.files),
        secrets=tuple(secret_lines(data)),
        committed=done if isinstance(done, str) else None,
        refusal=done if isinstance(done, PatinaError) else None,
        midway=commit.in_progress(place.layout),
        ignored=_ignored(place, tree) if tree and done is None else None,
    )


def _ignored(place: Here, path: str) -> str | None:
    rule = ignored.by_rule(place.layout.git, place.layout.top, path)
    return None if rule is None else rule.words


def _journal(r: Recording) -> bytes:
    data = untrusted.read(r.layout.journal) or files.read(r.layout.mirror)
    if not data:
        raise PatinaError(
            "the journal of this session is gone", "Bring it back: patina record, then end again"
        )
    return data


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """What the end of a journal says; `branch` and `head` are where git stood at that moment."""

    session: Session
    sums: tally.Tally
    result: tally.Outcome
    ended: datetime
    kept: bool
    branch: str | None
    head: Id | None


def closed(place: Here, journal: bytes, given: Closing) -> bytes:
    """Return a journal as it is archived: without the numbers of its entries, with its classification."""
    session, sums, result = given.session, given.sums, given.result
    where, _ = boundaries.namespace(place)
    start, stop = (boundaries.name_of(session.id, w) for w in ("start", "end"))
    section = render.classification(
        render.Classification(
            work_type=result.work_type,
            files=len(result.files),
            commits=len(result.commits),
            patterns=result.patterns,
            tags=f"{start}..{stop}" if session.tag and where else "none",
        )
    )
    meta = {
        "v": 1,
        "kept": given.kept,
        "author": session.author,
        "started": session.started.astimezone(UTC).isoformat(),
        "ended": given.ended.astimezone(UTC).isoformat(),
        "tz": session.started.strftime("%z"),
        "branch": given.branch,
        "head": given.head,
        "commits": [list(c) for c in result.commits],
        "files": list(result.files[:2000]),
        "rewrites": [list(pair) for pair in sums.rewrites],
        "whole": result.whole,
        "runs": sums.runs,
        "agents": [[agent, name] for name, agent in sums.agents.items()],
    }
    body = render.unnumbered(journal)
    body += b"" if body.endswith(b"\n") else b"\n"
    tail = section + "\n" + archive.comment(meta) + "\n"
    return body + tail.encode("utf-8", "surrogateescape")


def hand_written(journal: bytes, events: list[Event]) -> bool:
    """Tell whether the journal holds a line that Patina did not write."""
    started = events[0].data
    if not isinstance(started, model.Started):
        return True
    from patina_sessions.recorder import projection

    _, entries = projection.project(events, files=50)
    ours = render.head(started, events[0].time) + render.entries(entries)
    known = {line.strip() for line in ours.encode("utf-8", "surrogateescape").splitlines()}
    return any(line.strip() and line.strip() not in known for line in journal.splitlines())


def _publish(r: Recording, place: Here, session: str, data: bytes, *, to_tree: bool) -> str | None:
    """Write the archive, then the copy in the working tree; return the copy's path below the top level.

    What is about to be written goes into the log first. However many tries were killed in between, and wherever, the
    next knows a copy of theirs by its hash, and a file that a person put there or edited by not knowing it.
    """
    r.note_down({"record": "archiving", "sha256": hashlib.sha256(data).hexdigest()})
    in_tree = (
        to_tree
        and place.settings.text("archive") == "tree"
        # A link that leads out of the repository: nothing is written through it.
        and files.is_inside(place.layout.sessions, place.layout.top)
    )
    path = archive.publish(
        place.layout, session, data, tree=in_tree, ours=lambda there: log.was_archived(place.layout, there)
    )
    return path.relative_to(place.layout.top).as_posix() if path else None


def _drop_displaced(r: Recording, session: str) -> None:
    for number, data in enumerate(append.drop_displaced(r.layout, all_of_them=True)):
        files.make_folder(r.layout.common.discarded)
        files.create(r.layout.common.discarded / f"{session}-displaced-{number}.md", data)


def _committed(place: Here, r: Recording, session: Session, tree: str) -> Id | PatinaError:
    try:
        made = commit.journal(place, tree, f"Session {session.id}: {session.title}")
    except PatinaError as error:
        return error
    r.note_down({"record": "own", "id": made})  # else the next session would tell of a commit outside any
    r.settle()
    return made


def secret_lines(data: bytes) -> list[int]:
    """Return the numbers of the lines that hold what looks like a secret."""
    text = data.decode("utf-8", "surrogateescape")
    return sorted({text.count("\n", 0, found.start) + 1 for found in redact.find(text)})


def _refuse_secrets(r: Recording) -> None:
    lines = secret_lines(_journal(r))
    if lines:
        where = ", ".join(str(n) for n in lines[:5])
        raise PatinaError(
            f"the journal holds what looks like a secret, in line {where}: it is not committed",
            "Take it out of .patina/local/active-session.md and end again, or use --allow-secret.",
        )


def _discard(place: Here, r: Recording, session: Session) -> str:
    data = _journal(r)
    folder = place.layout.common.discarded
    files.make_folder(folder)
    target = folder / f"{session.id}.md"
    files.write(target, data)
    r.add(Discarded(session=session.id))
    r.state.mark = log.cut(r.state.mark)
    files.remove(place.layout.journal)
    files.remove(place.layout.mirror)
    r.settle()
    return str(target)
