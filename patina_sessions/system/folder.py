"""A folder of many files: looked at once, keeping nothing but names and signatures, and tidied."""

from __future__ import annotations

import os
from pathlib import Path

from patina_sessions.system import files


def plain(folder: Path) -> list[tuple[str, str]]:
    """Return name and signature of each plain file in a folder, none where it cannot be read.

    Links, pipes and hidden files are passed over. A signature changes whenever somebody saves the file.
    """
    found = []
    try:
        with os.scandir(folder) as entries:
            for one in entries:
                if not one.name.startswith(".") and one.is_file(follow_symlinks=False):
                    s = one.stat(follow_symlinks=False)
                    signature = f"{s.st_dev},{s.st_ino},{s.st_size},{s.st_mtime_ns},{s.st_ctime_ns}"
                    found.append((one.name, signature))
    except OSError:
        return found
    return found


def sweep(path: Path) -> None:
    """Remove what a write of that file left beside it when it was killed. Nobody else may be writing it now."""
    for name in files.names(path.parent):
        if name.startswith(".") and f".{path.name}." in name and name.endswith(".tmp"):
            files.remove(path.parent / name)
