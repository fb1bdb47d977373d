"""The clone that goes in: made of the user's repository, without its remotes, its other branches, tags or stashes.

No object is shared with the user's repository, by link or by reference: the tar of the clone is all that the container
ever sees. Uncommitted work goes along only where that was asked for, as a commit that exists in the clone alone.
"""

from __future__ import annotations

import io
import os
import queue
import tarfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from patina_sessions.errors import GitFailed, PatinaError
from patina_sessions.frozen import dataclass
from patina_sessions.model import Id
from patina_sessions.system import files, processes, quarantine
from patina_sessions.system.objects import first_words, is_id, text
from patina_sessions.system.repository import Repository

UID = GID = 1000  # of whoever works in the container, and of the files in the clone
AGENT = {
    "GIT_AUTHOR_NAME": "Patina YOLO",
    "GIT_AUTHOR_EMAIL": "yolo@patina.invalid",
    "GIT_COMMITTER_NAME": "Patina YOLO",
    "GIT_COMMITTER_EMAIL": "yolo@patina.invalid",
}
# The clone's own configuration; whoever works in it may change it as he likes, nobody reads it afterwards. The owner
# and the inode of every file are others than the index says: without these two lines git would read all files again.
_CONFIG = """[user]
\tname = Patina YOLO
\temail = yolo@patina.invalid
[core]
\ttrustctime = false
\tcheckStat = minimal
[gc]
\tauto = 0
[advice]
\tdetachedHead = false
"""
_QUIET = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "gc.auto=0")
PIECE = 1 << 20


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
    names, fields = [], iter(said.out.split(b"\0"))
    for item in fields:
        if len(item) > 3:
            names.append(text(item[3:]))
            if item[:1] in (b"R", b"C"):
                next(fields, None)
    names = [name for name in names if not name.startswith(".patina/local")]
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


def clone(repository: Repository, source: Source, folder: Path) -> Id:
    """Make the clone in `folder`/repo and return the commit it stands at."""
    files.remove_tree(folder)
    work = folder / "repo"
    files.make_folder(work)
    _git(work, "init", "--quiet", "--template=", f"--object-format={source.object_format}", ".")
    _fetch(repository, source, work)
    base = _with_changes(repository, source, work) if source.changes else source.start
    git = work / ".git"
    _git(work, "update-ref", f"refs/heads/{source.branch}", base)
    _git(work, "symbolic-ref", "HEAD", f"refs/heads/{source.branch}")
    files.append(git / "config", _CONFIG.encode(), durable=False)
    _git(work, "checkout", "--quiet", "--force", source.branch, "--")
    for name in ("FETCH_HEAD", "ORIG_HEAD"):  # it names the user's folder
        files.remove(git / name)
    files.remove_tree(git / "logs")
    return base


def _fetch(repository: Repository, source: Source, work: Path) -> None:
    """Take one commit and what is below it. The other end is the user's own repository, in its own configuration."""
    argv = ["git", *_QUIET, "-c", "protocol.file.allow=always", "-c", "fetch.fsckObjects=false", "fetch"]
    argv += ["--quiet", "--no-tags", "--no-recurse-submodules", "--update-shallow"]
    argv += ["--upload-pack", "git -c uploadpack.allowAnySHA1InWant=true upload-pack"]
    argv += [str(repository.common_dir), f"+{source.start}:refs/patina/start"]
    said = processes.run(argv, cwd=work)
    if said.code:
        raise GitFailed(
            f"the clone cannot be made: {first_words(said.err)}",
            "A partial clone has not all that is needed: git fetch --refetch, or git fsck says more.",
        )
    _git(work, "update-ref", "-d", "refs/patina/start")


def _with_changes(repository: Repository, source: Source, work: Path) -> Id:
    """Make a commit of the working tree as it is, in the clone alone; the user's index and objects stay as they are."""
    index, top = work.parent / "index", repository.top
    files.write(index, files.read(repository.git_dir / "index") or b"", durable=False)
    env = {
        "GIT_INDEX_FILE": str(index),
        "GIT_OBJECT_DIRECTORY": str(work / ".git" / "objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(repository.common_dir / "objects"),
        **AGENT,
    }
    where = ["git", *_QUIET, f"--git-dir={repository.git_dir}", f"--work-tree={top}"]

    def ask(*args: str, data: bytes | None = None) -> str:
        said = processes.run([*where, *args], cwd=top, env=env, data=data)
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


def _git(work: Path, *args: str) -> str:
    """Run git in the clone, which is ours still: no configuration of the user's, so no filter and no hook either."""
    env = {**quarantine.environment(work.parent), **AGENT}
    said = processes.alone(["git", *args], cwd=work, env=env, seconds=600, most=1_000_000)
    if said.code:
        raise GitFailed(f"the clone cannot be made: {first_words(said.err)}", "Ask git: git fsck")
    return text(said.out)


def packed(folder: Path) -> Iterator[bytes]:
    """Yield the tar of the clone, its files owned by whoever works in the container, while it is being made."""
    pieces: queue.Queue[bytes | BaseException | None] = queue.Queue(maxsize=8)
    gone = threading.Event()

    def pack() -> None:
        try:
            with tarfile.open(
                name=None, mode="w|", fileobj=_Into(pieces, gone), bufsize=PIECE, format=tarfile.GNU_FORMAT
            ) as tar:
                tar.addfile(_owned(_folder("events")))
                tar.add(folder / "repo", arcname="repo", filter=_owned)
            pieces.put(None)
        except (OSError, PatinaError, UnicodeError) as error:
            pieces.put(error)

    threading.Thread(target=pack, name="tar", daemon=True).start()
    try:
        while (piece := pieces.get()) is not None:
            if isinstance(piece, BaseException):
                raise PatinaError(f"the clone cannot be packed: {piece}", None) from piece
            yield piece
    finally:
        gone.set()


class _Into(io.RawIOBase):
    """A file whose bytes go to whoever waits at the other end of a queue."""

    def __init__(self, pieces: queue.Queue[bytes | BaseException | None], gone: threading.Event) -> None:
        self._pieces = pieces
        self._gone = gone

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        while True:
            try:
                self._pieces.put(bytes(data), timeout=0.5)
            except queue.Full:
                if self._gone.is_set():
                    raise OSError("nobody takes it any more") from None
            else:
                return len(data)


def _owned(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid, info.gid, info.uname, info.gname = UID, GID, "", ""
    info.mtime = int(info.mtime)
    return info


def _folder(name: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.mode = tarfile.DIRTYPE, 0o700
    return info


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
