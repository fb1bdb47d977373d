"""`patina off` and `on`: whether anything happens by itself in this worktree, or in all worktrees of the repository.

Off, hooks of git and of agents are silent and start nothing, no recorder drains and no watcher runs. Git's reflog goes
on, and what a person types is still done, so a session can be ended, and what was committed meanwhile is told once.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime

from patina_sessions.frozen import dataclass
from patina_sessions.paths import Layout, off_file
from patina_sessions.sources.watcher import process as watcher
from patina_sessions.system import files
from patina_sessions.system import repository as repositories

_WORDS = {
    "worktree": "switched off in this worktree: patina on",
    "repository": "switched off in this repository: patina on",
}


def off(layout: Layout, now: datetime, *, everywhere: bool = False) -> bool:
    """Switch off, here or in all worktrees; end the watchers; return whether it was on."""
    file = layout.common.off if everywhere else layout.off
    changed = files.create(file, f"{now.isoformat()}\n".encode())
    if everywhere:
        watcher.stop_all(layout.common)
    else:
        watcher.stop(layout.state)
    return changed


@dataclass(frozen=True, slots=True, kw_only=True)
class On:
    """What was switched on: whether any was off, whether that was all worktrees, and how many are off by themselves."""

    changed: bool
    everywhere: bool
    still_off: int


def on(layout: Layout, *, everywhere: bool = False) -> On:
    """Switch on here, whatever switched it off; with `everywhere` in all worktrees."""
    single = {off_file(git_dir) for git_dir in repositories.worktrees(layout.common.git).values()}
    found = {layout.common.off, layout.off, *(single if everywhere else ())}
    everywhere = everywhere or files.signature(layout.common.off) is not None
    was = [file for file in found if files.signature(file) is not None]
    for file in was:
        files.remove(file)
    left = sum(files.signature(file) is not None for file in single)
    return On(changed=bool(was), everywhere=everywhere, still_off=left)


def why(layout: Layout, environ: Mapping[str, str] | None = None) -> str | None:
    """Say how Patina is switched off here, None where it is on."""
    what = repositories.off(layout)
    if what is not None:
        return _WORDS[what]
    if (os.environ if environ is None else environ).get("PATINA") == "0":
        return "switched off in this environment: unset PATINA"
    return None
