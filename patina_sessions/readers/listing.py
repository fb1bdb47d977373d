"""`patina list`: every session of this repository, the latest first, as rows for people and programs."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import Any, NamedTuple

from patina_sessions.journal import archive
from patina_sessions.paths import Layout
from patina_sessions.readers import columns, facts, shelf
from patina_sessions.readers.facts import Facts
from patina_sessions.system import files

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


def order(row: Row) -> tuple[bool, float, str]:
    """Return what rows are ordered by: the start in UTC, since ids hold a local time; what is active comes first."""
    started = row.facts.started
    return row.active, started.timestamp() if started else 0.0, row.facts.id


def _finished(layout: Layout) -> Iterable[Row]:
    for one, found in shelf.all_facts(layout):
        path = one.path.relative_to(layout.top).as_posix() if one.tree else None
        yield Row(facts=found, path=path)


def active(layout: Layout, finished: Container[str] = ()) -> Iterable[Row]:
    """Yield the session that runs in this worktree: its journal is there, and no finished one has its id."""
    data = files.read(layout.journal) or files.read(layout.mirror)
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
    cells = [_cells(row) for row in given]
    texts = {name: columns.cells([name, *(row[name] for row in cells)], limit) for name, limit in shown}
    widths = {name: columns.widest(column) for name, column in texts.items()}
    if width is not None:
        before = sum(size + len(_GAP) for name, size in widths.items() if name != "TITLE")
        widths["TITLE"] = max(_TITLE, width - before)
    padded = [columns.padded(column, widths[name], right=name in _RIGHT) for name, column in texts.items()]
    return [_GAP.join(line).rstrip() for line in zip(*padded, strict=True)]


def _cells(row: Row) -> dict[str, str]:
    one = row.facts
    return {
        "ID": one.id,
        "STARTED": f"{one.started.astimezone():%Y-%m-%d %H:%M}" if one.started else "",
        "LENGTH": "active" if row.active else columns.length(one.seconds) if one.seconds is not None else "",
        "COMMITS": str(one.commits) if one.commits is not None else "",
        "FILES": str(one.files) if one.files is not None else "",
        "TYPE": one.work_type or "",
        "BRANCH": one.branch or "",
        "TITLE": one.title,
    }
