"""Open goals across sessions: since when, how often carried over, and which were dropped without a word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from patina_sessions.frozen import dataclass
from patina_sessions.journal import archive, grammar
from patina_sessions.paths import Layout
from patina_sessions.readers import facts, previous
from patina_sessions.readers.facts import Facts
from patina_sessions.system import untrusted

STALE = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenGoal:
    """A goal that no session has ticked."""

    text: str
    since: datetime | None
    session: str  # where it was first set
    sessions: int = 1  # in which it stood
    last: str = ""  # the last of them
    dropped: bool = False  # the latest session does not have it any more

    def stale(self, now: datetime) -> bool:
        """Tell whether it stands for long, or was dropped."""
        return self.dropped or (self.since is not None and now - self.since > STALE)


def open_goals(layout: Layout) -> list[OpenGoal]:
    """Return the open goals of all sessions, the oldest first."""
    return among(
        (facts.of_journal(session, journal), journal.goals) for session, journal in _journals(layout)
    )


def among(sessions: Iterable[tuple[Facts, Sequence[grammar.Goal]]]) -> list[OpenGoal]:
    """Return the open goals of sessions that come in the order of their starts.

    A session that was reconstructed drops none: whoever worked in it could carry none over.
    """
    found: dict[str, OpenGoal] = {}
    latest = ""
    for facts_of, goals in sessions:
        session, started = facts_of.id, facts_of.started
        if not facts_of.reconstructed:
            latest = session
        for goal in goals:
            key = " ".join(goal.text.split()).casefold()
            if goal.done:
                found.pop(key, None)
            elif key in found:
                known = found[key]
                found[key] = replace(known, sessions=known.sessions + (known.last != session), last=session)
            else:
                found[key] = OpenGoal(text=goal.text, since=started, session=session, last=session)
    return [replace(goal, dropped=goal.last != latest) for goal in found.values()]


def _journals(layout: Layout) -> Iterable[tuple[str, grammar.Journal]]:
    """Yield the finished journals in the order of their starts, and the active one last."""
    read = []
    for one in archive.all(layout):
        data = untrusted.read(one.path)
        if data:
            journal = grammar.parse(data)
            read.append((previous.order(facts.of_journal(one.id, journal)), one.id, journal))
    for _, session, journal in sorted(read, key=lambda row: row[0]):
        yield session, journal
    data = untrusted.read(layout.journal)
    if data:
        journal = grammar.parse(data)
        yield journal.field("ID", "id") or "active", journal
