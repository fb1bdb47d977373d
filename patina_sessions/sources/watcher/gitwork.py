"""What git itself does to the tree: a checkout, a stash, a rebase write files that nobody worked on."""

from __future__ import annotations

from patina_sessions.errors import PatinaError
from patina_sessions.model import Position
from patina_sessions.paths import Layout
from patina_sessions.sources import reflog_shown
from patina_sessions.sources.watcher.git import Asked, signatures
from patina_sessions.system import clock, files, refs
from patina_sessions.system.git import Git

_TAIL = 65536  # bytes of the reflog that are looked at: what was added since the last batch
_EMPTIED = 5.0  # seconds within which a process of git's own takes out of the tree what was stashed
# By git's own words at the beginning of a reflog's message. Commits tell of their files themselves.
_WORDS = (
    ("rebase", "rebase"),
    ("pull", "pull"),
    ("checkout", "checkout"),
    ("merge", "merge"),
    ("reset", "reset"),
    ("cherry-pick", "commit"),
    ("revert", "commit"),
    ("am", "commit"),
    ("commit", "commit"),
)


class GitWork:
    """Notices that git wrote its index since it was last asked, and names the reason."""

    def __init__(self, layout: Layout, asked: Asked) -> None:
        self._layout = layout
        self._asked = asked
        self._index: tuple[object, ...] = ()
        self._stash: tuple[object, ...] = ()
        self._kept_until = 0.0
        self._tables = Tables(layout) if refs.has_reftable(layout.git) else None
        self._read = self._size()

    def at_work(self) -> bool:
        """Tell whether git is in the middle of something just now."""
        git = self._layout.git
        return any((git / name).exists() for name in ("index.lock", "rebase-merge", "rebase-apply"))

    def midway(self) -> bool:
        """Tell whether git has stopped in the middle of something, with what it could do in the index."""
        git = self._layout.git
        names = ("rebase-merge", "rebase-apply", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD")
        return any((git / name).exists() for name in names)

    def moved(self) -> str | None:
        """Return what git did since this was last asked, None where it did not write its index."""
        kept = self._layout.common.git / "logs" / "refs" / "stash"
        stash = signatures([kept]) if self._tables is None else self._tables.stash()
        index = signatures([self._layout.git / "index"])
        stashed, wrote = self._stash not in ((), stash), index != self._index
        self._stash, self._index = stash, index
        messages = self._messages()
        if not (stashed or wrote or messages):
            return None
        if self._stashes(messages, stashed=stashed):
            # First it keeps what there is, and only then takes it away.
            return "stash" if wrote or messages else None
        for word, name in _WORDS:
            if any(message.startswith(word) for message in messages):
                return name
        return "reset" if messages else "restore"  # HEAD has moved, or it has not

    def _stashes(self, messages: list[str], *, stashed: bool) -> bool:
        """Tell whether what git did belongs to a stash: in reftables its ref rings before the files are taken back."""
        now = clock.monotonic()
        belongs = stashed or now < self._kept_until
        self._kept_until = now + _EMPTIED if stashed and not messages else 0.0
        return belongs and all(message.startswith("reset: moving to HEAD") for message in messages)

    def _size(self) -> int:
        seen = files.signature(self._layout.git / "logs" / "HEAD")
        return seen[2] if seen is not None else 0

    def _messages(self) -> list[str]:
        """Return the messages that came into HEAD's reflog since they were last asked for."""
        try:
            if self._tables is not None:
                return self._tables.messages()
            size = self._size()
            begin = self._read if self._read <= size else 0
            self._read = size
            data = files.read_from(self._layout.git / "logs" / "HEAD", max(begin, size - _TAIL))
        except PatinaError:
            return []
        lines = data[: size - begin].decode("utf-8", "replace").splitlines() if size > begin else []
        return [line.rpartition("\t")[2] for line in lines]


class Tables:
    """The reflogs of HEAD and of the stash where they are no files: git is asked, if a table has changed."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._changed = 0
        self._stash: tuple[object, ...] = ()
        with self._door() as git:
            self._read: Position = reflog_shown.end(git, layout.git)

    def _door(self) -> Git:
        return Git(self._layout.git, self._layout.top)

    def messages(self) -> list[str]:
        """Return the messages that came since they were last asked for."""
        with self._door() as git:
            tail = reflog_shown.read(git, self._layout.git, self._read)
        self._read = tail.position
        return [] if tail.lost else [numbered.line.text for numbered in tail.fresh]

    def stash(self) -> tuple[object, ...]:
        """Return what differs once something was stashed."""
        changed = reflog_shown.changed(self._layout.common.git)
        if changed != self._changed:
            self._changed = changed
            with self._door() as git:
                self._stash = (git.resolve("refs/stash"),)
        return self._stash
