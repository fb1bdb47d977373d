"""The manifest of `init`: every file and folder that it made or changed in a repository and its worktrees.

It is written before anything it lists is touched, so that a kill in between can be undone too. It keeps no bytes from
before: what we write into somebody's file is a marked block, which comes out of whatever the file is by then. Settings
of agents are JSON and have no room for marks; what is written there is in a ledger with the bytes (`setup.ledger`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Literal

from patina_sessions.errors import NewerData, PatinaError
from patina_sessions.frozen import dataclass
from patina_sessions.paths import FORMAT, Common
from patina_sessions.system import files

GIT = "git"  # the place of what lies in the git common directory; what lies in a worktree has the worktree's key


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file or folder. `block`: a file of somebody else with lines of ours; `file`: all ours."""

    place: str
    path: str  # from there, with `/`
    kind: Literal["file", "block", "folder"]
    written: str = ""  # hash of what we left; nothing for a folder
    original: str | None = None  # hash of what was there without our lines, None where `init` made the file


def digest(data: bytes) -> str:
    """Return the name of these bytes."""
    return hashlib.sha256(data).hexdigest()


def load(common: Common) -> tuple[Entry, ...]:
    """Return what `init` has recorded; nothing where it never ran. Raises `NewerData`."""
    raw = files.read(common.manifest)
    if raw is None:
        return ()
    try:
        whole = json.loads(raw)
        if whole["format"] > FORMAT:
            raise NewerData(
                f"{common.manifest} was written by a newer Patina",
                "Upgrade: pip install --upgrade patina-sessions",
            )
        # Until 0.1.0 an entry had the mode of the original too, and the bytes lay beside in `originals/`.
        return tuple(Entry(**{k: v for k, v in e.items() if k != "mode"}) for e in whole["entries"])
    except (ValueError, KeyError, TypeError) as error:
        raise PatinaError(f"{common.manifest} is damaged", "Move it away and run: patina init") from error


def merge(old: Iterable[Entry], new: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return both, and of two for one path the newer; but a file that `init` once made stays one that it made."""
    found = {(entry.place, entry.path): entry for entry in old}
    for entry in new:
        before = found.get((entry.place, entry.path))
        ours = before is not None and before.original is None
        found[entry.place, entry.path] = replace(entry, original=None) if ours else entry
    return tuple(found.values())


def save(common: Common, entries: Iterable[Entry]) -> None:
    """Keep the list, whole and on the disk before this returns."""
    whole = {"format": FORMAT, "entries": [asdict(entry) for entry in entries]}
    files.write(common.manifest, json.dumps(whole, indent=1).encode() + b"\n")


def resolve(entry: Entry, common: Common, tops: dict[str, Path]) -> Path | None:
    """Return where the entry's file is now, None where its worktree is gone. `tops` has the worktrees by key.

    None too where a link stands on the way by now: nothing is taken away through one.
    """
    base = common.git if entry.place == GIT else tops.get(entry.place)
    if base is None:
        return None
    path = base / entry.path
    return path if path.parent.resolve() == (base.resolve() / entry.path).parent else None
