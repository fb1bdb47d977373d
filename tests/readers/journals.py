"""Journals and an archive for the tests of the readers."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from patina_sessions.journal import metadata
from patina_sessions.paths import Common, Layout

ADA, GRACE = "Ada Lovelace <ada@example.org>", "Grace Hopper <grace@example.org>"
HEAD = "8c1d2e3f40516273849506172839405162738495"


def hides(char: str) -> bool:
    """Say whether a character does not show, or changes how others show; a joiner of emoji may."""
    return unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} and char != "\u200d"


def new_layout(folder: Path) -> Layout:
    """Return the paths of a worktree that has no state yet."""
    git = folder / "repo" / ".git"
    git.mkdir(parents=True)
    return Layout(top=git.parent, git=git, common=Common(git=git), key="00000001")


def put(layout: Layout, session: str, data: bytes, *, tree: bool = True) -> None:
    """Put a finished journal into the working tree, or only into the common directory."""
    folder = layout.sessions if tree else layout.common.archive
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{session}.md").write_bytes(data)


def activate(layout: Layout, data: bytes) -> None:
    """Make this the active journal."""
    layout.local.mkdir(parents=True, exist_ok=True)
    layout.journal.write_bytes(data)


def journal(
    session: str = "20260301-120000",
    *,
    title: str = "the parser",
    log: str = "",
    goals: Sequence[str] = (),
    context: str = "Nothing before it.",
    meta: Mapping[str, Any] | None = None,
    work_type: str = "feature",
) -> bytes:
    """Return a journal as `end` writes it; without `meta` one that is still running."""
    lines = [
        f"# Session: {title}",
        f"**ID**: {session}",
        "**Started**: 2026-03-01T11:00:00Z",
        "**LLM**: claude",
        "**Git Branch**: main",
        f"**Starting Commit**: {HEAD}",
        "",
        "## Previous Session Context",
        context,
        "",
        "## Goals",
        *goals,
        "",
        "## Activity Log",
        "### 12:00 - Session Start",
        f"Session initialized with goal: {title}",
        "",
        log,
    ]
    text = "\n".join(lines) + "\n"
    if meta is not None:
        counts = f"- Files Changed: {len(meta.get('files', ()))}\n- Commits: {len(meta.get('commits', ()))}\n"
        text += f"\n## Session Classification\n- Work Type: {work_type}\n{counts}\n{metadata.comment(meta)}\n"
    return text.encode("utf-8", "surrogateescape")


def facts(**more: Any) -> dict[str, Any]:
    """Return the facts of the archive's comment."""
    return {
        "v": 1,
        "author": ADA,
        "started": "2026-03-01T11:00:00+00:00",
        "ended": "2026-03-01T12:30:00+00:00",
        "tz": "+0100",
        "branch": "main",
        "head": HEAD,
        "commits": [[HEAD, "p", "t"]],
        "files": ["a.py", "b.py"],
        "rewrites": [],
        "runs": [],
        "agents": [],
        **more,
    }
