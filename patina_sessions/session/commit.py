"""Commits exactly the archived journal, and nothing that the user has staged.

Through an index of its own, with the user's hooks off and never signed (signing may ask for a passphrase). The blob
goes into the user's own index too, before HEAD moves: else their next commit would delete the journal (tried).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from patina_sessions.errors import Busy, GitFailed, PatinaError
from patina_sessions.paths import Layout
from patina_sessions.session.active import Here
from patina_sessions.system import files, processes

_MIDWAY = (
    ("rebase-merge", "rebase"),
    ("rebase-apply", "rebase"),
    ("MERGE_HEAD", "merge"),
    ("CHERRY_PICK_HEAD", "cherry-pick"),
    ("REVERT_HEAD", "revert"),
    ("BISECT_LOG", "bisect"),
)


def in_progress(layout: Layout) -> str | None:
    """Return what git is in the middle of in this worktree, if anything."""
    return next((word for name, word in _MIDWAY if files.signature(layout.git / name) is not None), None)


def journal(place: Here, path: str, message: str) -> str:
    """Commit the file at `path` (below the top level) and return the commit's id.

    Raises `Busy` in the middle of a merge, rebase, cherry-pick, revert or bisect, or while somebody has the index.
    """
    doing = in_progress(place.layout)
    if doing:
        raise Busy(
            f"a {doing} is going on, so the journal is not committed", f"Finish it, then: git add {path}"
        )
    data = files.read(place.layout.top / path)
    if data is None:
        raise PatinaError(f"{path} is gone", "It is kept in the git directory: patina show")
    scratch = place.layout.state / "index"
    try:
        return _commit(place, path, data, message, scratch)
    except GitFailed as error:
        raise Busy(
            f"git could not commit the journal: {error.message}", f"Commit it yourself: git add {path}"
        ) from error
    finally:
        files.remove(scratch)
        files.remove(scratch.with_name("index.lock"))


def _commit(place: Here, path: str, data: bytes, message: str, scratch: Path) -> str:
    def git(*args: str, data: bytes | None = None, env: Mapping[str, str] | None = None) -> str:
        argv = ["git", f"--git-dir={place.layout.git}", f"--work-tree={place.layout.top}", *args]
        done = processes.run(argv, cwd=place.layout.top, data=data, env=env)
        if done.code:
            raise GitFailed(
                done.err.decode("utf-8", "replace").strip().removeprefix("fatal: ") or f"git {args[0]} failed"
            )
        return done.out.decode("ascii").strip()

    head = place.repository.head
    entry = f"100644,{git('hash-object', '-w', '--stdin', data=data)},{path}"
    git("update-index", "--add", "--cacheinfo", entry)
    own = {"GIT_INDEX_FILE": str(scratch)}
    if head:
        git("read-tree", head, env=own)
    git("update-index", "--add", "--cacheinfo", entry, env=own)
    tree = git("write-tree", env=own)
    parents = ("-p", head) if head else ()
    new = git("commit-tree", tree, *parents, data=message.encode("utf-8", "surrogateescape"))
    git("update-ref", "-m", f"commit: {message.splitlines()[0]}", "HEAD", new, head or "")
    return new
