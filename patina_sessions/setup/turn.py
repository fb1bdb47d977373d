"""Who sets up or takes out has what he changes for himself: others of his kind wait, and then plan anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from patina_sessions.paths import Common
from patina_sessions.system import files


@contextmanager
def alone(lock: Path, make: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold a lock that goes with its folder when all is taken out; `make` makes the folder.

    Without `make`, where there is no folder, there is nothing to hold.
    """
    while True:
        if make is not None:
            make()
        elif not lock.parent.is_dir():
            yield
            return
        with files.locked(lock):
            if files.signature(lock) is None:
                continue  # who had it before us took it away, with all that it stood for
            yield
            return


@contextmanager
def everything(common: Common) -> Iterator[None]:
    """Hold a repository's lock and those of all its worktrees, as no recorder and no command does then."""
    with alone(common.lock), ExitStack() as held:
        for key in files.names(common.worktrees):
            if (common.worktrees / key).is_dir():
                held.enter_context(files.locked(common.worktrees / key / "lock"))
        yield
