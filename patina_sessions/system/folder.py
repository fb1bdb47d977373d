"""A folder of thousands of files, asked once: one look at each, and nothing kept of it but name and signature."""

from __future__ import annotations

import os
from pathlib import Path


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
