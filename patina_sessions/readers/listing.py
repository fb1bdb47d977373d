"""`patina list`: every session of this repository, the latest first, as rows for people and programs."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from patina_sessions import safe
from patina_sessions.journal import archive
from patina_sessions.paths import Layout
from patina_sessions.readers import columns, facts, shelf
from patina_sessions.readers.facts import Facts
from patina_sessions.system import files, untrusted

_GAP = "  "
_TITLE = 20  # columns that a title gets however narrow the terminal is
# Each column of the table: its heading, how wide it may be, and from which width of the terminal on it is there.
_COLUMNS = (
    ("ID", 40, 0),
    ("STARTED", 16, 0),
    ("LENGTH", 12, 0),
    ("COMMITS", 9, 0),
    ("FILES", 9, 90),
    ("TYPE", 16, 110),
    ("BRANCH", 24, 140),
    ("TITLE", 200, 0),
)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_RIGHT = {"LENGTH", "COMMITS", "FILES"}


class Row(NamedTuple):
    """One session. `path` is relative to the top level, None for one that is only in the git directory."""

    facts: Facts
    active: bool = False
    path: str | None = None


def rows(layout: Layout, *, everything: bool = False) -> list[Row]:
    """Return the sessions, the latest first; those in which nothing happened only with `everything`."""
    found = [row for row in _finished(layout) if everything or row.facts.kept or row.path]
    found += active(layout, {row.facts.id for row in found})
    return sorted(found, key=order, reverse=True)


def order(row: Row) -> tuple[bool, datetime, str]:
    """Return what rows are ordered by: the start in UTC, since ids hold a local time; what is active comes first."""
    return row.active, row.facts.started or _LONG_AGO, row.facts.id


def _finished(layout: Layout) -> Iterable[Row]:
    above = f"{layout.top}/"
    for one, found in shelf.all_facts(layout):
        yield Row(found, path=one.place.removeprefix(above) if one.tree else None)


def active(layout: Layout, finished: Container[str] = ()) -> Iterable[Row]:
    """Yield the session that runs in this worktree: its journal is there, and no finished one has its id."""
    data = untrusted.read(layout.journal) or files.read(layout.mirror)
    if data:
        found = facts.of_active(data)
        if found.id and found.id not in finished and archive.locate(layout, found.id) is None:
            yield Row(facts=found, active=True, path=layout.journal.relative_to(layout.top).as_posix())


def as_json(row: Row) -> dict[str, Any]:
    """Return a row as the object that `--json` prints; what is not known is null."""
    one = row.facts
    return {
        "id": plain(one.id),
        "title": plain(one.title),
        "started": one.started.astimezone(one.zone).isoformat() if one.started else None,
        "ended": one.ended.astimezone(one.zone).isoformat() if one.ended else None,
        "duration": one.seconds,
        "branch": plain(one.branch),
        "commits": one.commits,
        "files": one.files,
        "work_type": plain(one.work_type),
        "author": plain(one.author),
        "llm": plain(one.llm),
        "active": row.active,
        "path": plain(row.path),
    }


def plain(text: str | None) -> str | None:
    """Return text that every reader of JSON takes: bytes that are no UTF-8 as a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8") if text is not None else None


def table(given: Sequence[Row], *, width: int | None = None) -> list[str]:
    """Return the rows as lines of a table that fits a terminal of `width` columns; without one it may be wide."""
    if not given:
        return []
    shown = [(name, limit) for name, limit, least in _COLUMNS if width is None or width >= least]
    texts = {name: columns.cells([name, *map(_CELLS[name], given)], limit) for name, limit in shown}
    widths = {name: columns.widest(column) for name, column in texts.items()}
    if width is not None:
        before = sum(size + len(_GAP) for name, size in widths.items() if name != "TITLE")
        widths["TITLE"] = max(_TITLE, width - before)
    padded = [columns.padded(column, widths[name], right=name in _RIGHT) for name, column in texts.items()]
    return [_GAP.join(line).rstrip() for line in zip(*padded, strict=True)]


def _started(row: Row) -> str:
    started = row.facts.started
    return started.astimezone().isoformat(" ", "minutes")[:16] if started else ""


def _length(row: Row) -> str:
    if row.active:
        return "active"
    seconds = row.facts.seconds
    return "" if seconds is None else columns.length(seconds)


def _title(title: str) -> str:
    """Return a title as it was given: a table needs no escapes of markdown."""
    given = title.replace("<\\!--", "<!--").replace("--\\>", "-->")
    for one in (given, given.removeprefix("\\")):
        if one != title and safe.line(one, limit=len(title) + 1) == title:
            return one
    return title


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


_CELLS: dict[str, Callable[[Row], str]] = {
    "ID": lambda row: row.facts.id,
    "STARTED": _started,
    "LENGTH": _length,
    "COMMITS": lambda row: _number(row.facts.commits),
    "FILES": lambda row: _number(row.facts.files),
    "TYPE": lambda row: row.facts.work_type or "",
    "BRANCH": lambda row: row.facts.branch or "",
    "TITLE": lambda row: _title(row.facts.title),
}
