"""What the logs say of a commit already: made here, made in another worktree, counted.

Asked for every new commit, so nothing here reads a log: a session's commits stand in the states beside them.
"""

from __future__ import annotations

from functools import cached_property

from patina_sessions.model import Id
from patina_sessions.paths import Layout
from patina_sessions.recorder.state import State
from patina_sessions.system import files


class Known:
    """The commits of the active sessions of all worktrees, and of the time since the last ones ended."""

    def __init__(self, layout: Layout, state: State) -> None:
        self._layout = layout
        self._state = state

    def made(self, commit: Id) -> bool:
        """Tell whether the commit was recorded as made, in any worktree."""
        return commit in self._state.made or self.elsewhere(commit)

    def here(self, commit: Id) -> bool:
        """Tell whether a push of the commit is to be told here: it was made here, or nobody else is there to tell."""
        if commit in self._state.made:
            return True
        return self._layout.git == self._layout.common.git and not self.elsewhere(commit)

    def elsewhere(self, commit: Id) -> bool:
        """Tell whether the commit was recorded as made in another worktree."""
        name = commit.encode()
        return any(name in snapshot for snapshot in self._others)

    def counted(self, commit: Id) -> bool:
        """Tell whether the commit was recorded as made, in any worktree, and counts."""
        if commit in self._state.made:
            return bool(self._state.made[commit])
        name = commit.encode()
        return any(name in snapshot and name + b"-" not in snapshot for snapshot in self._others)

    @cached_property
    def _others(self) -> list[bytes]:
        """The states of the other worktrees, as they stand on the disk: an id is found in one without parsing it."""
        keys = [k for k in files.names(self._layout.common.worktrees) if k != self._layout.key]
        found = (files.read(self._layout.common.worktrees / key / "state.json") for key in keys)
        return [snapshot for snapshot in found if snapshot]
