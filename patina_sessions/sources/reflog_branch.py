"""On which branch a line of HEAD's reflog was written: the line itself does not say.

Where HEAD is now is no answer: somebody may have switched since. The last `moving from … to …` says it, and the same
line in the branch's own reflog proves it (`git switch --orphan` and `git symbolic-ref` write no line).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from patina_sessions.sources import reflog_lines
from patina_sessions.sources.logbooks import Logbooks
from patina_sessions.sources.reflog_lines import Likeness, Line, Words
from patina_sessions.system import files, refs
from patina_sessions.system.objects import is_id, text

_OTHERS = 32  # branches whose reflogs are looked at where nothing else helps, those written to last


class Branches:
    """Follows HEAD through the lines, in their order."""

    def __init__(self, git_dir: Path, books: Logbooks, before: Sequence[Line]) -> None:
        self._git_dir = git_dir
        self._books = books
        self._logs: dict[str, frozenset[Likeness] | None] = {}
        self._ends: dict[str, frozenset[Likeness]] = {}
        self._sure = False  # whether a line has told where HEAD is
        self.here: str | None = None
        for _, words in reflog_lines.places(before):
            self.follow(words)
            if self._sure:
                break

    def follow(self, words: Words) -> None:
        """Take notice of a line that says where HEAD went."""
        if words.verb == "checkout" and words.target is not None:
            self.here, self._sure = self._named(words.target), True
        elif words.verb in {"finish", "abort"} and words.target is not None:
            self.here = words.target.removeprefix("refs/heads/")
            self._sure = True

    def around(self) -> str | None:
        """Return the branch that is worked on, also while a rebase has HEAD detached; None where nothing tells."""
        if self._sure or self._current is not None:
            return self.here if self._sure else self._current
        kept = ("rebase-merge/head-name", "rebase-apply/head-name")
        names = (text((files.read(self._git_dir / name) or b"").strip()) for name in kept)
        return next((n.removeprefix("refs/heads/") for n in names if n.startswith("refs/heads/")), None)

    def of(self, line: Line) -> str | None:
        """Return the branch that the line moved, None on a detached head and where nothing tells."""
        if self.here is not None and self._holds(self.here, line):
            return self.here
        if self._current is not None and self._holds(self._current, line):
            return self._current
        if self._sure and (self.here is None or self._log(self.here) is None):
            return self.here
        return next((name for name in self._others if self._holds(name, line)), None)

    @cached_property
    def _current(self) -> str | None:
        return self._books.current()[0]

    @cached_property
    def _others(self) -> list[str]:
        return [ref.removeprefix("refs/heads/") for ref in self._books.below("refs/heads", after=0)][:_OTHERS]

    def _holds(self, branch: str, line: Line) -> bool:
        """Tell whether a branch's reflog has the line: mostly it is one of its last, and the others are not read."""
        if branch not in self._ends:
            found = self._books.end_of(f"refs/heads/{branch}")
            self._ends[branch] = frozenset(line.likeness for line in found)
        return line.likeness in self._ends[branch] or line.likeness in (self._log(branch) or ())

    def _log(self, branch: str) -> frozenset[Likeness] | None:
        """Return the lines at the end of a branch's reflog, None where it has none."""
        if branch not in self._logs:
            lines = self._books.of(f"refs/heads/{branch}")
            self._logs[branch] = None if lines is None else frozenset(line.likeness for line in lines)
        return self._logs[branch]

    def _named(self, target: str) -> str | None:
        """Return the branch that `git checkout <target>` was asked for, None where that detached HEAD."""
        if is_id(target) or not refs.is_plain(target):
            return None
        if self._books.has(f"refs/heads/{target}"):
            return target
        kinds = (f"refs/tags/{target}", f"refs/remotes/{target}")
        detached = any(self._books.has(ref) for ref in kinds) or _is_expression(target)
        return None if detached else target  # no such branch now: deleted or renamed since


def _is_expression(target: str) -> bool:
    """Tell whether this is a revision that no branch can be called: `HEAD~2`, `v1^{}`, `:/fix`, a short id."""
    short = len(target) >= 7 and all(c in "0123456789abcdef" for c in target)
    return short or target == "HEAD" or any(c in "~^:?*[\\ " or ord(c) < 32 for c in target) or "@{" in target
