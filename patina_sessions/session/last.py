"""`.patina/local/last-session.md`, which an assistant's context file imports: a brief of the last session."""

from __future__ import annotations

from patina_sessions import redact, safe
from patina_sessions.journal import grammar
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
    title = safe.line(redact.redact(journal.title))
    text = f"# Last Session: {title}\n\nWhole journal: {safe.path(place)}\n\n{previous.brief(journal)}\n"
    if not files.is_inside(layout.local, layout.top):
        return
    files.make_folder(layout.local, 0o755)
    files.create(layout.local / ".gitignore", b"*\n", mode=0o644)
    files.write(layout.last, text.encode("utf-8", "surrogateescape"), mode=0o644)
