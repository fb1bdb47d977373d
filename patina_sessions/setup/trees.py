"""The working trees of a repository, and what Patina has left in each that no manifest lists."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from patina_sessions.errors import Busy, PatinaError
from patina_sessions.paths import Common, Layout
from patina_sessions.recorder import state as states
from patina_sessions.setup.hooks import ask
from patina_sessions.setup.plan import Note, Step, shown
from patina_sessions.system import repository as repositories
from patina_sessions.system import untrusted
from patina_sessions.system.repository import Repository

_IN_PROGRESS = "stays, a session is in progress: patina init takes it up again"
_TAGS = ("refs/tags/session-2???????-??????-*", "refs/patina/tags")
_TAG = re.compile(rb"/session-\d{8}-\d{6}(-[a-z0-9]+)?-(start|end|update-\d+)$")
_OURS = {
    "active-session.md": "the session in progress",
    "last-session.md": "a copy; the journal itself is elsewhere",
    "report.html": "made of the journals, and can be made again",
}


def of(common: Common) -> dict[str, Repository]:
    """Return the worktrees that Patina knows and that are there, by their key."""
    found = {}
    for key, git_dir in repositories.worktrees(common.git).items():
        top = repositories.top_of(git_dir, common.git)
        try:
            tree = None if top is None else repositories.discover(top, os.fspath(git_dir))
        except PatinaError:
            continue  # damaged, or of another owner: not ours to mend
        if tree is not None and tree.git_dir.resolve() == git_dir.resolve():
            found[key] = tree
    return found


def refuse_active(here: Repository, found: Mapping[str, Repository]) -> None:
    """Raise `Busy` where a session is in progress in one of the worktrees: no journal of it is archived yet."""
    for key, tree in found.items():
        layout = Layout(top=tree.top, git=tree.git_dir, common=tree.common, key=key)
        session = states.load(layout, named_files=1).session
        if session is not None:
            elsewhere = tree.git_dir.resolve() != here.git_dir.resolve()
            raise Busy(
                f"the session {session.id} is in progress{f' in {tree.top}' if elsewhere else ''}",
                f"End it first{', there' if elsewhere else ''}: patina session end. "
                "With --lose-session its journal and its notes go, too.",
            )


def tracked(tree: Repository) -> frozenset[Path]:
    """Return the files in the folders of ours that git has in its index."""
    said = ask(tree, "ls-files", "-z", "--", ".patina", "layer")
    return frozenset(tree.top / os.fsdecode(name) for name in said.split(b"\0") if name)


def tags(tree: Repository) -> list[Note]:
    """Return a word on the tags of sessions: they are in a person's history, and may have been pushed."""
    said = ask(tree, "for-each-ref", "--format=%(refname)", *_TAGS)
    count = sum(_TAG.search(ref) is not None for ref in said.split(b"\n"))
    if not count:
        return []
    named = " ".join(f"'{pattern}'" for pattern in _TAGS)
    how = f"git for-each-ref --format='delete %(refname)' {named} | git update-ref --stdin"
    return [
        Note(
            about="tags of sessions",
            text=f"stay ({count}), they are part of your history; without them: {how}",
        )
    ]


def hidden(tree: Repository) -> Path:
    """Return the file that keeps `.patina/local` out of git."""
    return tree.top / ".patina" / "local" / ".gitignore"


def is_real(folder: Path, tree: Repository) -> bool:
    """Say whether a folder of ours is there and no link leads to it: nothing is taken away through one."""
    return folder.is_dir() and folder.resolve() == tree.top.resolve() / folder.relative_to(tree.top)


def leftovers(tree: Repository, here: Repository, *, purge: bool) -> tuple[list[Step], list[Note]]:
    """Return what takes out of a worktree's `.patina/local` what sessions put there; paths are told as seen from here.

    The journal of a session in progress stays, unless `purge`; so does what a person put there.
    """
    local = hidden(tree).parent
    steps = []
    notes = []
    if not is_real(local, tree):
        return [], []
    for name, why in _OURS.items():
        now = untrusted.read(local / name)
        if now is None:
            continue
        if name == "active-session.md" and not purge:
            notes.append(Note(about=shown(local / name, here), text=_IN_PROGRESS))
        else:
            steps.append(Step(what="remove", path=local / name, why=why, before=now))
    return steps, notes
