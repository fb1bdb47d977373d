"""The clone that goes in, as a git directory of one pack; its files are checked out where it arrives.

No object is shared with the user's repository, by link or by reference: the tar made here is all that the container
ever sees. Uncommitted work goes along only where that was asked for, as a commit that exists in the clone alone.
Packed by `git pack-objects`, which writes the index of what it packs by itself and copies what is packed already; a
fetch would take every object apart for it. And an engine takes a millisecond for each file that it unpacks (20.10).
"""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

from patina_sessions.errors import GitFailed
from patina_sessions.model import Id
from patina_sessions.runs.yolo.checkout import UNREADY
from patina_sessions.runs.yolo.source import AGENT, GID, QUIET, UID, Source
from patina_sessions.system import files, processes
from patina_sessions.system.objects import first_words, is_id, text
from patina_sessions.system.repository import Repository

PIECE = 1 << 20
_ALTERNATES = "GIT_ALTERNATE_OBJECT_DIRECTORIES"
_WHOLE = {"GIT_GRAFT_FILE": os.devnull}  # what somebody grafted on is no part of any commit

# Whoever works in it may change it as he likes, nobody reads it afterwards.
_CONFIG = """[core]
\trepositoryformatversion = {version}
\tfilemode = true
\tbare = false
[user]
\tname = Patina YOLO
\temail = yolo@patina.invalid
[gc]
\tauto = 0
[advice]
\tdetachedHead = false
{extensions}"""


def make(repository: Repository, source: Source, folder: Path) -> Id:
    """Make the clone in `folder`/repo, without its files, and return the commit it stands at."""
    files.remove_tree(folder)
    git, scratch = folder / "repo" / ".git", folder / "scratch"
    base = _with_changes(repository, source, scratch) if source.changes else source.start
    files.make_folder(git / "objects" / "pack")
    _pack(repository, base, git / "objects" / "pack", scratch / "objects" if source.changes else None)
    files.remove_tree(scratch)
    other = source.object_format != "sha1"
    extensions = f"[extensions]\n\tobjectFormat = {source.object_format}\n" if other else ""
    _write(git / "config", _CONFIG.format(version=int(other), extensions=extensions))
    _write(git / "HEAD", f"ref: refs/heads/{source.branch}\n")
    _write(git / "refs" / "heads" / source.branch, f"{base}\n")
    _write(git / UNREADY, "")
    if boundary := _boundary(repository, source.start):
        _write(git / "shallow", "".join(f"{commit}\n" for commit in boundary))
    return base


def _write(path: Path, content: str) -> None:
    files.make_folder(path.parent)
    files.write(path, os.fsencode(content), durable=False)


def _pack(repository: Repository, base: Id, into: Path, new: Path | None) -> None:
    """Pack a commit and all below it, as the user's repository has it, and what is new in a folder of objects."""
    argv = ["git", "-c", "core.fsync=none", "pack-objects", "--quiet", "--revs", "--delta-base-offset"]
    env = {**_WHOLE, **({} if new is None else {_ALTERNATES: _quoted(new)})}
    said = processes.run([*argv, str(into / "pack")], cwd=repository.top, data=f"{base}\n".encode(), env=env)
    if said.code:
        raise GitFailed(
            f"the clone cannot be made: {first_words(said.err)}",
            "A partial clone has not all that is needed: git fetch --refetch, or git fsck says more.",
        )


def _quoted(path: Path) -> str:
    """Return a path as one of a list with colons between (git, Documentation/git.txt)."""
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _boundary(repository: Repository, start: Id) -> list[Id]:
    """Return the commits below `start` whose parents a shallow repository does not have."""
    known = files.read(repository.common_dir / "shallow")
    if known is None:
        return []
    said = processes.run(["git", "rev-list", "--max-parents=0", start], cwd=repository.top, env=_WHOLE)
    return sorted({line for line in text(said.out).split() if is_id(line)} & set(text(known).split()))


def _with_changes(repository: Repository, source: Source, scratch: Path) -> Id:
    """Make a commit of the working tree as it is, apart; the user's index and objects stay as they are."""
    index, top = scratch / "index", repository.top
    files.make_folder(scratch / "objects")
    files.write(index, files.read(repository.git_dir / "index") or b"", durable=False)
    env = {
        "GIT_INDEX_FILE": str(index),
        "GIT_OBJECT_DIRECTORY": str(scratch / "objects"),
        _ALTERNATES: _quoted(repository.common_dir / "objects"),
        **AGENT,
    }
    where = ["git", *QUIET, f"--git-dir={repository.git_dir}", f"--work-tree={top}"]

    def ask(*args: str) -> str:
        said = processes.run([*where, *args], cwd=top, env=env)
        if said.code:
            raise GitFailed(
                f"uncommitted work cannot be taken along: {first_words(said.err)}", "Ask git: git status"
            )
        return text(said.out).strip()

    ask("add", "--all", "--", ".")
    tree = ask("write-tree")
    if tree == ask("rev-parse", f"{source.start}^{{tree}}"):
        return source.start
    return ask("commit-tree", tree, "-p", source.start, "-m", "What was not committed when the run began")


def packed(folder: Path) -> Iterator[bytes]:
    """Yield the tar of the clone in pieces, its files owned by whoever works in the container."""
    yield _head("events", mode=0o700)
    yield _head("repo")
    for place, folders, names in os.walk(folder / "repo"):
        inside = os.path.relpath(place, folder)
        for name in folders:
            yield _head(f"{inside}/{name}")
        for name in names:
            yield from _file(Path(place, name), f"{inside}/{name}")
    yield bytes(2 * tarfile.BLOCKSIZE)


def _head(name: str, *, mode: int = 0o755, size: int | None = None) -> bytes:
    info = tarfile.TarInfo(name)
    info.type = tarfile.DIRTYPE if size is None else tarfile.REGTYPE
    info.mode, info.size, info.uid, info.gid = mode, size or 0, UID, GID
    return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")


def _file(path: Path, name: str) -> Iterator[bytes]:
    with open(path, "rb") as content:
        left = os.fstat(content.fileno()).st_size
        yield _head(name, mode=0o444 if "/objects/" in name else 0o644, size=left)
        rest = -left % tarfile.BLOCKSIZE
        while left and (piece := content.read(min(left, PIECE))):
            left -= len(piece)
            yield piece
        yield bytes(rest)
