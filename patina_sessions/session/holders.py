"""What of git's still holds what was forgotten: commits and indexes are git's, and nothing of them is changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from patina_sessions.frozen import dataclass
from patina_sessions.model import Id
from patina_sessions.paths import Layout
from patina_sessions.session import forgetting
from patina_sessions.system.git import Git

_LEAST = 200  # commits whose files are looked at in one call
_OURS = ("layer", ".patina", "CLAUDE.md", "AGENTS.md")
_ALL = ("--all", "--reflog")
# Without the second, git passes over a branch whose changes a merge did not leave (git-log(1), History Simplification).
_TOUCHING = ("rev-list", *_ALL, "--full-history", "--")
_GREP = ("grep", "--no-color", "--no-line-number", "--no-column", "-z", "-f", "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A commit, and where in it: the contents of a path, or its name, or None for the message."""

    commit: Id
    path: str | None
    name: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """A file in the index of a worktree: the next commit there would hold it."""

    top: Path
    path: str


def of_text(git: Git, wanted: Sequence[bytes]) -> tuple[tuple[Holder, ...], bool]:
    """Return the commits that have one of the forms in their message or in a journal, and whether all were looked into.

    They go to git on its input: an argument could be read by everybody on the machine. A partial clone lacks contents.
    """
    found = [Holder(commit=commit, path=None) for commit in _messages(git, wanted)]
    found += _named(git, wanted)
    whole = True
    touching = _ids(git.ask(*_TOUCHING, *_OURS, here=True).out)
    for at in range(0, len(touching), _LEAST):
        names, all_there = _holding(git, wanted, *touching[at : at + _LEAST])
        whole = whole and all_there
        for name in names:
            commit, _, path = name.partition(":")
            found.append(Holder(commit=commit, path=path))
    return tuple(found), whole


def staged_text(trees: Iterable[Layout], wanted: Sequence[bytes]) -> Iterator[Staged]:
    """Yield the files of ours that have one of the forms in the index of one of the worktrees."""
    for tree in trees:
        with Git(tree.git, tree.top) as git:
            yield from (Staged(top=tree.top, path=path) for path in _holding(git, wanted, "--cached")[0])


def _holding(git: Git, wanted: Sequence[bytes], *where: str) -> tuple[list[str], bool]:
    """Return the files that have one of the forms, and whether git could read all of them."""
    whole = True

    def grep(patterns: Sequence[bytes], *how: str) -> bytes:
        nonlocal whole
        if not patterns:
            return b""
        given = b"".join(pattern + b"\n" for pattern in patterns)
        said = git.ask(*_GREP, *how, *where, "--", *_OURS, data=given, here=True)
        whole = whole and said.code <= 1 and not said.err
        return said.out

    names = dict.fromkeys(filter(None, grep(wanted, "-F", "-l").split(b"\0")))
    for said in grep(forgetting.beginnings(wanted), "-E").split(b"\n"):
        name, _, line = said.partition(b"\0")
        if forgetting.without(line, wanted)[1]:
            names[name] = None
    return [name.decode("utf-8", "surrogateescape") for name in names], whole


def _messages(git: Git, wanted: Sequence[bytes]) -> list[Id]:
    said = git.ask("log", *_ALL, "-z", "--encoding=UTF-8", "--format=%H%x01%B").out
    halves = (one.partition(b"\1") for one in said.split(b"\0"))
    return [
        commit.decode("ascii") for commit, _, message in halves if any(form in message for form in wanted)
    ]


def _named(git: Git, wanted: Sequence[bytes]) -> Iterator[Holder]:
    """Yield the commits that brought a file with one of the forms in its name."""
    how = ("--full-history", "--no-renames", "--diff-filter=A", "--name-only", "-z", "--format=%x01%H")
    for one in git.ask("log", *_ALL, *how, here=True).out.split(b"\1")[1:]:
        commit, *names = one.split(b"\0")
        for name in names:
            path = name.removeprefix(b"\n")
            if any(form in path for form in wanted):
                told = path.decode("utf-8", "surrogateescape")
                yield Holder(commit=commit.decode("ascii").strip(), path=told, name=True)


def of_journal(git: Git, session: str) -> tuple[Holder, ...]:
    """Return the commits whose tree has the journal of that session, the newest first."""
    path = _journal(session)
    touching = _ids(git.ask(*_TOUCHING, path, here=True).out)
    there = git.ask("cat-file", "--batch-check", data="".join(f"{i}:{path}\n" for i in touching).encode()).out
    lines = there.decode("utf-8", "replace").splitlines()
    return tuple(
        Holder(commit=i, path=path) for i, line in zip(touching, lines, strict=True) if " blob " in line
    )


def staged_journal(trees: Iterable[Layout], session: str) -> Iterator[Staged]:
    """Yield the journal of that session where the index of a worktree has it."""
    path = _journal(session)
    for tree in trees:
        with Git(tree.git, tree.top) as git:
            if git.ask("ls-files", "-z", "--cached", "--", path, here=True).out:
                yield Staged(top=tree.top, path=path)


def _journal(session: str) -> str:
    return f"layer/sessions/{session}.md"


def _ids(out: bytes) -> list[Id]:
    return out.decode("ascii", "replace").split()
