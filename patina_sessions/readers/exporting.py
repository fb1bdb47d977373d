"""The record for other programs: events as CloudEvents 1.0, one a line, and sessions as one JSON document."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from patina_sessions.events import codec, log
from patina_sessions.journal import archive, grammar
from patina_sessions.paths import Layout
from patina_sessions.readers import cloudevents, facts, listing
from patina_sessions.system import files, repository, untrusted


def events(layout: Layout) -> Iterator[str]:
    """Yield every event of all worktrees that ever were, a worktree after the other, as CloudEvents in JSON."""
    keys = sorted({layout.key, *files.names(layout.common.worktrees)})
    for key in keys:
        here = repository.of_key(layout, key)
        for event in log.events(here):
            record = cloudevents.valid(json.loads(codec.encode(event)), event.time)
            if record is not None:
                yield json.dumps(record, separators=(",", ":"), allow_nan=False)


def sessions(layout: Layout) -> list[dict[str, Any]]:
    """Return every finished session, the earliest first: its facts, goals, entries and what it says of its commits."""
    found = []
    for one in archive.all(layout):
        data = untrusted.read(one.path)
        if data:
            found.append(_session(one.id, grammar.parse(data)))
    return sorted(found, key=lambda row: (row["started"] or "", row["id"]))


def _session(session: str, journal: grammar.Journal) -> dict[str, Any]:
    known = facts.of_journal(session, journal)
    meta = journal.archived or {}
    return {
        "id": session,
        "title": listing.plain(journal.title),
        "author": listing.plain(known.author),
        "llm": listing.plain(known.llm),
        "branch": listing.plain(known.branch),
        "started": known.started.isoformat() if known.started else None,
        "ended": known.ended.isoformat() if known.ended else None,
        "work_type": listing.plain(known.work_type),
        "previous_context": listing.plain(journal.previous_context) or None,
        "goals": [{"text": listing.plain(g.text), "done": g.done} for g in journal.goals],
        "entries": [
            {"date": e.date, "time": e.time, "what": listing.plain(e.what), "body": listing.plain(e.body)}
            for e in journal.entries
        ],
        "commits": [
            {"id": c[0], "patch": c[1] or None, "tree": c[2]}
            for c in _listed(meta, "commits")
            if isinstance(c, list) and len(c) == 3 and all(isinstance(name, str) for name in c)
        ],
        "rewrites": _listed(meta, "rewrites"),
        "runs": _listed(meta, "runs"),
        "agents": _listed(meta, "agents"),
    }


def _listed(meta: Mapping[str, Any], name: str) -> list[Any]:
    """Return a list of the archive's comment, which may be a stranger's: what is no list is none."""
    value = meta.get(name)
    return [cloudevents.plain(item) for item in value] if isinstance(value, list) else []
