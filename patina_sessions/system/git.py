"""The door to git: commits read through one long-lived child, and single questions to git's plumbing.

The child is started when the first object is read, not before: a command that finds nothing new never pays for it.
A missing object, the edge of a shallow clone, a commit that gc took: all are values, never exceptions.
Nothing here takes a lock, runs a hook or a filter of the user's, or goes to the network.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from patina_sessions.errors import GitFailed
from patina_sessions.model import Commit, Id
from patina_sessions.system import objects, processes
from patina_sessions.system.objects import Header, is_id, text

# In a partial clone a missing object would be fetched, and git before 2.45 ignores GIT_NO_LAZY_FETCH: so no transport
# is allowed, which every git obeys. A monitor named in the configuration is a program of the user's. The rest is what a
# user may have chosen to see, and would stand in what is read here.
_SEEN = ("color.ui=false", "log.showSignature=false", "submodule.recurse=false")
_QUIET = ("protocol.allow=never", "core.fsmonitor=false", *_SEEN)
_PLAIN = ("--root", "--no-ext-diff", "--no-textconv")
_DIFF = ("diff-tree", "--stdin", "-r", "-z", *_PLAIN)
_PATCHES_AT_ONCE = 64  # their text is held in memory
_OBJECT_KEPT = 1 << 20  # of a commit with a message of many megabytes only the beginning is read


class Git:
    """One repository, seen from one worktree. A context manager: leaving it ends the child that it may have started."""

    def __init__(self, git_dir: Path, top: Path | None = None) -> None:
        self._git_dir = git_dir
        self._top = top
        self._reader: processes.Child | None = None
        self._headers: dict[Id, Header | None] = {}
        self._partial: bool | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the child. A later question starts another one."""
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.end()

    # -------------------------------------------------------------------------------------------------- one question

    def ask(self, *args: str, data: bytes | None = None, here: bool = False) -> processes.Result:
        """Run one plumbing command to its end; its exit status is a value. `here` runs it in the working tree."""
        cwd = self._top if here and self._top is not None else self._git_dir
        place = [f"--work-tree={self._top}"] if here and self._top is not None else []
        return processes.run([*self._line(), *place, *args], cwd=cwd, data=data)

    def blocks(self, *args: str) -> Iterator[bytes]:
        """Run one command and yield what it prints, a piece at a time. Raises `processes.Failed`."""
        return processes.blocks([*self._line(), *args], cwd=self._git_dir)

    def _line(self) -> list[str]:
        settings = [word for setting in _QUIET for word in ("-c", setting)]
        return ["git", f"--git-dir={self._git_dir}", *settings]

    # --------------------------------------------------------------------------------------------------------- objects

    def header(self, commit: Id) -> Header | None:
        """Return a commit as it is, for comparing; None where it is not here."""
        if commit not in self._headers:
            raw = self._object(commit) if is_id(commit) else None
            self._headers[commit] = None if raw is None else objects.header(commit, raw)
        return self._headers[commit]

    def commit(self, commit: Id) -> Commit | None:
        """Return a commit in the form that may be recorded, without its files; None where it is not here."""
        found = self.header(commit)
        return None if found is None else objects.record(found)

    def _object(self, commit: Id) -> bytes | None:
        fresh = self._reader is None
        try:
            return self._read(commit)
        except (OSError, ValueError):
            self.close()  # it died, or we no longer know where in its answer we are
        return None if fresh else self._object(commit)

    def _read(self, commit: Id) -> bytes | None:
        if self._reader is None:
            self._reader = processes.Child([*self._line(), "cat-file", "--batch"], cwd=self._git_dir)
        words = self._reader.ask(commit).split()
        if len(words) == 2 and words[1] == b"missing":
            return None
        size = int(words[2]) if len(words) == 3 else -1
        if size < 0:
            raise ValueError("git cat-file gave no answer")
        raw = self._reader.read(min(size + 1, _OBJECT_KEPT))
        if size + 1 > len(raw) or words[1] != b"commit":
            self.close()  # what is left of the answer would be the beginning of the next one
        return raw if words[1] == b"commit" else None

    # ----------------------------------------------------------------------------------------------------------- files

    def with_files(self, commits: Sequence[Commit]) -> tuple[Commit, ...]:
        """Return the commits with the files they changed: one child for all of them.

        A merge is compared with its first parent. In a partial clone lines are counted only where the contents are
        here already, and a rename only where nothing else changed.
        """
        found = self._changes(commits) if commits else {}
        return tuple(found[c.id].on(c) if c.id in found else c for c in commits)

    def _changes(self, commits: Sequence[Commit]) -> dict[Id, objects.Changes]:
        asked = "".join(" ".join((c.id, *c.parents[:1])) + "\n" for c in commits).encode()
        result = self.ask(*_DIFF, "-M", "--raw", "--numstat", data=asked)
        if result.code == 0:
            return objects.changes(result.out)
        if len(commits) > 1:  # one that cannot be compared must not hide the others
            half = len(commits) // 2
            return {**self._changes(commits[:half]), **self._changes(commits[half:])}
        return objects.changes(self.ask(*_DIFF, "-M100%", "--raw", data=asked).out)

    def files_of(self, ids: Iterable[Id]) -> set[str]:
        """Return the paths that these commits touch, each once: of a merge those that differ from every side."""
        asked = "".join(f"{i}\n" for i in ids if is_id(i)).encode()
        if not asked:
            return set()
        result = self.ask(*_DIFF, "-c", "-M", "--raw", data=asked)
        if result.code:
            result = self.ask(*_DIFF, "-c", "--no-renames", "--raw", data=asked)
        return objects.paths(result.out)

    def patch_ids(self, ids: Iterable[Id]) -> dict[Id, str]:
        """Return the patch-id of each of these commits that has one: a merge and an empty commit have none."""
        found: dict[Id, str] = {}
        wanted = [i for i in ids if is_id(i)]
        for first in range(0, len(wanted), _PATCHES_AT_ONCE):
            asked = "".join(f"{i}\n" for i in wanted[first : first + _PATCHES_AT_ONCE]).encode()
            patches = self.ask("diff-tree", "--stdin", "-p", *_PLAIN, data=asked)
            answer = self.ask("patch-id", "--stable", data=patches.out)
            for line in answer.out.splitlines():
                patch, _, commit = text(line).partition(" ")
                if is_id(patch) and is_id(commit):
                    found[commit] = patch
        return found

    def patch_id_between(self, old: Id, new: Id) -> str | None:
        """Return the patch-id of all that changed from one commit to another: what a squash of them would have."""
        if not (is_id(old) and is_id(new)):
            return None
        patch = self.ask("diff-tree", "-p", "-r", *_PLAIN, old, new)
        answer = self.ask("patch-id", "--stable", data=patch.out) if patch.code == 0 and patch.out else None
        words = text(answer.out).split() if answer is not None else []
        return words[0] if words and is_id(words[0]) else None

    # --------------------------------------------------------------------------------------------------------- history

    def is_ancestor(self, older: Id, newer: Id) -> bool:
        """Tell whether `older` is `newer` or below it; False where one of them is not here."""
        if not (is_id(older) and is_id(newer)):
            return False
        return self.ask("merge-base", "--is-ancestor", older, newer).code == 0

    def merge_base(self, one: Id, other: Id) -> Id | None:
        """Return the best common ancestor, None where there is none."""
        if not (is_id(one) and is_id(other)):
            return None
        return _one_id(self.ask("merge-base", one, other))

    def rev_list(
        self, include: Iterable[Id], exclude: Iterable[Id] = (), *, limit: int = 0
    ) -> tuple[Id, ...]:
        """Return the commits below `include` and not below `exclude`, parents before children.

        Ids that are not here are passed over. With `limit`, the newest ones.
        """
        asked = [i for i in include if is_id(i)] + [f"^{i}" for i in exclude if is_id(i)]
        if not asked or asked[0].startswith("^"):
            return ()
        most = [f"--max-count={limit}"] if limit else []
        order = ("rev-list", "--topo-order", "--reverse", "--ignore-missing", *most, "--stdin")
        result = self.ask(*order, data=("\n".join(asked) + "\n").encode())
        return tuple(result.out.decode("ascii", "replace").split()) if result.code == 0 else ()

    def reachable(self, ids: Iterable[Id]) -> set[Id]:
        """Return those of the ids that are still below a branch, a remote branch or the HEAD of a worktree."""
        wanted = {i for i in ids if self.header(i) is not None}
        if not wanted:
            return set()
        listed = self.ask("worktree", "list", "--porcelain").out.split(b"\n")
        heads = [text(line[5:]) for line in listed if line.startswith(b"HEAD ")]
        asked = [*sorted(wanted), *(f"^{h}" for h in heads if is_id(h) and h.strip("0"))]
        gone = self.ask(
            *("rev-list", "--ignore-missing", "--not", "--branches", "--remotes", "--not", "--stdin"),
            data=("\n".join(asked) + "\n").encode(),
        )
        return wanted.difference(gone.out.decode("ascii", "replace").split()) if gone.code == 0 else set()

    def count_beyond(self, commit: Id, ref: str) -> int:
        """Return how many commits are below this one and below no remote-tracking branch but that one."""
        others = (f"--exclude={ref.removeprefix('refs/remotes/')}", "--exclude=*/HEAD", "--remotes")
        result = self.ask("rev-list", "--count", commit, "--not", *others) if is_id(commit) else None
        return int(result.out) if result is not None and result.code == 0 else 0

    # -------------------------------------------------------------------------------------------------------- the rest

    def head(self) -> Id | None:
        """Return the commit that is checked out, None where there is none yet."""
        return self.resolve("HEAD")

    def resolve(self, revision: str) -> Id | None:
        """Return the commit that a revision names, None where it names none."""
        return _one_id(
            self.ask("rev-parse", "--quiet", "--verify", "--end-of-options", f"{revision}^{{commit}}")
        )

    def branch(self) -> str | None:
        """Return the branch that is checked out, None on a detached head."""
        name = text(self.ask("symbolic-ref", "--quiet", "HEAD").out).rstrip("\n")
        return name.removeprefix("refs/heads/") if name.startswith("refs/heads/") else None

    def refs(self, below: str) -> list[str]:
        """Return the full names of the refs in this folder, or this one, the ones committed to last first."""
        if below.startswith("-"):
            return []
        found = self.ask("for-each-ref", "--sort=-committerdate", "--format=%(refname)", below)
        return text(found.out).split("\n")[:-1] if found.code == 0 else []

    def identity(self) -> tuple[str, str]:
        """Return the name and mail that git would stamp into a commit now; empty where git would refuse."""
        result = self.ask("var", "GIT_COMMITTER_IDENT", here=True)
        return objects.ident(result.out.rstrip(b"\n")).who

    def status_counts(self) -> tuple[int, int, int]:
        """Return how many files are staged, changed and not staged, and untracked, as `git status` counts them."""
        result = self.ask("status", "--porcelain", "-z", here=True)
        staged = unstaged = untracked = 0
        fields = iter(result.out.split(b"\0"))
        for item in fields:
            index, tree = item[:1], item[1:2]
            if index == b"?":
                untracked += 1
                continue
            staged += index not in b" !"
            unstaged += tree not in b" !"
            if {index, tree} & {b"R", b"C"}:
                next(fields, b"")  # the name it had
        return staged, unstaged, untracked

    def is_partial(self) -> bool:
        """Tell whether it is a partial clone, in which contents may be missing."""
        if self._partial is None:
            asked = ("--get-regexp", r"^(extensions\.partialclone|remote\..*\.promisor)$")
            self._partial = self.ask("config", *asked).code == 0
        return self._partial

    def version(self) -> tuple[int, ...]:
        """Return git's version, as far as it is numbers."""
        words = self.ask("version").out.split()
        numbers = re.match(rb"\d+(?:\.\d+)*", words[2]) if len(words) > 2 else None
        if numbers is None:
            raise GitFailed("git does not tell its version", "Ask git: git version")
        return tuple(int(n) for n in numbers[0].split(b"."))


def _one_id(result: processes.Result) -> Id | None:
    first = text(result.out).split("\n", 1)[0]
    return first if result.code == 0 and is_id(first) else None
