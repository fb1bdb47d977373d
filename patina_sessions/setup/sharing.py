"""Who may read and write Patina's state: its owner alone, unless `core.sharedRepository` says that a group may."""

from __future__ import annotations

from patina_sessions.system import processes
from patina_sessions.system.repository import Repository

_NAMED = {
    "group": 0o060,
    "true": 0o060,
    "1": 0o060,
    "all": 0o064,
    "world": 0o064,
    "everybody": 0o064,
    "2": 0o064,
}


def others(setting: str) -> int:
    """Return what group and others may do with a file by this `core.sharedRepository`, as permission bits."""
    word = setting.strip().lower()
    if word in _NAMED:
        return _NAMED[word]
    if len(word) >= 3 and not word.strip("01234567"):
        return int(word, 8) & 0o066
    return 0


def of_file(repository: Repository) -> int:
    """Return the bits for group and others in this repository."""
    asked = ["git", f"--git-dir={repository.git_dir}", "config", "--get", "core.sharedRepository"]
    return others(processes.run(asked, cwd=repository.top).out.decode("utf-8", "replace"))


def folder_mode(bits: int) -> int:
    """Return the mode of the state folder: who reads a file may enter, and what a group shares stays the group's."""
    return 0o700 | bits | (bits & 0o044) >> 2 | (0o2000 if bits & 0o020 else 0)


def of_hook(bits: int) -> int:
    """Return the bits for group and others of what a hook is, or the folder of hooks: who reads it may run it."""
    return folder_mode(bits) & 0o2077


def umask(bits: int) -> int:
    """Return the umask under which a hook makes files in the state folder."""
    return 0o077 & ~folder_mode(bits)
