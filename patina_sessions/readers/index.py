"""The full-text index over all journals: a cache in the git directory that follows the archive by itself.

`text` holds stems, so that word forms are one; `word` holds the words as they were written, for beginnings and slips:
what a removed journal leaves there does no harm. The file may be deleted at any time. A journal is read again when its
file's size, inode or times are not what they were.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from patina_sessions.frozen import dataclass
from patina_sessions.system import files

VERSION = 2
# Title and goals count more, since they say what a session was about; what it says of the session *before* counts less.
WEIGHTS = "1.5, 1.5, 1.0, 0.4"

_SCHEMA = f"""
PRAGMA user_version = {VERSION};
CREATE TABLE IF NOT EXISTS journal(
  key INTEGER PRIMARY KEY, id TEXT NOT NULL, path TEXT NOT NULL UNIQUE, signature TEXT NOT NULL, started REAL NOT NULL,
  title TEXT NOT NULL, llm TEXT NOT NULL, branch TEXT NOT NULL, author TEXT NOT NULL, files TEXT NOT NULL,
  commits TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS made(key INTEGER NOT NULL, name TEXT NOT NULL, how TEXT NOT NULL, id TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS made_name ON made(name);
CREATE INDEX IF NOT EXISTS made_key ON made(key);
CREATE VIRTUAL TABLE IF NOT EXISTS text USING fts5(title, goals, said, before, tokenize = 'porter unicode61');
CREATE VIRTUAL TABLE IF NOT EXISTS word USING fts5(t, content = '', detail = none, tokenize = 'unicode61');
CREATE VIRTUAL TABLE IF NOT EXISTS term USING fts5vocab('word', 'row');
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A journal that is to be in the index."""

    id: str
    path: Path


@contextmanager
def opened(path: Path | None) -> Iterator[sqlite3.Connection]:
    """Open the index at that path, or one in memory; one that cannot be read is made anew.

    Where the disk is full or read-only, searching goes on in memory.
    """
    db = _open(path)
    try:
        yield db
    finally:
        db.close()


def _open(path: Path | None) -> sqlite3.Connection:
    for attempt in range(2):
        if path is None:
            break
        try:
            db = sqlite3.connect(path, timeout=10)
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, VERSION):
                raise sqlite3.DatabaseError("of another version")
            if version == 0:
                db.executescript(_SCHEMA)
            db.execute("PRAGMA synchronous = OFF")  # a cache: what a crash spoils is made anew
            return db
        except sqlite3.OperationalError:
            break
        except sqlite3.DatabaseError:
            if attempt == 0:
                for suffix in ("", "-journal", "-wal", "-shm"):
                    files.remove(path.with_name(path.name + suffix))
    db = sqlite3.connect(":memory:")
    db.executescript(_SCHEMA)
    return db


def follow(db: sqlite3.Connection, sources: Sequence[Source]) -> int:
    """Bring the index up to the journals and return how many were read. Nothing is when nothing changed."""
    known = dict(db.execute("SELECT path, signature FROM journal"))
    now = {str(s.path): (s, _signature(s.path)) for s in sources}
    gone = [path for path in known if path not in now]
    changed = [s for path, (s, signature) in now.items() if known.get(path) != signature]
    if not gone and not changed:
        return 0
    with db:
        _forget(db, [*gone, *(str(s.path) for s in changed if str(s.path) in known)])
        for source in changed:
            _take(db, source, now[str(source.path)][1])
    return len(changed)


def _signature(path: Path) -> str:
    seen = files.signature(path)
    return ",".join(map(str, seen)) if seen else ""


def _forget(db: sqlite3.Connection, paths: Iterable[str]) -> None:
    for path in paths:
        [key] = db.execute("SELECT key FROM journal WHERE path = ?", (path,)).fetchone()
        db.execute("DELETE FROM text WHERE rowid = ?", (key,))
        db.execute("DELETE FROM made WHERE key = ?", (key,))
        db.execute("DELETE FROM journal WHERE key = ?", (key,))


def _take(db: sqlite3.Connection, source: Source, signature: str) -> None:
    from patina_sessions.readers import document

    data = files.read(source.path)
    if data is None or not signature:
        return
    found = document.of(source.id, data)
    cursor = db.execute(
        "INSERT INTO journal(id, path, signature, started, title, llm, branch, author, files, commits)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            source.id,
            str(source.path),
            signature,
            found.started,
            found.title,
            found.llm,
            found.branch,
            found.author,
            found.files,
            found.commits,
        ),
    )
    row = (cursor.lastrowid, found.title, found.goals, found.said, found.before)
    db.execute("INSERT INTO text(rowid, title, goals, said, before) VALUES (?, ?, ?, ?, ?)", row)
    db.executemany(
        "INSERT INTO made(key, name, how, id) VALUES (?, ?, ?, ?)", [(row[0], *t) for t in found.ties]
    )
    db.execute("INSERT INTO word(rowid, t) VALUES (?, ?)", (row[0], "\n".join(row[1:4])))
