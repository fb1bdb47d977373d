"""A session that its event log has lost is taken up again from its journal: a session can always be ended.

The log became empty or went (a full disk, an old backup, somebody's `rm`). The journal says how the session began and
git's reflog what was made since; what the journal tells of that is not told again. A journal is a stranger's, whom a
checkout may have brought, unless the git directory says that it is ours.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from patina_sessions import redact
from patina_sessions.events import log as event_log
from patina_sessions.journal import archive, grammar, render
from patina_sessions.journal.grammar import Journal
from patina_sessions.model import Event, Fact, Id, Made, Moved, Rebased, Started
from patina_sessions.paths import Layout
from patina_sessions.recorder import intake, projection, strange
from patina_sessions.recorder.state import State
from patina_sessions.sources import reflog
from patina_sessions.sources.agents import Keep
from patina_sessions.system import files, processes, untrusted
from patina_sessions.system.git import Git

log = logging.getLogger(__name__)

ID = re.compile(r"[0-9]{8}-[0-9]{6}(-[a-z0-9]{1,12})?")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def take_up(layout: Layout, state: State, *, now: datetime, keep: Keep) -> list[Event]:
    """Log how the session began whose journal is there, and what git tells since; nothing where none is lost."""
    for place in (layout.journal, layout.mirror):
        data = untrusted.read(place) or b""
        session = named(data)
        if session is None or session == state.ended or _is_over(layout, session):
            continue
        journal = grammar.parse(data)
        begun = _moment(journal, session)
        if begun is not None and _is_ours(layout, session, _starting(journal), begun):
            return _go_on(
                layout, state, journal, data, begun=begun.astimezone(now.tzinfo), now=now, keep=keep
            )
    return []


def named(data: bytes) -> str | None:
    """Return the id that a journal says it has, None where it says none that Patina gives."""
    said = grammar.parse(data[:4000]).field("ID") or ""
    return said if ID.fullmatch(said) else None


def _go_on(
    layout: Layout, state: State, journal: Journal, data: bytes, *, begun: datetime, now: datetime, keep: Keep
) -> list[Event]:
    """Log it in one write, so that a kill leaves it undone or done."""
    started = _started(layout, journal)
    first = Fact(time=begun, data=started, key=f"taken up {started.session}")
    # Numbers that stand in the journal already are those of the log that is gone.
    before = max(state.seq, *render.numbers(data), 0)
    (event,) = event_log.number_facts(layout.key, [first], after=before, seen=set())
    fresh = State(named_files=state.named_files)
    fresh.positions = {**state.positions, reflog.BEGINNING.source: reflog.BEGINNING}
    fresh.apply(event_log.Line(event=event, record=None))
    found = intake.read(layout, fresh, now=now, keep=keep)
    later = _since(found.facts, begun, started.commit)
    events = [event, *event_log.number_facts(layout.key, later, after=event.seq, seen={event.id})]
    told = {"record": "put", "in": [], "gone": _told(journal, events, files_named=state.named_files)}
    records = [*found.records, told]
    state.mark = event_log.append(layout, state.mark, events, records)
    for one in events:
        state.apply(event_log.Line(event=one, record=None))
    for record in records:
        state.apply(event_log.Line(event=None, record=record))
    files.make_folder(layout.common.ids)
    files.create(layout.common.ids / started.session, layout.key.encode() + b"\n")
    for path in (*found.logged, *found.used):
        files.remove(path)
    words = (
        "session %s goes on: its event log was lost, its journal and git's reflog have told how far it was"
    )
    log.warning(words, started.session)
    return events


def _started(layout: Layout, journal: Journal) -> Started:
    """Return the beginning of a session as its journal's head has it."""
    with Git(layout.git, layout.top) as git:
        name, mail = git.identity()
    branch = journal.field("Git Branch")
    return Started(
        session=journal.field("ID") or "",
        title=redact.redact(journal.title),
        llm=journal.field("LLM") or "none",
        branch=None if branch in (None, "detached") else redact.redact(branch),
        commit=_starting(journal),
        tag=journal.field("Session Tag"),
        goals=tuple(redact.redact(goal.text) for goal in journal.goals),
        context=redact.redact(journal.section("Previous Session Context") or ""),
        author=f"{name} <{mail}>" if mail else name,
    )


def _starting(journal: Journal) -> Id | None:
    commit = journal.field("Starting Commit") or ""
    return commit if _COMMIT.fullmatch(commit) else None


def _moment(journal: Journal, session: str) -> datetime | None:
    """Return when the session began; where that line is no moment any more, its id is one, in local time."""
    for said, zone in ((journal.field("Started") or "", UTC), (session[:15].replace("-", "T"), None)):
        try:
            moment = datetime.fromisoformat(said)
        except ValueError:
            continue
        if 1971 <= moment.year <= 9000:
            return moment.replace(tzinfo=moment.tzinfo or zone).astimezone()
    return None


def _is_over(layout: Layout, session: str) -> bool:
    discarded = files.signature(layout.common.discarded / f"{session}.md") is not None
    return discarded or archive.locate(layout, session) is not None


def _is_ours(layout: Layout, session: str, commit: Id | None, begun: datetime) -> bool:
    """Tell whether the session began in this worktree and no log of it says so any more."""
    logged = (e.data for e in event_log.events(layout) if isinstance(e.data, Started))
    if any(data.session == session for data in logged):
        return False
    key = files.read(layout.common.ids / session)
    if key is None:  # all of Patina's state went
        return _stood(layout, commit, begun) and not strange.is_tracked(layout)
    return key.strip() == layout.key.encode()


def _stood(layout: Layout, commit: Id | None, begun: datetime) -> bool:
    """Tell whether HEAD stood at the commit when the session began: no clone brings a reflog along."""
    asked = ["git", f"--git-dir={layout.git}", "log", "-g", "--date=unix", "--format=%H %gd", "HEAD", "--"]
    after = float("inf")
    for line in processes.run(asked, cwd=layout.top).out.decode("ascii", "replace").splitlines():
        found = re.fullmatch(r"(\w+) HEAD@\{([0-9]+)\}", line)
        if found is None:
            continue
        if found[1] == commit and int(found[2]) <= begun.timestamp() <= after:
            return True
        after = int(found[2])
    return False


def _since(facts: Sequence[Fact], begun: datetime, commit: Id | None) -> list[Fact]:
    """Return what happened in the session: after HEAD came to its starting commit, which may be in the same second."""
    first = 0
    for place, fact in enumerate(facts):
        if commit is not None and int(fact.time.timestamp()) <= begun.timestamp() and _to(fact) == commit:
            first = place + 1
    return [fact for fact in facts[first:] if fact.time >= begun]


def _to(fact: Fact) -> Id | None:
    match fact.data:
        case Made(commit=commit) | Rebased(commit=commit) if commit is not None:
            return commit.id
        case Moved(new=new):
            return new
    return None


def _told(journal: Journal, events: Sequence[Event], *, files_named: int) -> list[int]:
    """Return the numbers of those entries that stand in the journal, under the number that they had."""
    there = Counter(entry.what for entry in journal.entries)
    _, entries = projection.project(events, files=files_named)
    told = []
    for entry in entries:
        if there[entry.what] > 0:
            there[entry.what] -= 1
            told.append(entry.seq)
    return told
