"""Which session made a commit: by its id, by git's rewrites, by its patch, by its tree, or as a squash of several.

The archive alone knows it, so it holds on any machine and a year later. "Unknown" beats a guess: a tie that two
sessions have is none, unless one of them is nearer by the order above.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Literal, TypeAlias

from patina_sessions.frozen import dataclass
from patina_sessions.model import Id
from patina_sessions.readers import index

How: TypeAlias = Literal["id", "rewritten", "patch", "squash", "tree"]

_MOST = 64  # rewrites that are followed: amends of amends


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """A session, how the commit is tied to it, and which commit of the session it was."""

    session: str
    path: str
    how: How
    commit: Id


def of(
    db: sqlite3.Connection, commit: Id, *, patch: Callable[[], str | None], tree: str | None
) -> Tie | None:
    """Return the tie of a commit, or None where nothing is known; `patch` gives its patch-id when it is needed."""
    direct = _one(db, commit, "id")
    if direct is not None:
        return _tie(direct, "id")
    rewritten = _through_rewrites(db, commit)
    if rewritten is not None:
        return rewritten
    patch_id = patch()
    for name, how in ((patch_id, "patch"), (patch_id, "squash"), (tree, "tree")):
        found = _one(db, name, how) if name else None
        if found is not None:
            return _tie(found, how)  # type: ignore[arg-type]
    return None


def _tie(row: tuple[str, str, str], how: How) -> Tie:
    session, path, commit = row
    return Tie(session=session, path=str(index.located(path)), how=how, commit=commit)


def _one(db: sqlite3.Connection, name: str, how: str) -> tuple[str, str, str] | None:
    """Return the one session that has this name; None where none has, or several claim it."""
    asked = "SELECT journal.id, path, made.id FROM made JOIN journal USING (key) WHERE name = ? AND how = ?"
    rows = db.execute(asked, (name, how)).fetchall()
    sessions = {row[0] for row in rows}
    return rows[0] if len(sessions) == 1 else None


def _through_rewrites(db: sqlite3.Connection, commit: Id) -> Tie | None:
    """Follow what was amended or rebased into the commit, and what it became, until a session has one of them."""
    waiting, seen = [commit], {commit}
    while waiting and len(seen) < _MOST:
        name = waiting.pop(0)
        asked = "SELECT id FROM made WHERE name = ? AND how IN ('rewritten', 'rewritten from')"
        for (other,) in db.execute(asked, (name,)):
            found = _one(db, other, "id")
            if found is not None:
                return _tie(found, "rewritten")
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return None
