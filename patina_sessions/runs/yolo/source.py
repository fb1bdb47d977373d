"""What a run begins from: one commit of the user's repository, and what does not go in with it, in words."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from patina_sessions.errors import PatinaError
from patina_sessions.frozen import dataclass
from patina_sessions.model import Id
from patina_sessions.system import own, processes
from patina_sessions.system.objects import is_id, text
from patina_sessions.system.repository import Repository

UID = GID = 1000  # of whoever works in the container, and of the files in the clone
AGENT = {
    "GIT_AUTHOR_NAME": "Patina YOLO",
    "GIT_AUTHOR_EMAIL": "yolo@patina.invalid",
    "GIT_COMMITTER_NAME": "Patina YOLO",
    "GIT_COMMITTER_EMAIL": "yolo@patina.invalid",
}
QUIET = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "gc.auto=0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What the run begins from."""

    start: Id
    branch: str
    object_format: str
    left_out: tuple[str, ...]  # what does not go in, in words
    changes: bool  # uncommitted work goes along


def find(repository: Repository, *, reference: str, with_changes: bool) -> Source:
    """Return what a clone would be made of. Raises `PatinaError` where there is no such commit."""
    top = repository.top
    if with_changes and reference:
        raise PatinaError(
            "uncommitted work belongs to what is checked out, not to another commit",
            "Leave out one of the two.",
        )
    start = repository.head if not reference else _commit(top, reference)
    if start is None:
        raise PatinaError("there is no commit to begin from", "Make one: git commit --allow-empty -m first")
    branch = repository.branch if not reference else _branch(top, reference)
    said = processes.run(["git", "rev-parse", "--show-object-format"], cwd=top)
    left = [] if reference else _uncommitted(top, with_changes=with_changes)
    return Source(
        start=start,
        branch=branch or "yolo",
        object_format=said.out.decode("ascii", "replace").strip() or "sha1",
        left_out=(*left, *_apart(top, start)),
        changes=with_changes,
    )


def _commit(top: Path, reference: str) -> Id:
    said = processes.run(
        ["git", "rev-parse", "--quiet", "--verify", "--end-of-options", f"{reference}^{{commit}}"], cwd=top
    )
    found = text(said.out).strip()
    if said.code or not is_id(found):
        raise PatinaError(f"{reference} names no commit here", "See: git log --oneline --all")
    return found


def _branch(top: Path, reference: str) -> str | None:
    said = processes.run(["git", "rev-parse", "--symbolic-full-name", "--end-of-options", reference], cwd=top)
    full = text(said.out).strip().splitlines()
    name = full[-1] if full else ""
    return name.removeprefix("refs/heads/") if name.startswith("refs/heads/") else None


def _uncommitted(top: Path, *, with_changes: bool) -> list[str]:
    if with_changes:
        return []
    said = processes.run(["git", "-c", "core.fsmonitor=false", "status", "--porcelain", "-z"], cwd=top)
    names, untracked, fields = [], [], iter(said.out.split(b"\0"))
    for item in fields:
        if len(item) > 3:
            names.append(text(item[3:]))
            untracked += names[-1:] if item[:1] == b"?" else []
            if item[:1] in (b"R", b"C"):
                next(fields, None)
    ours = own.alone(untracked, lambda: text(processes.run(["git", *own.LIST], cwd=top).out).split("\0"))
    names = [name for name in names if name not in ours and not name.startswith(".patina/local")]
    if not names:
        return []
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    one = "1 file that is" if len(names) == 1 else f"{len(names)} files that are"
    return [f"{one} not committed (--with-changes takes them): {shown}"]


def _apart(top: Path, start: Id) -> list[str]:
    """Return what git keeps apart from a commit, and a clone does not have: submodules, and contents in LFS."""
    found = []
    listed = processes.run(["git", "ls-tree", "-r", "-z", "--full-tree", start], cwd=top).out.split(b"\0")
    modules = [text(line.partition(b"\t")[2]) for line in listed if line.startswith(b"160000 ")]
    if modules:
        found.append(f"submodules stay empty: {', '.join(modules[:5])}")
    attributes = processes.run(["git", "cat-file", "blob", f"{start}:.gitattributes"], cwd=top)
    if b"filter=lfs" in attributes.out:
        found.append("files in LFS go in as their pointers, without their contents")
    return found


def first_line(names: Mapping[str, str], script: str = "") -> bytes:
    """Return the line of shell that exports these variables, whatever is in them, and runs a script of ours.

    It is sent over standard input, and never an argument.
    """
    said = [
        f"{name}=$(printf '%b.' '{_octal(value)}'); {name}=${{{name}%.}}; export {name};"
        for name, value in names.items()
    ]
    if script:
        said.append(f"eval \"$(printf '%b' '{_octal(script)}')\"")
    return ("".join(said) + "\n").encode("ascii")


def _octal(text: str) -> str:
    return "".join(f"\\0{byte:03o}" for byte in os.fsencode(text))
