"""`.patina/local/last-session.md`, which an assistant's context file imports: a brief of the last session."""

from __future__ import annotations

from patina_sessions.journal import archive, grammar
from patina_sessions.paths import Layout
from patina_sessions.readers import previous
from patina_sessions.system import files


def write(layout: Layout, session: str, data: bytes) -> None:
    """Write the pointer to a session that has just ended."""
    journal = grammar.parse(data)
    where = layout.sessions / f"{session}.md"
    if files.signature(where) is None:
        where = layout.common.archive / f"{session}.md"
    place = where.relative_to(layout.top).as_posix() if where.is_relative_to(layout.top) else str(where)
    text = f"# Last Session: {journal.title}\n\nWhole journal: `{place}`\n\n{previous.brief(journal)}\n"
    files.make_folder(layout.local, 0o755)
    files.create(layout.local / ".gitignore", b"*\n", mode=0o644)
    files.write(layout.last, text.encode("utf-8", "surrogateescape"), mode=0o644)


def read(layout: Layout, session: str) -> bytes | None:
    """Return the finished journal of a session."""
    return archive.read(layout, session)
