"""Which commits still hold what was forgotten: those are git's, and nothing of them is changed."""

from __future__ import annotations

from patina_sessions.frozen import dataclass
from patina_sessions.model import Id
from patina_sessions.system.git import Git

_LEAST = 200  # commits whose files are looked at in one call
_OURS = ("layer", ".patina", "CLAUDE.md", "AGENTS.md")
_ALL = ("--all", "--reflog")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A commit, and where in it: a path, or None for its message."""

    commit: Id
    path: str | None


def of_text(git: Git, text: str) -> tuple[Holder, ...]:
    """Return the commits that have the text in their message or in a journal, the newest first.

    The text goes to git on its input: an argument could be read by everybody on the machine.
    """
    found = [Holder(commit=commit, path=None) for commit in _messages(git, text)]
    touching = _ids(git.ask("rev-list", *_ALL, "--", *_OURS, here=True).out)
    for at in range(0, len(touching), _LEAST):
        asked = ("grep", "-z", "-l", "-F", "-f", "-", *touching[at : at + _LEAST], "--", *_OURS)
        said = git.ask(*asked, data=text.encode("utf-8", "surrogateescape") + b"\n", here=True)
        for name in filter(None, said.out.split(b"\0")):
            commit, _, path = name.decode("utf-8", "surrogateescape").partition(":")
            found.append(Holder(commit=commit, path=path))
    return tuple(found)


def _messages(git: Git, text: str) -> list[Id]:
    said = git.ask("log", *_ALL, "-z", "--no-show-signature", "--encoding=UTF-8", "--format=%H%x01%B").out
    wanted = text.encode("utf-8", "surrogateescape")
    halves = (one.partition(b"\1") for one in said.split(b"\0"))
    return [commit.decode("ascii") for commit, _, message in halves if wanted in message]


def of_journal(git: Git, session: str) -> tuple[Holder, ...]:
    """Return the commits whose tree has the journal of that session, the newest first."""
    path = f"layer/sessions/{session}.md"
    touching = _ids(git.ask("rev-list", *_ALL, "--", path, here=True).out)
    there = git.ask("cat-file", "--batch-check", data="".join(f"{i}:{path}\n" for i in touching).encode()).out
    lines = there.decode("utf-8", "replace").splitlines()
    return tuple(
        Holder(commit=i, path=path) for i, line in zip(touching, lines, strict=True) if " blob " in line
    )


def _ids(out: bytes) -> list[Id]:
    return out.decode("ascii", "replace").split()
