"""`patina session start`: a new journal that knows what came before."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from patina_sessions import redact
from patina_sessions.errors import Busy, PatinaError
from patina_sessions.frozen import dataclass
from patina_sessions.journal import archive
from patina_sessions.model import Session, Started
from patina_sessions.readers import previous
from patina_sessions.recorder import settle
from patina_sessions.recorder.drain import Recording, recording
from patina_sessions.recorder.words import plural
from patina_sessions.session import boundaries, end, takeover
from patina_sessions.session.active import Here
from patina_sessions.sources.watcher import process as watcher
from patina_sessions.system import files, registry
from patina_sessions.system.git import Git

# The agents whose environment is known, by a variable that is theirs alone (measured with the real clients; Gemini
# sets CLAUDE_PROJECT_DIR too, so that one tells nothing).
_AGENTS = (
    ("CLAUDECODE", "claude"),
    ("GEMINI_CLI", "gemini"),
    ("CODEX_SANDBOX", "codex"),
    ("OPENCODE", "opencode"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A session that has just begun."""

    session: Session
    journal: str
    context: str
    carried: int
    ended: end.Finished | None  # the session before, where it was still open


def llm(given: str | None, environ: Mapping[str, str]) -> str:
    """Return who assists: what was given, else the agent whose environment started us, else `none`."""
    return given or next((name for variable, name in _AGENTS if environ.get(variable)), "none")


def start(
    place: Here,
    title: str,
    now: datetime,
    *,
    goals: Sequence[str] = (),
    assistant: str | None = None,
    end_active: bool = False,
) -> Begun:
    """Start a session, or take over the one that an agent began.

    Raises `Busy` while another is active here, unless that one was left idle or is to be ended.
    """
    title = redact.redact(title.strip())
    if not title:
        raise PatinaError(
            "the title is empty", 'Say what you want to do: patina session start "fix the parser"'
        )
    if end_active:
        watcher.ask(place.layout)
    with recording(place.layout, place.settings, now) as r:
        r.take()
        if not end_active and takeover.possible(r):
            takeover.take(r, title, [redact.redact(g.strip()) for g in goals if g.strip()])
            return _taken_over(place, r)
        ended = _end_open(place, r, now, end_active=end_active)
        data = opening(place, r, title, now, goals, assistant)
        r.add(data)
        settle.begin(place.layout, r.state)
        registry.add(place.layout.common.git, place.layout.top)
        r.settle()
        assert r.state.session is not None
        return Begun(
            session=r.state.session,
            journal=place.layout.journal.relative_to(place.layout.top).as_posix(),
            context=data.context,
            carried=data.carried,
            ended=ended,
        )


def _taken_over(place: Here, r: Recording) -> Begun:
    session = r.state.current()
    assert session is not None
    journal = place.layout.journal.relative_to(place.layout.top).as_posix()
    return Begun(session=session, journal=journal, context="", carried=0, ended=None)


def _end_open(place: Here, r: Recording, now: datetime, *, end_active: bool) -> end.Finished | None:
    open_one = r.state.session
    if open_one is None:
        return None
    hours = (now - open_one.last_event).total_seconds() / 3600
    if end_active:
        return end.finish(place, r, open_one, now)
    if hours > place.settings.number("session.idle_hours"):
        return end.finish(place, r, open_one, open_one.last_event, idle=True)
    raise Busy(
        f"session {open_one.id} ({open_one.title}) is active in this worktree",
        "End it: patina session end; or: patina session start --end-active …",
    )


def opening(
    place: Here, r: Recording, title: str, now: datetime, goals: Sequence[str], assistant: str | None
) -> Started:
    """Return the head of a new session here: its id and its first tag are taken by that."""
    with Git(place.layout.git, place.layout.top) as git:
        name, mail = git.identity()
        author = f"{name} <{mail}>" if mail else name
        head = place.repository.head
        before = previous.find(
            place.layout, author=author, is_ancestor=lambda i: head is not None and git.is_ancestor(i, head)
        )
        between = _between(r, place, git, before)
    carried = tuple(previous.open_goals(before.journal)) if before else ()
    context = previous.context_section(before, between=between, author=author) if before else ""
    session = take_id(place, now)
    tag = boundaries.mark(place, session, "start", place.repository.head)
    new = tuple(redact.redact(g.strip()) for g in goals if g.strip())
    return Started(
        session=session,
        title=title,
        llm=llm(assistant, os.environ),
        branch=place.branch,
        commit=place.repository.head,
        tag=tag,
        goals=(*carried, *(new or (() if carried else (title,)))),
        carried=len(carried),
        context=context,
        previous=before.id if before else None,
        author=author,
    )


def _between(r: Recording, place: Here, git: Git, before: previous.Previous | None) -> str:
    """Say in one line what happened in this worktree since the last session's end."""
    if before is None or before.head is None or place.repository.head is None:
        return ""
    if before.head == place.repository.head:
        return ""
    since = git.rev_list((place.repository.head,), (before.head,))
    count = len([i for i in since if i not in r.state.own])
    ours = r.state.outside
    if not count:
        return ""
    words = plural(count, "commit")
    return f"{words} since then outside any session" + (f", {ours} of them made here" if ours else "")


def take_id(place: Here, now: datetime) -> str:
    """Take a session id that nobody has: by exclusive create, and not while a journal or a tag of that name exists."""
    base = now.strftime("%Y%m%d-%H%M%S")
    suffix = place.settings.text("session.suffix")
    if suffix and not re.fullmatch(r"[a-z0-9]{1,12}", suffix):
        raise PatinaError(f"session.suffix cannot be {suffix!r}", "Use 1 to 12 of a-z and 0-9.")
    files.make_folder(place.layout.common.ids)
    for attempt in range(1, 1000):
        ending = suffix if attempt == 1 else f"{suffix}{attempt}"[-12:]
        session = f"{base}-{ending}" if ending else base
        if archive.read(place.layout, session) is not None or boundaries.taken(place, session):
            continue
        if files.create(place.layout.common.ids / session, place.layout.key.encode() + b"\n"):
            return session
    raise PatinaError(f"no free session id at {base}", "Try again in a second.")
