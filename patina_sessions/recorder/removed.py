"""Which worktrees are gone with a session in progress: their state is still here, and nobody else will end it.

One is gone when git has no directory for it any more, and where it was last seen there is none of its key: nothing, or
another worktree. So one that was moved is not, and neither is the original of a copied repository, whose state the copy
has too.
"""

from __future__ import annotations

from pathlib import Path

from patina_sessions.paths import Common
from patina_sessions.system import clock, files
from patina_sessions.system import repository as repositories

PATIENCE = 3600.0  # seconds until a recorder tries again what has failed
# In the state of one whose session could not be finished; its time is that of the last try.
FAILED = "gone-failed"
DONE = "gone"  # in the state of a worktree that was seen to be gone, and whose session is finished


def due(common: Common) -> list[str]:
    """Return those that a recorder is to have finished: not one at which that failed an hour ago or less.

    It costs a process each time. A command of a person's tries at once.
    """
    return [key for key in waiting(common) if not _failed(common.worktrees / key / FAILED)]


def tried(common: Common, keys: list[str]) -> None:
    """Take notice of those of these that are not finished in spite of a try."""
    for key in set(keys).intersection(waiting(common)):
        files.write(common.worktrees / key / FAILED, b"", durable=False)


def _failed(mark: Path) -> bool:
    seen = files.signature(mark)
    return seen is not None and abs(clock.wall() - seen[3] / 1e9) < PATIENCE


def waiting(common: Common) -> list[str]:
    """Return the keys of worktrees that are gone and of which that was not known."""
    there = repositories.worktrees(common.git)
    found = []
    for key in files.names(common.worktrees):
        state = common.worktrees / key
        if key in there or files.signature(state / DONE) is not None:
            continue
        if files.signature(state / "journal.md") is not None and not repositories.stands(common.git, key):
            found.append(key)
    return found
