"""Patina's plugin for Claude Code, which fires wherever the client runs, and the line below the person's status line.

Both stand in the person's settings, which Claude Code's own program writes, too. It reads the plugin from the folder of
its marketplace, which comes with Patina, at every start.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib import resources
from pathlib import Path

from patina_sessions.setup import agent_hooks
from patina_sessions.setup.agent_places import files_of, folders, homes
from patina_sessions.setup.plan import Note, Step
from patina_sessions.system import files, untrusted
from patina_sessions.system.repository import Repository

PLUGIN, MARKET = "patina@patina-sessions", "patina-sessions"
UNDO = {"add": ("marketplace", "remove", MARKET), "install": ("uninstall", PLUGIN)}


def market() -> Path:
    """Return the folder of the marketplace that comes with Patina."""
    return Path(str(resources.files("patina_sessions.hooks").joinpath("claude-plugin")))


def steps(repository: Repository, environ: Mapping[str, str]) -> tuple[list[Step], list[Note]]:
    """Return what installs the plugin and the line, and what a person should know."""
    also = "has Patina's hooks too; what both say is recorded once"
    places = [path for _, path in files_of(repository, "claude", environ)]
    notes = [
        Note(about=str(p), text=also)
        for p in places
        if agent_hooks.has_ours(untrusted.read(p, links=True) or b"")
    ]
    claude = shutil.which("claude", path=environ.get("PATH"))
    if claude is None:
        words = f"is not on PATH; in it: /plugin marketplace add {market()}, /plugin install {PLUGIN}"
        return [], [*notes, Note(about="claude", text=words)]
    program = Path(claude)
    known = Step(
        what="run",
        path=program,
        why="makes Patina's plugin known to Claude Code",
        argv=(claude, "plugin", "marketplace", "add", str(market())),
    )
    on = Step(
        what="run",
        path=program,
        why="switches the plugin on for you, in every repository that you gave to Patina",
        argv=(claude, "plugin", "install", PLUGIN),
    )
    line, said = _line_below(settings(environ))
    if not installed(environ):
        return [*line, known, on], [*notes, *said]
    return [*line, *([] if _reads(environ) == market() else [known])], [*notes, *said]


def _line_below(path: Path) -> tuple[list[Step], list[Note]]:
    """Return what puts the session into Claude Code's status line. A plugin cannot bring one along."""
    before = files.read(path)
    after = agent_hooks.lined(before)
    if after is None:
        return [], [
            Note(about=str(path), text="left alone, its status line is of a form that Patina does not know")
        ]
    why = "shows the session in the status line, below your own if there is one"
    if before is None:
        return [*folders(path.parent), Step(what="create", path=path, why=why, after=after, mode=0o644)], []
    if after == before:
        return [], []
    return [Step(what="change", path=path, why=why, before=before, after=after)], []


def settings(environ: Mapping[str, str]) -> Path:
    """Return the person's settings of Claude Code, which its own program writes, too."""
    return homes(environ)["claude"].resolve()


def installed(environ: Mapping[str, str]) -> bool:
    """Tell whether the plugin is on in Claude Code."""
    found = agent_hooks.parsed(files.read(homes(environ)["claude"]) or b"") or {}
    on = found.get("enabledPlugins")
    return isinstance(on, dict) and on.get(PLUGIN) is True


def _reads(environ: Mapping[str, str]) -> Path | None:
    """Return where Claude Code reads the plugin; it does so at every start, and is silent where the folder is gone."""
    path = homes(environ)["claude"].parent / "plugins" / "known_marketplaces.json"
    source = agent_hooks.parsed(files.read(path) or b"")
    for name in (MARKET, "source"):
        source = source.get(name) if isinstance(source, dict) else None
    where = source.get("path") if isinstance(source, dict) else None
    return Path(where) if isinstance(where, str) else None


def still_to_run(undoing: Iterable[Step], environ: Mapping[str, str]) -> tuple[list[Step], list[Note]]:
    """Return the steps without programs that are gone, or that have nothing to do: a person may have done it."""
    there = {"uninstall": installed(environ), "marketplace": _reads(environ) is not None}
    kept: list[Step] = []
    notes: list[Note] = []
    for step in undoing:
        if step.what != "run":
            kept.append(step)
        elif there.get(step.argv[2], True):
            program = shutil.which(step.argv[0]) or shutil.which("claude", path=environ.get("PATH"))
            if program is None:
                words = f"is gone, so its plugin is left to it; in it: /{' '.join(step.argv[1:])}"
                notes.append(Note(about=step.argv[0], text=words))
            else:
                kept.append(replace(step, path=Path(program), argv=(program, *step.argv[1:])))
    return kept, notes
