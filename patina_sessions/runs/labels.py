"""The labels by which Patina finds again what it made in an engine. What does not carry them is never touched."""

from __future__ import annotations

import os
from pathlib import Path

VERSION = "dev.patina.version"
KIND = "dev.patina.kind"  # workspace, image; autonomous runs have their own
WORKTREE = "dev.patina.worktree"
TOP = "dev.patina.top"
HOST = "dev.patina.host"
CONFIGURATION = "dev.patina.configuration"
ASKED = "dev.patina.asked"  # the image that the command line asked for, nothing where the project chose
TREE = "dev.patina.tree"  # mounted, copied
RUN = "dev.patina.run"  # of an autonomous run: its container, its volume, its network
ANY = f"{VERSION}=1"


def common(top: Path, key: str) -> dict[str, str]:
    """Return what everything carries that is made for a worktree."""
    return {VERSION: "1", WORKTREE: key, TOP: str(top), HOST: os.uname().nodename}
