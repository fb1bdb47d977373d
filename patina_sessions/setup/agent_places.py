"""Where agents keep their settings, a person's and a project's, and where what our hooks call lies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from patina_sessions.errors import PatinaError
from patina_sessions.setup.plan import Step
from patina_sessions.system.repository import Repository

NAMES = {"claude": "Claude Code", "codex": "Codex", "gemini": "Gemini CLI", "opencode": "OpenCode"}
AGENTS = tuple(NAMES)
PROJECT = {
    "claude": ".claude/settings.json",
    "codex": ".codex/hooks.json",
    "gemini": ".gemini/settings.json",
    "opencode": ".opencode/plugins/patina.js",
}


def data_folder(environ: Mapping[str, str]) -> Path:
    """Return the folder of the script that all hooks call. Raises `PatinaError` where there is no home."""
    base = environ.get("XDG_DATA_HOME") or (f"{environ['HOME']}/.local/share" if environ.get("HOME") else "")
    if not base.startswith("/"):
        raise PatinaError("there is no home folder", "Set HOME, then run the command again.")
    return Path(base) / "patina"


def homes(environ: Mapping[str, str]) -> dict[str, Path]:
    """Return where each agent keeps a person's settings."""
    home = Path(environ.get("HOME") or "/nonexistent")
    config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    return {
        "claude": Path(environ.get("CLAUDE_CONFIG_DIR") or home / ".claude") / "settings.json",
        "codex": Path(environ.get("CODEX_HOME") or home / ".codex") / "hooks.json",
        "gemini": home / ".gemini" / "settings.json",
        "opencode": config / "opencode" / "plugins" / "patina.js",
    }


def files_of(
    repository: Repository, agent: str, environ: Mapping[str, str]
) -> Iterator[tuple[Literal["person", "project"], Path]]:
    """Yield the files in which an agent's hooks may stand: the person's, and the project's."""
    yield "person", homes(environ)[agent]
    yield "project", repository.top / PROJECT[agent]


def book(environ: Mapping[str, str]) -> Path | None:
    """Return the ledger of what lies in a person's home, None where there is no home."""
    try:
        return data_folder(environ) / "agents.json"
    except PatinaError:
        return None


def folders(folder: Path) -> list[Step]:
    """Return what makes a folder and all above it that are missing."""
    missing = [p for p in (folder, *folder.parents) if not p.exists()]
    return [Step(what="make folder", path=p, why="for the agents' hooks") for p in reversed(missing)]
