"""`patina search`: which sessions spoke of it, best first, with the lines that match.

Never a syntax error, and nothing to set up: the index follows the archive at each call.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from patina_sessions.errors import PatinaError
from patina_sessions.frozen import dataclass
from patina_sessions.readers import ago, index, spelling
from patina_sessions.readers import query as queries
from patina_sessions.readers.index import Source
from patina_sessions.readers.query import Query
from patina_sessions.system import untrusted

LINES = 3  # of a journal that are shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A journal that matches; `lines` are those that match best, with their numbers in the file."""

    id: str
    path: Path
    title: str
    started: datetime | None
    score: float
    lines: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search found. `read_as` says how words were read that nobody wrote: a typing error was forgiven."""

    hits: tuple[Hit, ...]
    read_as: tuple[tuple[str, str], ...] = ()


def search(sources: Sequence[Source], text: str, *, at: Path | None, limit: int, now: datetime) -> Found:
    """Search journals; `at` is where the index is kept, None for none. Raises `PatinaError` for a date that is none."""
    asked = queries.parse(text)
    since = _since(asked, now)

    def work(db: sqlite3.Connection) -> Found:
        meant, read_as = _forgive(db, asked)
        words = [*meant.words, *(w for p in meant.phrases for w in p), *meant.prefixes]
        rows = _rows(db, meant, since, limit)
        return Found(hits=tuple(_hit(row, queries.telling(words)) for row in rows), read_as=read_as)

    return index.ask(at, work, sources)


def _forgive(db: sqlite3.Connection, asked: Query) -> tuple[Query, tuple[tuple[str, str], ...]]:
    """Read words that stand in no journal as the nearest ones that do, and beginnings as the words that begin so."""
    read_as = []
    begun: list[str] = []
    for word in queries.telling(asked.words):
        if not _known(db, word):
            longer = _begun(db, word) if len(word) >= 4 else []
            if longer:
                begun += longer
                continue
            near = spelling.nearest(word, _terms_like(db, word))
            if near is not None:
                read_as.append((word, near))
    names = dict(read_as)
    words = tuple(names.get(w.lower(), w) for w in asked.words)
    begun += [term for prefix in asked.prefixes for term in _begun(db, prefix)]
    return replace(asked, words=words, prefixes=tuple(begun) or asked.prefixes), tuple(read_as)


def _begun(db: sqlite3.Connection, prefix: str) -> list[str]:
    """Return the words that begin so, the most frequent ones: the index of stems does not have them."""
    low = prefix.lower()
    asked = "SELECT term FROM term WHERE term >= ? AND term < ? ORDER BY doc DESC LIMIT 30"
    return [term for (term,) in db.execute(asked, (low, low[:-1] + chr(ord(low[-1]) + 1)))]


def _known(db: sqlite3.Connection, word: str) -> bool:
    quoted = '"' + word.replace('"', '""') + '"'
    return db.execute("SELECT 1 FROM text WHERE text MATCH ? LIMIT 1", (quoted,)).fetchone() is not None


def _terms_like(db: sqlite3.Connection, word: str) -> Iterator[tuple[str, int]]:
    low, high = len(word) - 2, len(word) + 2
    asked = "SELECT term, doc FROM term WHERE term >= ? AND term < ? AND length(term) BETWEEN ? AND ?"
    first = word[:1]
    yield from db.execute(asked, (first, chr(ord(first) + 1), low, high))


def _rows(
    db: sqlite3.Connection, asked: Query, since: float | None, limit: int
) -> list[tuple[str, str, str, float, float]]:
    # Put together of words of ours alone; whatever a query holds is a value.
    where, values = _filters(asked, since)
    columns = "SELECT id, path, journal.title, started"
    if asked.says_nothing:
        order = columns + ", 0.0 FROM journal WHERE 1" + where + " ORDER BY started DESC LIMIT ?"
        return list(db.execute(order, (*values, limit)))
    ranked = (
        columns + ", bm25(text, " + index.WEIGHTS + ") AS rank FROM text JOIN journal ON key = text.rowid"
    )
    ranked += " WHERE text MATCH ?" + where + " ORDER BY rank, started DESC LIMIT ?"
    return list(db.execute(ranked, (queries.expression(asked), *values, limit)))


def _filters(asked: Query, since: float | None) -> tuple[str, list[object]]:
    where = ""
    values: list[object] = []
    for name in ("llm", "branch", "author"):
        for value in asked.fields.get(name, ()):
            where += f" AND instr(lower(journal.{name}), ?)"
            values.append(value.lower())
    for value in asked.fields.get("file", ()):
        where += " AND (instr(journal.files, ?) OR key IN (SELECT rowid FROM text WHERE text MATCH ?))"
        values += [value, 'said : "' + value.replace('"', " ") + '"']
    for value in asked.fields.get("commit", ()):
        where += " AND (instr(char(10) || journal.commits, char(10) || ?)"
        where += " OR key IN (SELECT rowid FROM text WHERE text MATCH ?))"
        values += [value.lower(), 'said : "' + value.replace('"', " ")[:10] + '"*']
    if since is not None:
        where += " AND started >= ?"
        values.append(since)
    return where, values


def _since(asked: Query, now: datetime) -> float | None:
    moments = [_moment(value, now) for value in asked.fields.get("since", ())]
    return max(moments, default=None)


def _moment(value: str, now: datetime) -> float:
    moment = ago.moment(value, now)
    if moment is None:
        raise PatinaError(f"since:{value} is no date", f"Write it as since:{ago.FORMS.format('as since:')}.")
    return moment.timestamp()


def _hit(row: tuple[str, str, str, float, float], words: Sequence[str]) -> Hit:
    session, path, title, started, score = row
    return Hit(
        id=session,
        path=index.located(path),
        title=title,
        started=datetime.fromtimestamp(started, UTC) if started else None,
        score=-score,
        lines=tuple(_lines(index.located(path), words)),
    )


def _lines(path: Path, words: Sequence[str]) -> list[tuple[int, str]]:
    """Return the lines of a file that hold the most of the words, in the order of the file.

    Its title is not among them: that is told with every hit.
    """
    data = untrusted.read(path, links=True) or b""
    stems = [re.compile(rf"(?i)\b{re.escape(_stem(w))}") for w in words]
    scored = []
    for number, line in enumerate(data.decode("utf-8", "replace").split("\n"), 1):
        if line.startswith(("<!-- patina: ", "# ")):
            continue
        score = sum(bool(s.search(line)) for s in stems)
        if score:
            scored.append((-score, number, line.strip()))
    return sorted((number, line) for _, number, line in sorted(scored)[:LINES])


def _stem(word: str) -> str:
    """Return the beginning that the forms of a word share, roughly: the index has the real stems."""
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word
