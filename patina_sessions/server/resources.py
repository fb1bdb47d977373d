"""The journals as resources: `patina://journal/active`, and `patina://journal/<id>` of each finished one. Pure."""

from __future__ import annotations

import json
from typing import NamedTuple
from urllib.parse import quote, unquote

from patina_sessions.server import answers, tools
from patina_sessions.server.tools import Call

PREFIX = "patina://journal/"
TEMPLATE = PREFIX + "{id}"
ACTIVE = PREFIX + "active"
MARKDOWN = "text/markdown"
PAGE = 100


class Journal(NamedTuple):
    """A journal as a list of resources has it."""

    uri: str
    name: str
    description: str
    written: str | None  # when it last changed, in ISO 8601


def journals(listed: str) -> list[Journal]:
    """Return the journals that `patina list --all --json` names, the active one first and then the newest."""
    rows = json.loads(listed)["sessions"]
    active = [
        Journal(ACTIVE, "active session", answers.plain(r["title"] or ""), r["started"])
        for r in rows
        if r["active"]
    ]
    finished = [
        Journal(
            PREFIX + quote(r["id"], safe=""),
            answers.plain(r["id"]),
            answers.plain(r["title"] or ""),
            r["ended"],
        )
        for r in rows
        if not r["active"]
    ]
    return active + finished


def page(whole: list[Journal], cursor: str | None) -> tuple[list[Journal], str | None]:
    """Return the part of a list that a cursor stands for, and the next cursor. A strange one stands for the end."""
    at = 0
    if cursor is not None:
        at = int(cursor) if cursor.isascii() and cursor.isdigit() else len(whole)
    return whole[at : at + PAGE], str(at + PAGE) if at + PAGE < len(whole) else None


def reading(uri: str, listed: str) -> Call | None:
    """Return what prints the journal of a resource, None where it is none of ours."""
    known = {journal.uri for journal in journals(listed)}
    if uri not in known:
        return None
    session = None if uri == ACTIVE else unquote(uri.removeprefix(PREFIX))
    return tools.show(session)
