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
from typing import NamedTuple

from patina_sessions.system import files

VERSION = 3
# Title and goals count more, since they say what a session was about; what it says of the session *before* counts less.
WEIGHTS = "1.5, 1.5, 1.0, 0.4"

_SCHEMA = f"""
PRAGMA user_version = {VERSION};
CREATE TABLE IF NOT EXISTS journal(
  key INTEGER PRIMARY KEY, id TEXT NOT NULL, path TEXT NOT NULL, signature TEXT NOT NULL, started REAL NOT NULL,
  title TEXT NOT NULL, llm TEXT NOT NULL, branch TEXT NOT NULL, author TEXT NOT NULL, files TEXT NOT NULL,
  commits TEXT NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS journal_file ON journal(path, signature);
CREATE TABLE IF NOT EXISTS fact(path TEXT PRIMARY KEY, signature TEXT NOT NULL, said TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS made(key INTEGER NOT NULL, name TEXT NOT NULL, how TEXT NOT NULL, id TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS made_name ON made(name);
CREATE INDEX IF NOT EXISTS made_key ON made(key);
CREATE VIRTUAL TABLE IF NOT EXISTS text USING fts5(title, goals, said, before, tokenize = 'porter unicode61');
CREATE VIRTUAL TABLE IF NOT EXISTS word USING fts5(t, content = '', detail = none, tokenize = 'unicode61');
CREATE VIRTUAL TABLE IF NOT EXISTS term USING fts5vocab('word', 'row');
"""


class Source(NamedTuple):
    """A journal that is to be in the index. `signature` is known where its folder was asked for all at once."""

    id: str
    path: str | Path
    signature: str | None = None


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
    now = {str(s.path): signature(s.path) if s.signature is None else s.signature for s in sources}
    now = {path: seen for path, seen in now.items() if seen}
    if known == now:
        return 0
    changed = [s for s in sources if known.get(str(s.path)) != now.get(str(s.path))]
    with db:
        _forget(db, [path for path, seen in known.items() if now.get(path) != seen])
        for source in changed:
            if str(source.path) in now:
                _take(db, source, now[str(source.path)])
    return len(changed)


def signature(path: str | Path) -> str:
    """Return what changes when somebody saves the file; nothing where there is none."""
    seen = files.signature(Path(path))
    return ",".join(map(str, seen)) if seen else ""


def put_facts(db: sqlite3.Connection, gone: Iterable[str], fresh: Sequence[tuple[str, str, str]]) -> None:
    """Put what `shelf` found out of journals in the place of what was known of them, if that can be."""
    try:
        with db:
            db.executemany("DELETE FROM fact WHERE path = ?", ((path,) for path in gone))
            db.executemany("INSERT OR REPLACE INTO fact(path, signature, said) VALUES (?, ?, ?)", fresh)
    except sqlite3.OperationalError:  # another one writes, or the disk is full: next time
        return


def _forget(db: sqlite3.Connection, paths: Iterable[str]) -> None:
    for path in paths:
        [key] = db.execute("SELECT key FROM journal WHERE path = ?", (path,)).fetchone()
        db.execute("DELETE FROM text WHERE rowid = ?", (key,))
        db.execute("DELETE FROM made WHERE key = ?", (key,))
        db.execute("DELETE FROM journal WHERE key = ?", (key,))


def _take(db: sqlite3.Connection, source: Source, signature: str) -> None:
    from patina_sessions.readers import document

    data = files.read(Path(source.path))
    if data is None:
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
