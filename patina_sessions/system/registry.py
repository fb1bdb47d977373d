"""The repositories of this machine that were given to Patina, one a line, in a person's state folder."""

from __future__ import annotations

import os
from pathlib import Path

from patina_sessions.errors import PatinaError
from patina_sessions.system import files


def _file() -> Path | None:
    base = os.environ.get("XDG_STATE_HOME") or (
        f"{os.environ['HOME']}/.local/state" if os.environ.get("HOME") else ""
    )
    return Path(base) / "patina" / "repositories" if base.startswith("/") else None


def add(git: Path, top: Path) -> None:
    """Remember a repository by its git directory. Where there is no home, or it is not writable, nothing is."""
    path = _file()
    line = os.fsencode(f"{git}\t{top}")
    if path is None or b"\n" in line or line in (files.read(path) or b"").split(b"\n"):
        return
    try:
        files.make_folder(path.parent)
        files.append(path, line + b"\n", durable=False)
    except (PatinaError, OSError):
        return


def without(git: Path) -> tuple[Path, bytes, bytes] | None:
    """Return the file with its bytes, and those without this repository; None where it does not stand there."""
    path = _file()
    before = (files.read(path) if path else None) or b""
    lines = before.split(b"\n")
    kept = [line for line in lines if not line.startswith(os.fsencode(f"{git}\t"))]
    return None if path is None or kept == lines else (path, before, b"\n".join(kept))


def all_of_them() -> list[tuple[Path, Path]]:
    """Return git directory and working tree of each repository that is still there."""
    path = _file()
    found = {}
    for line in (files.read(path) or b"").split(b"\n") if path else ():
        git, tab, top = os.fsdecode(line).partition("\t")
        if tab and Path(git).is_dir():
            found[Path(git)] = Path(top)
    return list(found.items())
