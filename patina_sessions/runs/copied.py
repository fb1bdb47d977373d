"""The tree in a workspace whose engine does not see this file system: what git knows and does not ignore, copied in.

Only what changed since the last run goes over the line, and what is gone here goes there. Nothing comes back.
"""

from __future__ import annotations

import io
import json
import os
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path

from patina_sessions.errors import PatinaError
from patina_sessions.paths import Layout
from patina_sessions.runs.workspace import User, Workspace
from patina_sessions.system import files, processes
from patina_sessions.system.docker import Engine

Say = Callable[[str], None]
Marks = dict[str, list[int]]
PACK = 32_000_000  # bytes of a tar that is held in memory
_ASK = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")


def bring(engine: Engine, layout: Layout, workspace: Workspace, *, say: Say) -> None:
    """Make the tree in the workspace what it is here."""
    kept = layout.runs / f"copied-{workspace.container[:12]}.json"
    before = _load(kept)
    now = {name: mark for name in listed(layout.top) if (mark := _mark(layout.top / name)) is not None}
    changed = [name for name, mark in now.items() if before.get(name) != mark]
    gone = [name for name in before if name not in now]
    if not before:
        _make_folder(engine, layout.top, workspace)
    size = 0
    for pack in _packs(layout.top, changed, now, workspace.user):
        engine.put(workspace.container, str(layout.top), pack)
        size += len(pack)
    if gone:
        _remove(engine, layout.top, workspace, gone)
    if changed or gone:
        say(f"Copied {len(changed)} files ({size / 1e6:.1f} MB) into the workspace, removed {len(gone)}")
    files.write(kept, json.dumps(now).encode("ascii"), durable=False)


def listed(top: Path) -> list[str]:
    """Return the tracked files and the untracked ones that are not ignored, those of submodules too."""
    said = processes.run(["git", *_ASK], cwd=top)
    if said.code:
        raise PatinaError("git cannot list the files to be copied", "Ask it: git status")
    found: list[str] = []
    for raw in said.out.split(b"\0"):
        name = os.fsdecode(raw).rstrip("/")
        path = top / name
        if not name or name.startswith(".patina/local/"):
            continue
        if path.is_dir() and not path.is_symlink():  # a submodule, or a repository in the tree
            found += [f"{name}/{inner}" for inner in listed(path)] if (path / ".git").exists() else []
        else:
            found.append(name)
    return found


def _mark(path: Path) -> list[int] | None:
    try:
        s = os.lstat(path)
    except OSError:
        return None  # deleted, and git has not been told yet
    if not (stat.S_ISREG(s.st_mode) or stat.S_ISLNK(s.st_mode)):
        return None
    return [s.st_size, s.st_mtime_ns, s.st_mode]


def _packs(top: Path, names: list[str], marks: Marks, user: User) -> list[bytes]:
    packs: list[bytes] = []
    buffer, pack = _open()
    folders: set[str] = set()
    for name in names:
        for folder in reversed(Path(name).parents[:-1] if len(Path(name).parts) > 1 else ()):
            if folder.as_posix() not in folders:
                folders.add(folder.as_posix())
                pack.addfile(_owned(_folder(folder.as_posix()), user))
        _add(pack, top / name, name, marks[name], user)
        if buffer.tell() > PACK:
            pack.close()
            packs.append(buffer.getvalue())
            buffer, pack = _open()
    pack.close()
    return [*packs, buffer.getvalue()] if names else []


def _open() -> tuple[io.BytesIO, tarfile.TarFile]:
    buffer = io.BytesIO()
    return buffer, tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT)


def _folder(name: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.mode = tarfile.DIRTYPE, 0o755
    return info


def _add(pack: tarfile.TarFile, path: Path, name: str, mark: list[int], user: User) -> None:
    info = tarfile.TarInfo(name)
    info.mode, info.mtime = stat.S_IMODE(mark[2]), mark[1] // 10**9
    if stat.S_ISLNK(mark[2]):
        info.type, info.linkname = tarfile.SYMTYPE, os.readlink(path)
        pack.addfile(_owned(info, user))
        return
    data = files.read(path) or b""
    info.size = len(data)
    pack.addfile(_owned(info, user), io.BytesIO(data))


def _owned(info: tarfile.TarInfo, user: User) -> tarfile.TarInfo:
    info.uid, info.gid = user.uid, user.gid
    return info


def _make_folder(engine: Engine, top: Path, workspace: Workspace) -> None:
    script = 'mkdir -p "$1" && chown "$2" "$1"'
    said = engine.ask(
        workspace.container, ["/bin/sh", "-c", script, "sh", str(top), workspace.user.words], user="0"
    )
    if said.code:
        raise PatinaError(f"cannot make {top} in the workspace", said.err.decode("utf-8", "replace")[:200])


def _remove(engine: Engine, top: Path, workspace: Workspace, names: list[str]) -> None:
    for start in range(0, len(names), 500):
        paths = [f"{top}/{name}" for name in names[start : start + 500]]
        engine.ask(workspace.container, ["rm", "-f", "--", *paths], user="0")


def _load(kept: Path) -> Marks:
    try:
        found = json.loads(files.read(kept) or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
