"""The record for other programs: events as CloudEvents 1.0, one a line, and sessions as one JSON document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from patina_sessions.events import codec, log
from patina_sessions.journal import archive, grammar
from patina_sessions.paths import Layout
from patina_sessions.readers import facts
from patina_sessions.system import files, repository


def events(layout: Layout) -> Iterator[str]:
    """Yield every event of all worktrees that ever were, a worktree after the other, as CloudEvents in JSON."""
    keys = sorted({layout.key, *files.names(layout.common.worktrees)})
    for key in keys:
        here = repository.of_key(layout, key)
        for event in log.events(here):
            record = json.loads(codec.encode(event))
            yield json.dumps({"datacontenttype": "application/json", **record}, separators=(",", ":"))


def sessions(layout: Layout) -> list[dict[str, Any]]:
    """Return every finished session, the earliest first: its facts, goals, entries and what it says of its commits."""
    found = []
    for one in archive.all(layout):
        data = files.read(one.path)
        if data:
            found.append(_session(one.id, grammar.parse(data)))
    return sorted(found, key=lambda row: (row["started"] or "", row["id"]))


def _session(session: str, journal: grammar.Journal) -> dict[str, Any]:
    known = facts.of_journal(session, journal)
    meta = journal.archived or {}
    return {
        "id": session,
        "title": _plain(journal.title),
        "author": known.author,
        "llm": known.llm,
        "branch": known.branch,
        "started": known.started.isoformat() if known.started else None,
        "ended": known.ended.isoformat() if known.ended else None,
        "work_type": known.work_type,
        "previous_context": _plain(journal.previous_context) or None,
        "goals": [{"text": _plain(g.text), "done": g.done} for g in journal.goals],
        "entries": [
            {"date": e.date, "time": e.time, "what": _plain(e.what), "body": _plain(e.body)}
            for e in journal.entries
        ],
        "commits": [
            {"id": c[0], "patch": c[1] or None, "tree": c[2]}
            for c in meta.get("commits") or ()
            if isinstance(c, list) and len(c) == 3
        ],
        "rewrites": meta.get("rewrites") or [],
        "runs": meta.get("runs") or [],
        "agents": meta.get("agents") or [],
    }


def _plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
