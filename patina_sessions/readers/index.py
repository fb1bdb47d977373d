"""The full-text index over all journals: a cache in the git directory that follows the archive by itself.

`text` holds stems, so that word forms are one; `word` holds the words as they were written, for beginnings and slips:
what a removed journal leaves there does no harm. The file may be deleted at any time. A journal is read again when its
file's size, inode or times are not what they were.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from patina_sessions import safe
from patina_sessions.errors import PatinaError
from patina_sessions.system import files, untrusted

if TYPE_CHECKING:
    from patina_sessions.readers.document import Document

VERSION = 6
# Title and goals stand in what was said, too, and count half as much again, since they say what a session was about.
# What it says of the session *before* counts less, and so do the names of all files that it changed, of which its
# entries tell the first few.
WEIGHTS = "0.5, 0.5, 1.0, 0.4, 0.7"
# Bytes of terms that are gathered before they are written: at FTS5's own 1 MB, the first index of thousands of journals
# is written and merged half as often again.
GATHERED = 8 << 20
PATIENCE = 10  # seconds for another process that writes

# What reading a damaged file ends in. A page that holds other values than were put there is no error to SQLite.
_DAMAGED = (sqlite3.DatabaseError, AttributeError, OverflowError, TypeError, ValueError)
# PERM, BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN (https://www.sqlite.org/rescode.html)
_OUT_OF_REACH = {3, 5, 6, 8, 10, 13, 14}

T = TypeVar("T")

_FACTS = attrgetter("started", "title", "llm", "branch", "author", "files", "commits")

_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS journal(
  key INTEGER PRIMARY KEY, id TEXT NOT NULL, path TEXT NOT NULL, signature TEXT NOT NULL, started REAL NOT NULL,
  title TEXT NOT NULL, llm TEXT NOT NULL, branch TEXT NOT NULL, author TEXT NOT NULL, files TEXT NOT NULL,
  commits TEXT NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS journal_file ON journal(path, signature);
CREATE TABLE IF NOT EXISTS fact(path TEXT PRIMARY KEY, signature TEXT NOT NULL, said TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS made(key INTEGER NOT NULL, name TEXT NOT NULL, how TEXT NOT NULL, id TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS made_name ON made(name);
CREATE INDEX IF NOT EXISTS made_key ON made(key);
CREATE VIRTUAL TABLE IF NOT EXISTS text USING fts5(title, goals, said, before, touched, tokenize = 'porter unicode61');
CREATE VIRTUAL TABLE IF NOT EXISTS word USING fts5(
  t, content = '', detail = none, columnsize = 0, tokenize = 'unicode61');
CREATE VIRTUAL TABLE IF NOT EXISTS term USING fts5vocab('word', 'row');
INSERT INTO text(text, rank) VALUES ('hashsize', {GATHERED});
INSERT INTO word(word, rank) VALUES ('hashsize', {GATHERED});
PRAGMA user_version = {VERSION};
"""  # noqa: S608 - two numbers of ours


class Source(NamedTuple):
    """A journal that is to be in the index. `signature` is known where its folder was asked for all at once."""

    id: str
    path: str | Path
    signature: str | None = None


def named(path: str | Path) -> str:
    """Return how a path is written in the index, where all text is UTF-8; `located` gives it back."""
    name = str(path)
    return name if safe.is_utf_8(name) else "\0" + os.fsencode(name).decode("latin-1")


def located(name: str) -> Path:
    """Return the path that `named` wrote."""
    return Path(os.fsdecode(name[1:].encode("latin-1")) if name.startswith("\0") else name)


def ask(
    path: Path | None, work: Callable[[sqlite3.Connection], T], sources: Sequence[Source] | None = None
) -> T:
    """Return what `work` finds in the index at that path, or in one in memory, once it follows these journals.

    An index that is damaged, wherever in the file, is made anew and asked again. Where it is out of reach (the disk is
    full or read-only, another process holds it for long), the answer comes from memory.
    """
    places = [path, path, None] if path else [None]
    while True:
        place = places.pop(0)
        try:
            with opened(place) as db:
                if sources is not None:
                    follow(db, sources)
                return work(db)
        except _DAMAGED as error:
            if not places or place is None:
                raise
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _OUT_OF_REACH or not _removed(place):
                places = [None]


def _removed(path: Path) -> bool:
    """Remove an index and what SQLite keeps beside it, if that can be."""
    try:
        for suffix in ("", "-journal", "-wal", "-shm"):
            files.remove(path.with_name(path.name + suffix))
    except PatinaError:
        return False
    return True


@contextmanager
def opened(path: Path | None) -> Iterator[sqlite3.Connection]:
    """Open the index at that path, or one in memory; one of another version is made anew.

    Raises `sqlite3.DatabaseError` where it is none, or cannot be opened.
    """
    db = sqlite3.connect(path or ":memory:", timeout=PATIENCE)
    try:
        db.execute("PRAGMA synchronous = OFF")  # a cache: what a crash spoils is made anew
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, VERSION):
            raise sqlite3.DatabaseError("of another version")
        if version == 0:  # in one transaction: another process sees all of it or nothing
            db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT")
        yield db
    finally:
        db.close()


def follow(db: sqlite3.Connection, sources: Sequence[Source]) -> int:
    """Bring the index up to the journals and return how many were read. Nothing is when nothing changed."""
    now = {named(s.path): signature(s.path) if s.signature is None else s.signature for s in sources}
    now = {path: seen for path, seen in now.items() if seen}
    if _known(db) == now:
        return 0
    with db:
        db.execute("BEGIN IMMEDIATE")
        known = _known(db)  # again: another process may have done it while this one waited
        changed = [s for s in sources if known.get(named(s.path)) != now.get(named(s.path))]
        _forget(db, [path for path, seen in known.items() if now.get(path) != seen])
        for heap in _taken(changed, now):
            _put(db, heap, now)
    return len(changed)


def _known(db: sqlite3.Connection) -> dict[str, str]:
    return dict(db.execute("SELECT path, signature FROM journal"))


def signature(path: str | Path) -> str:
    """Return what changes when somebody saves the file; nothing where there is none."""
    seen = files.signature(Path(path))
    return ",".join(map(str, seen)) if seen else ""


def put_facts(db: sqlite3.Connection, gone: Iterable[str], fresh: Sequence[tuple[str, str, str]]) -> None:
    """Put what `shelf` found out of journals in the place of what was known of them.

    Where another process writes, or the disk is full, that waits for the next time.
    """
    try:
        db.execute("PRAGMA busy_timeout = 50")
        with db:
            db.executemany("DELETE FROM fact WHERE path = ?", ((path,) for path in gone))
            db.executemany("INSERT OR REPLACE INTO fact(path, signature, said) VALUES (?, ?, ?)", fresh)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in _OUT_OF_REACH:
            raise


def _forget(db: sqlite3.Connection, paths: Iterable[str]) -> None:
    for path in paths:
        [key] = db.execute("SELECT key FROM journal WHERE path = ?", (path,)).fetchone()
        db.execute("DELETE FROM text WHERE rowid = ?", (key,))
        db.execute("DELETE FROM made WHERE key = ?", (key,))
        db.execute("DELETE FROM journal WHERE key = ?", (key,))


def _taken(sources: Iterable[Source], now: Mapping[str, str]) -> Iterator[list[tuple[Source, Document]]]:
    """Read journals, and yield them in heaps of so many bytes that memory has room for."""
    from patina_sessions.readers import document

    heap: list[tuple[Source, Document]] = []
    size = 0
    for source in sources:
        data = untrusted.read(Path(source.path)) if named(source.path) in now else None
        if data is None:
            continue
        heap.append((source, document.of(source.id, data)))
        size += len(data)
        if size >= GATHERED:
            yield heap
            heap.clear()  # whoever took it holds it still: else two of them are in memory
            size = 0
    yield heap


def _put(db: sqlite3.Connection, heap: Sequence[tuple[Source, Document]], now: Mapping[str, str]) -> None:
    """Put journals into the index, one table after the other.

    FTS5 writes what it has gathered whenever another table is written (`xSavepoint`): with a journal's rows side by
    side the first index takes twice as long.
    """
    [first] = db.execute("SELECT coalesce(max(key), 0) + 1 FROM journal").fetchone()
    keyed = list(enumerate(heap, first))
    db.executemany(
        "INSERT INTO journal(key, id, path, signature, started, title, llm, branch, author, files, commits)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ((key, s.id, named(s.path), now[named(s.path)], *_FACTS(d)) for key, (s, d) in keyed),
    )
    made = sorted((*tie, key) for key, (_, d) in keyed for tie in d.ties)
    db.executemany("INSERT INTO made(name, how, id, key) VALUES (?, ?, ?, ?)", made)
    texts = ((key, d.title, d.goals, d.said, d.before, d.files) for key, (_, d) in keyed)
    db.executemany(
        "INSERT INTO text(rowid, title, goals, said, before, touched)"
        " VALUES (?, ?, ?, CAST(? AS TEXT), CAST(? AS TEXT), ?)",
        texts,
    )
    words = ((key, d.said) for key, (_, d) in keyed)
    db.executemany("INSERT INTO word(rowid, t) VALUES (?, CAST(? AS TEXT))", words)
