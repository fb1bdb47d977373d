"""The reflogs of remote-tracking branches: which of them changed, and what came in by them.

Cheap when nothing did. A log grows in place, but a branch moves by a rename, which every folder of `refs/remotes` shows
in its time: so the folders are asked, and the logs only when one of them changed. Every command asks for the folders,
so nothing is loaded for that.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from patina_sessions.model import Id

_READ = 65536  # of FETCH_HEAD


def folders(common: Path) -> tuple[str, int]:
    """Return a hash over the times of all folders of remote-tracking branches, and the latest of those times."""
    import hashlib

    seen = hashlib.sha256()
    latest = 0
    for folder in sorted(tree(common / "refs" / "remotes")):
        try:
            changed = os.stat(folder).st_mtime_ns
        except OSError:
            continue
        latest = max(latest, changed)
        seen.update(f"{folder}\0{changed}\n".encode("utf-8", "surrogateescape"))
    return seen.hexdigest()[:32], latest


def tree(root: Path) -> Iterator[str]:
    """Yield the folder and all below it."""
    yield str(root)
    waiting = [str(root)]
    while waiting:
        for entry in _entries(waiting.pop()):
            if entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
                yield entry.path


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError:
        return []


def logs(common: Path, *, after: int, below: str = "refs/remotes") -> list[tuple[str, Path]]:
    """Return the reflogs of these branches that were written to after that time (ns), as ref and path."""
    root = common / "logs" / below
    found = []
    for folder in tree(root):
        for entry in _entries(folder):
            if not entry.is_file(follow_symlinks=False):
                continue
            try:
                late = entry.stat(follow_symlinks=False).st_mtime_ns > after
            except OSError:
                continue
            if late:
                found.append((f"{below}/{os.path.relpath(entry.path, root)}", Path(entry.path)))
    return sorted(found)


def fetch_heads(git_dir: Path, *, after: int) -> list[Id]:
    """Return what the last fetch brought into this worktree, if that was after the time (ns)."""
    from patina_sessions.system.objects import is_id, text

    try:
        with open(git_dir / "FETCH_HEAD", "rb") as stream:
            late = os.fstat(stream.fileno()).st_mtime_ns > after
            data = stream.read(_READ) if late else b""
    except OSError:
        return []
    names = (text(raw.split(b"\t", 1)[0]) for raw in data.split(b"\n"))
    return [name for name in names if is_id(name)]
