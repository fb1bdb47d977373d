"""The text of a journal: its head from the session's start, its entries, its end. Pure.

The format is the contract (reference: layer/core/formats.md). What comes in has passed `redact`; what was not made by
Patina passes `safe` here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from patina_sessions import safe
from patina_sessions.frozen import dataclass
from patina_sessions.model import Entry, Started

NUMBER = " <!-- {} -->"
# Fences do not count here: one that a person left open would hide what we wrote, and it would be written again. Text
# from outside cannot hold such a comment, in a fence or out of it (`safe` escapes it).
# A person may have made the heading deeper, or written behind the number.
_NUMBERED = re.compile(rb"^(#{3,6}[ \t][^\n]*?) ?<!-- ([0-9]{1,12}) -->", re.MULTILINE)


def head(started: Started, time: datetime, *, title: str | None = None) -> str:
    """Return the journal of a session that has just begun, up to and with its first entry."""
    branch = started.branch or "detached"
    named = safe.line(started.title if title is None else title)
    lines = [
        f"# Session: {named}",
        f"**ID**: {started.session}",
        f"**Started**: {time.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%SZ')}",
        f"**LLM**: {safe.line(started.llm, limit=80)}",
        f"**Git Branch**: {safe.line(branch)}",
        *([f"**Session Tag**: {started.tag}"] if started.tag else []),
        f"**Starting Commit**: {started.commit or 'none'}",
        "",
        "## Previous Session Context",
        started.context.strip("\n") or "No previous session.",
        "",
        "## Goals",
        *[goal(text) for text in started.goals],
        "",
        "## Activity Log",
        f"### {time.strftime('%H:%M')} - Session Start",
        f"Session initialized with goal: {safe.line(started.title)}",
        f"Working on branch: {safe.line(branch)}",
        *([f"Tagged as: {started.tag}"] if started.tag else []),
    ]
    return "\n".join(lines) + "\n"


def goal(text: str, *, done: bool = False) -> str:
    """Return one goal as an item of a task list."""
    return f"- [{'x' if done else ' '}] {safe.line(text, limit=500)}"


def entry(given: Entry) -> str:
    """Return one entry, its heading carrying its event's number; a blank line comes before it."""
    dated = "%Y-%m-%d " if given.dated or given.zoned else ""
    stamp = given.time.strftime(f"{dated}%H:%M{' %z' if given.zoned else ''}")
    number = NUMBER.format(given.seq) if given.numbered else ""
    body = given.body.rstrip("\n")
    return f"\n### {stamp} - {given.what}{number}\n" + (f"{body}\n" if body else "")


def numbers(data: bytes) -> list[int]:
    """Return the numbers of the entries that stand in a journal, in the order of the file."""
    return [int(found[2]) for found in _NUMBERED.finditer(data)]


def unnumbered(data: bytes) -> bytes:
    """Return a journal without the numbers of its entries; nothing else changes."""
    return _NUMBERED.sub(rb"\1", data)


def entries(given: Iterable[Entry]) -> str:
    """Return several entries as they stand one below the other."""
    return "".join(entry(e) for e in given)


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """The seed's five lines."""

    work_type: str
    files: int
    commits: int
    patterns: int
    tags: str


def classification(given: Classification) -> str:
    """Return the section that `end` writes."""
    return (
        "\n## Session Classification\n"
        f"- Work Type: {given.work_type}\n"
        f"- Files Changed: {given.files}\n"
        f"- Commits: {given.commits}\n"
        f"- Patterns Modified: {given.patterns}\n"
        f"- Session Tags: {given.tags}\n"
    )


def work_type(commits: int, paths: Sequence[str], *, major_files: float, feature_commits: float) -> str:
    """Return the kind of work that a session's own commits make it."""
    if not commits:
        return "exploration"
    if any(is_pattern(path) for path in paths):
        return "pattern-work"
    if len(paths) > major_files:
        return "major-feature"
    return "experiment" if commits < feature_commits else "feature"


def is_pattern(path: str) -> bool:
    """Tell whether a path is durable knowledge: under `layer/`, the archive aside."""
    return path.startswith("layer/") and not path.startswith("layer/sessions/")


def retitle(data: bytes, title: str) -> bytes:
    """Return a journal with another title in its first heading; nothing else changes."""
    line = f"# Session: {safe.line(title)}".encode("utf-8", "surrogateescape")
    start = 0 if data.startswith(b"# ") else data.find(b"\n# ") + 1
    if not data.startswith(b"# ", start):
        return line + b"\n\n" + data
    end = data.find(b"\n", start)
    return data[:start] + line + (data[end:] if end >= 0 else b"")
