"""Commits exactly the archived journal, and nothing that the user has staged.

Through an index of its own, with the user's hooks off and never signed (signing may ask for a passphrase). Their
filters run, as for `git add`: git-crypt is one. The blob goes into the user's own index too, before HEAD moves: else
their next commit would delete the journal (tried).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from patina_sessions.errors import Busy, GitFailed, PatinaError
from patina_sessions.model import Id
from patina_sessions.paths import Layout
from patina_sessions.session.active import Here
from patina_sessions.system import files, ignored, processes, untrusted
from patina_sessions.system.objects import text

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
            f"a {doing} is going on, so the journal is not committed",
            f"Finish it, then: git add {path} and git commit",
        )
    rule = ignored.by_rule(place.layout.git, place.layout.top, path)
    if rule is not None:
        raise PatinaError(
            f"git ignores {path} ({rule.words})", f"If you want it nevertheless: git add -f {path}"
        )
    git = _Quiet(place.layout)
    data = untrusted.read(place.layout.top / path)
    if data is None:
        raise PatinaError(f"{path} is gone", "It is kept in the git directory: patina show")
    scratch = place.layout.state / "index"
    try:
        return _commit(git, place.repository.head, path, data, message, scratch)
    except GitFailed as error:
        raise Busy(
            f"git could not commit the journal: {error.message}",
            f"Mend that, then: git add {path} and git commit",
        ) from error
    finally:
        files.remove(scratch)
        files.remove(scratch.with_name("index.lock"))


def _commit(git: _Quiet, head: Id | None, path: str, data: bytes, message: str, scratch: Path) -> str:
    blob = git("hash-object", "-w", f"--path={path}", "--stdin", data=data, needs=_filter(git, path))
    entry = f"100644,{blob},{path}"
    own = {"GIT_INDEX_FILE": str(scratch)}
    if head:
        git("read-tree", head, env=own)
    git("update-index", "--add", "--cacheinfo", entry, env=own)
    tree = git("write-tree", env=own)
    parents = ("-p", head) if head else ()
    new = git("commit-tree", tree, *parents, data=message.encode("utf-8", "surrogateescape"))
    before = git("ls-files", "--stage", "--", path).split()
    git("update-index", "--add", "--cacheinfo", entry)
    try:
        git("update-ref", "-m", f"commit: {message.splitlines()[0]}", "HEAD", new, head or "")
    except GitFailed:
        if before:
            git("update-index", "--cacheinfo", f"{before[0]},{before[1]},{path}")
        else:
            git("update-index", "--force-remove", "--", path)
        raise
    return new


def _filter(git: _Quiet, path: str) -> tuple[str, ...]:
    """Return the setting by which the filter of that path has to work: the journal is not committed without it.

    A filter that fails, or that a clone has not set up, is passed over by `git add` with a word on standard error.
    """
    name = git("check-attr", "-z", "filter", "--", path).rstrip("\0").rpartition("\0")[2]
    return () if name in ("unspecified", "unset", "set", "") else (f"filter.{name}.required=true",)


class _Quiet:
    """Git with the user's hooks off, those in files and those in its settings, which `core.hooksPath` leaves on."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._settings: tuple[str, ...] = (
            "core.hooksPath=/dev/null",
            "core.fsmonitor=false",
            "i18n.commitEncoding=UTF-8",
        )
        listed = self.ask("config", "-z", "--name-only", "--get-regexp", r"^hook\..+\.").out
        names = {key[5 : key.rindex(".")] for key in map(text, listed.split(b"\0")) if key}
        self._settings += tuple(f"hook.{name}.enabled=false" for name in sorted(names))

    def __call__(
        self,
        *args: str,
        data: bytes | None = None,
        env: Mapping[str, str] | None = None,
        needs: tuple[str, ...] = (),
    ) -> str:
        """Run one command and return what it says. Raises `GitFailed`."""
        done = self.ask(*args, data=data, env=env, needs=needs)
        if done.code:
            said = done.err.decode("utf-8", "replace").strip().removeprefix("fatal: ")
            raise GitFailed(said or f"git {args[0]} failed")
        return text(done.out).strip()

    def ask(
        self,
        *args: str,
        data: bytes | None = None,
        env: Mapping[str, str] | None = None,
        needs: tuple[str, ...] = (),
    ) -> processes.Result:
        """Run one command; its exit status is an answer. `needs` are settings for this one alone."""
        layout = self._layout
        settings = [word for setting in (*self._settings, *needs) for word in ("-c", setting)]
        argv = ["git", f"--git-dir={layout.git}", f"--work-tree={layout.top}", *settings, *args]
        return processes.run(argv, cwd=layout.top, data=data, env=env)
