"""A journal as the index takes it: its facts, and its text in the columns that count differently. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from patina_sessions.journal import goals, grammar, lines, metadata
from patina_sessions.readers import facts

_PREVIOUS = b"previous"


class Document(NamedTuple):
    """One journal. Lists are one name a line; long texts are the file's own bytes, since SQLite wants bytes, too."""

    title: str
    goals: str
    said: bytes
    before: bytes  # what it says of the session before it
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
    scan = lines.scan(data)
    head = grammar.head(data, scan)
    said, before = _divided(data, scan)
    meta = metadata.read(data) or {}
    started = facts.begun(session, meta, head)
    return Document(
        title=_plain(head.title),
        goals=_plain("\n".join(g.text for g in goals.found(data, scan))),
        said=said,
        before=before,
        started=started.timestamp() if started else 0.0,
        llm=_plain(head.field("LLM", "llm") or ""),
        branch=_plain(facts.branch(meta, head) or ""),
        author=_plain(facts.author(meta) or ""),
        files=_plain("\n".join(map(str, _list(meta.get("files"))))),
        commits="\n".join(_ids(meta.get("commits"))),
        ties=tuple(_ties(meta)),
    )


def _divided(data: bytes, scan: lines.Scan) -> tuple[bytes, bytes]:
    """Return the text without the archive's comment, and apart from it what it says of the session before.

    No entry is made of it: of a long journal that is most of the work.
    """
    comment = metadata.span(data)
    last = comment[0] if comment else len(data)
    said: list[bytes] = []
    before: list[bytes] = []
    start = 0
    for at in scan.high:
        heading = scan.headings[at]
        begin = heading.start(lines.LINE)
        if start <= begin < last and _is_previous(heading):
            end = min(scan.end(at, last), last)
            said.append(data[start:begin])
            before.append(data[begin:end])
            start = end
    said.append(data[start:last])
    return b"".join(said), b"".join(before)


def _is_previous(heading: lines.Mark) -> bool:
    """Say whether the heading begins a section on the session before; a title never does."""
    return len(heading[lines.LEVEL]) == 2 and heading[lines.TEXT].strip()[:8].lower() == _PREVIOUS


def _ties(meta: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield each commit's id, patch-id and tree, what was rewritten into what, and the patch-id of all together."""
    last = ""
    for made in _list(meta.get("commits")):
        if isinstance(made, list) and len(made) == 3 and all(map(_is_name, made)):
            last = made[0]
            yield from (
                (name, how, last) for name, how in zip(made, ("id", "patch", "tree"), strict=True) if name
            )
    for pair in _list(meta.get("rewrites")):
        if isinstance(pair, list) and len(pair) == 2 and all(map(_is_name, pair)):
            yield pair[0], "rewritten", pair[1]
            yield pair[1], "rewritten from", pair[0]
    if _is_name(meta.get("whole")) and last:
        yield meta["whole"], "squash", last


def _plain(text: str) -> str:
    """Return text that SQLite takes: bytes that are no UTF-8 as question marks, no NUL."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", " ")


def _is_name(value: object) -> bool:
    """Tell whether a value of the archive's comment can be the name of an object; the comment may be damaged."""
    return isinstance(value, str) and value.isascii()


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _ids(value: object) -> list[str]:
    return [c[0] for c in _list(value) if isinstance(c, list) and c and _is_name(c[0])]
