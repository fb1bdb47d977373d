"""Which worktrees are gone with a session in progress: their state is still here, and nobody else will end it.

One is gone when git has no directory for it any more and its folder is not there. So a worktree that was moved is not,
and neither is the original of a copied repository, whose state the copy has too.
"""

from __future__ import annotations

import os
from pathlib import Path

from patina_sessions.paths import Common
from patina_sessions.system import files
from patina_sessions.system import repository as repositories

DONE = "gone"  # in the state of a worktree that was seen to be gone, and whose session is finished


def waiting(common: Common) -> list[str]:
    """Return the keys of worktrees that are gone and of which that was not known."""
    there = repositories.worktrees(common.git)
    found = []
    for key in files.names(common.worktrees):
        state = common.worktrees / key
        if key in there or files.signature(state / DONE) is not None:
            continue
        top = files.read(state / "top")
        if top and not Path(os.fsdecode(top)).exists() and files.signature(state / "journal.md") is not None:
            found.append(key)
    return found
