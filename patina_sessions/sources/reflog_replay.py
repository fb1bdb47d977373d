"""A rebase that is under way: what it began from, and which commit each of its picks came from.

A replayed commit counts only if its source did, and a pick that was there already was not made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path

from patina_sessions.model import Id
from patina_sessions.sources import reflog_lines
from patina_sessions.sources.logbooks import Logbooks
from patina_sessions.sources.reflog_lines import Line
from patina_sessions.system import files
from patina_sessions.system.git import Git
from patina_sessions.system.objects import Header, is_id, text

_MOST = 20_000  # commits that a replay is looked for among


class Replay:
    """Between its `(start)` and its end. Nothing is asked of git before a pick asks."""

    def __init__(
        self,
        git: Git,
        git_dir: Path,
        books: Logbooks,
        *,
        action: str,
        began: Line | None,
        ahead: Iterable[Line],
    ) -> None:
        self.action = action
        self.onto = None if began is None else began.new
        self._git = git
        self._git_dir = git_dir
        self._books = books
        self._began = began
        self._ahead = ahead

    @cached_property
    def before(self) -> frozenset[Id]:
        """What stood below HEAD, or below the branch that is rebased, and not below what it goes onto."""
        return frozenset(self.in_order)

    @cached_property
    def in_order(self) -> tuple[Id, ...]:
        """The same, parents before children."""
        if self._began is None:
            return self._git.rev_list(self._branch_now(), limit=_MOST)
        began, onto = self._began.old, self._began.new
        branch = self._branch(onto)
        tips = [began] if began in branch else [began, *branch]
        return self._git.rev_list(tips, [onto], limit=_MOST)

    def _branch(self, onto: Id) -> list[Id]:
        """Return where the branch stood: `git rebase main topic` begins on another one than it rebases."""
        for line in self._ahead:
            words = reflog_lines.read(line.text)
            if words.verb == "finish" and words.target is not None:
                log = self._books.of(words.target) or []
                done = f"{words.action} (finish): {words.target} onto {onto}"
                return [moved.old for moved in log if moved.new == line.new and moved.text == done]
            if words.verb in {"start", "finish", "abort"}:
                return []
        return self._branch_now()

    def _branch_now(self) -> list[Id]:
        """Return where the branch stood that is being rebased at this moment."""
        kept = ("rebase-merge/orig-head", "rebase-apply/orig-head")
        names = (text((files.read(self._git_dir / name) or b"").strip()) for name in kept)
        return [name for name in names if is_id(name)]

    def sources(self, new: Header, rewrites: Mapping[Id, tuple[Id, ...]]) -> tuple[Id, ...]:
        """Return the commits that this one replays, as git's own map says, else those that look like it."""
        return rewrites.get(new.id) or alike(new, self._headers)

    @cached_property
    def _headers(self) -> tuple[Header, ...]:
        return headers(self._git, self.before)


def headers(git: Git, ids: Iterable[Id]) -> tuple[Header, ...]:
    """Return the commits that are here."""
    found = (git.header(i) for i in ids)
    return tuple(h for h in found if h is not None)


def alike(new: Header, old: Iterable[Header]) -> tuple[Id, ...]:
    """Return those of the old commits that the new one replays: the same author, moment and subject.

    `reword` and `squash` change the subject, `--reset-author-date` the moment; what has neither in common is another.
    """
    by_author = [h for h in old if h.author.who == new.author.who and h.id != new.id]
    for same in (_moment_and_subject, _moment, _subject):
        found = tuple(h.id for h in by_author if same(h) == same(new))
        if found:
            return found
    return ()


def _moment_and_subject(h: Header) -> object:
    return (h.author.seconds, h.subject)


def _moment(h: Header) -> object:
    return h.author.seconds


def _subject(h: Header) -> object:
    return h.subject
