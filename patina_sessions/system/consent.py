"""Whether a repository was given to Patina on this machine: what `repo.json` says, read in one way by all who ask.

Whoever is about to make something in the state folder asks once more when it holds its lock: `uninstall` may have had
that before.
"""

from __future__ import annotations

import json
from pathlib import Path

from patina_sessions.errors import NewerData, NotSetUp
from patina_sessions.paths import FORMAT, Common
from patina_sessions.system import files


def version(common: Common) -> int | None:
    """Return the format of the repository's data, None without consent.

    0 where the file is damaged: consent was given, and `init` writes it anew.
    """
    raw = files.read(common.consent)
    if raw is None:
        return None
    try:
        return int(json.loads(raw)["format"])
    except (ValueError, KeyError, TypeError):
        return 0


def given(common: Common) -> bool:
    """Tell whether there is consent, and data that this Patina knows."""
    found = version(common)
    return found is not None and found <= FORMAT


def require(common: Common) -> None:
    """Raise `NotSetUp` where `patina init` was never run on this machine, `NewerData` where a newer one was."""
    if refuse_newer(common) is None:
        raise NotSetUp("Patina is not set up in this repository", "Set it up: patina init")


def refuse_newer(common: Common) -> int | None:
    """Return what `version` does. Raises `NewerData` where that is newer than we know."""
    found = version(common)
    if found is not None and found > FORMAT:
        raise NewerData(
            f"this repository's Patina data is of format {found}; this Patina knows {FORMAT}",
            "Upgrade: pip install --upgrade patina-sessions",
        )
    return found


def withdraw(common: Common, lock: Path) -> None:
    """Take away a lock that was made after `uninstall` was through, by who holds it, and the folders made for it."""
    files.remove(lock)
    for folder in lock.parents:
        if not folder.is_relative_to(common.home) or not files.remove_folder(folder):
            return
