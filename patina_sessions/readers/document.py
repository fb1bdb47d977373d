"""A journal as the index takes it: its facts, and its text in the columns that count differently. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from patina_sessions.journal import grammar
from patina_sessions.readers import facts

_PREVIOUS = "previous"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One journal. Texts are what they are in the file; lists are one name a line."""

    title: str
    goals: str
    said: str
    before: str  # what it says of the session before it
    started: float
    llm: str
    branch: str
    author: str
    files: str
    commits: str


def of(session: str, data: bytes) -> Document:
    """Return a journal of any generation as a document."""
    journal = grammar.parse(data)
    found = facts.of_journal(session, journal)
    parts = [p for p in journal.parts if p.kind != "metadata"]
    before = [p for p in parts if p.kind == "section" and p.name.casefold().startswith(_PREVIOUS)]
    meta = journal.archived or {}
    return Document(
        title=_plain(journal.title),
        goals=_plain("\n".join(g.text for g in journal.goals)),
        said=_plain("\n".join(grammar.text(p.raw) for p in parts if p not in before)),
        before=_plain("\n".join(grammar.text(p.raw) for p in before)),
        started=found.started.timestamp() if found.started else 0.0,
        llm=_plain(found.llm or ""),
        branch=_plain(found.branch or ""),
        author=_plain(found.author or ""),
        files="\n".join(_plain(str(f)) for f in _list(meta.get("files"))),
        commits="\n".join(_ids(meta.get("commits"))),
    )


def _plain(text: str) -> str:
    """Return text that SQLite takes: bytes that are no UTF-8 as question marks, no NUL."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", " ")


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _ids(value: object) -> list[str]:
    return [c[0] for c in _list(value) if isinstance(c, list) and c and isinstance(c[0], str)]
