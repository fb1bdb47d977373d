"""A journal as the index takes it: its facts, and its text in the columns that count differently. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from patina_sessions.frozen import dataclass
from patina_sessions.journal import goals, grammar, lines, metadata
from patina_sessions.readers import facts

_PREVIOUS = b"previous"


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
    ties: tuple[
        tuple[str, str, str], ...
    ]  # what a commit can be known by: name, how, the session's own commit


def of(session: str, data: bytes) -> Document:
    """Return a journal of any generation as a document."""
    found = facts.of(session, data)
    scan = lines.scan(data)
    said, before = _divided(data, scan)
    meta = metadata.read(data) or {}
    return Document(
        title=_plain(found.title),
        goals=_plain("\n".join(g.text for g in goals.found(data, scan))),
        said=_plain(said),
        before=_plain(before),
        started=found.started.timestamp() if found.started else 0.0,
        llm=_plain(found.llm or ""),
        branch=_plain(found.branch or ""),
        author=_plain(found.author or ""),
        files="\n".join(_plain(str(f)) for f in _list(meta.get("files"))),
        commits="\n".join(_ids(meta.get("commits"))),
        ties=tuple(_ties(meta)),
    )


def _divided(data: bytes, scan: lines.Scan) -> tuple[str, str]:
    """Return the text without the archive's comment, and apart from it what it says of the session before.

    No entry is made of it: of a long journal that is most of the work.
    """
    comment = metadata.span(data)
    end = comment[0] if comment else len(data)
    said: list[bytes] = []
    before: list[bytes] = []
    start, previous = 0, False
    for mark in scan.headings:
        at = mark.start(lines.LINE)
        entry = lines.is_entry(mark)
        if at < end and (entry or len(mark[lines.LEVEL]) <= 2):
            (before if previous else said).append(data[start:at])
            start = at
            previous = not entry and mark[lines.TEXT].strip().lower().startswith(_PREVIOUS)
    (before if previous else said).append(data[start:end])
    return grammar.text(b"".join(said)), grammar.text(b"".join(before))


def _ties(meta: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield each commit's id, patch-id and tree, what was rewritten into what, and the patch-id of all together."""
    last = ""
    for made in _list(meta.get("commits")):
        if isinstance(made, list) and len(made) == 3 and all(isinstance(m, str) for m in made):
            last = made[0]
            yield from (
                (name, how, last) for name, how in zip(made, ("id", "patch", "tree"), strict=True) if name
            )
    for pair in _list(meta.get("rewrites")):
        if isinstance(pair, list) and len(pair) == 2 and all(isinstance(p, str) for p in pair):
            yield pair[0], "rewritten", pair[1]
            yield pair[1], "rewritten from", pair[0]
    if isinstance(meta.get("whole"), str) and last:
        yield meta["whole"], "squash", last


def _plain(text: str) -> str:
    """Return text that SQLite takes: bytes that are no UTF-8 as question marks, no NUL."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", " ")


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _ids(value: object) -> list[str]:
    return [c[0] for c in _list(value) if isinstance(c, list) and c and isinstance(c[0], str)]
