"""The settings in force in a working tree: their files are read, and git is asked what came with the clone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from patina_sessions import settings
from patina_sessions.errors import PatinaError
from patina_sessions.settings import Settings
from patina_sessions.system import files, untrusted

_MOST = 1_000_000  # bytes


def load(top: Path | None, environ: Mapping[str, str] | None = None, *, git: Path | None = None) -> Settings:
    """Read all layers. What a file holds and cannot be is passed over, and named in what is returned.

    `git` is the worktree's git directory, where that is known; else git finds it from `top`.
    """
    return settings.load(top, environ, read=_read, tracked=lambda: top is None or _tracked(top, git))


def _read(path: Path) -> bytes | None:
    """Return the bytes of a file of settings; a link to one is a person's way to keep it elsewhere."""
    data = untrusted.read(path, links=True, most=_MOST)
    if data is None and files.signature(path) is not None:
        raise PatinaError(f"{path} is no plain file of at most 1 MB", f"Move it away: {path}")
    return data


def _tracked(top: Path, git: Path | None) -> bool:
    """Tell whether git tracks this worktree's settings, or a link in place of a folder above them.

    Where git cannot say, they are not trusted.
    """
    from patina_sessions.system import processes

    parts = (b".patina", b".patina/local", b".patina/local/config.toml")
    where = [] if git is None else [f"--git-dir={git}"]
    said = processes.run(["git", *where, "ls-files", "-z", "--", ".patina"], cwd=top)
    return bool(said.code) or any(name in parts for name in said.out.split(b"\0"))
