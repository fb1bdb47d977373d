"""`patina init --agent`: the hooks of a coding agent, for a person everywhere or for one project, shown and then done.

The script that all hooks call lies in the person's own data folder, so that no hook's words change with a version or a
virtual environment. Claude Code gets a plugin, which fires in sub-directories and worktrees too; with `project` its
hooks go into the project's own settings instead, to be committed and shared.
"""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Literal

from patina_sessions import safe
from patina_sessions.errors import PatinaError
from patina_sessions.paths import Common
from patina_sessions.setup import agent_hooks, claude_plugin, ledger, turn
from patina_sessions.setup.agent_places import AGENTS, PROJECT, book, data_folder, folders, homes
from patina_sessions.setup.ledger import Ledger, Line
from patina_sessions.setup.manifest import digest
from patina_sessions.setup.plan import Note, Plan, Step, halves, perform
from patina_sessions.system import consent, files, untrusted
from patina_sessions.system.repository import Repository


def found(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the agents that are on this machine: by their program, or by the folder that they made."""
    folder = {n: p.parent.parent if n == "opencode" else p.parent for n, p in homes(environ).items()}
    return tuple(a for a in AGENTS if shutil.which(a, path=environ.get("PATH")) or folder[a].is_dir())


def plan(
    repository: Repository, agents: Sequence[str], environ: Mapping[str, str], *, project: bool = False
) -> Plan:
    """Return what sets these agents up, all that are found where `auto` is among them."""
    named = found(environ) if "auto" in agents else tuple(dict.fromkeys(agents))
    if not named:
        raise PatinaError("no coding agent was found", f"Name one: patina init --agent {AGENTS[0]}")
    steps = _script(data_folder(environ))
    if "claude" in named and not project:
        steps += _server(data_folder(environ))
    notes: list[Note] = []
    for agent in named:
        more, said = _agent(repository, agent, environ, project=project)
        steps, notes = [*steps, *more], [*notes, *said]
    again = partial(plan, repository, agents, environ, project=project)
    return Plan(repository=repository, steps=tuple(steps), notes=tuple(notes), again=again)


def _resource(*names: str) -> bytes:
    return resources.files("patina_sessions.hooks").joinpath(*names).read_bytes()


def _script(folder: Path) -> list[Step]:
    return [
        *folders(folder),
        *_file(folder / "agent.sh", _resource("agent.sh"), "what every hook of an agent calls"),
    ]


def _server(folder: Path) -> list[Step]:
    """Return what lets the plugin find the MCP server, where its package is installed; without it there is none."""
    if importlib.util.find_spec("mcp") is None:
        return []
    python = shlex.quote(sys.executable)
    text = (
        '# Written by "patina init --agent claude"; what the plugin starts as its MCP server.\n'
        f"[ ! -x {python} ] || exec {python} -E -P -m patina_sessions mcp\n"
    )
    return _file(folder / "mcp.sh", os.fsencode(text), "starts the MCP server of the plugin")


def _file(path: Path, after: bytes, why: str) -> list[Step]:
    before = files.read(path)
    if before is None:
        return [Step(what="create", path=path, why=why, after=after, mode=0o644)]
    return [] if before == after else [Step(what="change", path=path, why=why, before=before, after=after)]


def _agent(
    repository: Repository, agent: str, environ: Mapping[str, str], *, project: bool
) -> tuple[list[Step], list[Note]]:
    if agent == "claude" and not project:
        return claude_plugin.steps(repository, environ)
    path = repository.top / PROJECT[agent] if project else homes(environ)[agent]
    if project and (path.is_symlink() or not files.is_inside(path, repository.top)):
        return [], [
            Note(about=agent, text=f"left alone, {safe.path(os.fspath(path))} leads out of the project")
        ]
    if path.exists() and not path.is_file():
        return [], [Note(about=agent, text=f"left alone, {safe.path(os.fspath(path))} is no file")]
    if agent == "opencode":
        return [
            *folders(path.parent),
            *_file(path, _resource("opencode.js"), "tells what OpenCode does"),
        ], []
    return _settings(path.resolve(), agent)


def _settings(path: Path, agent: str) -> tuple[list[Step], list[Note]]:
    before = untrusted.read(path)
    after = agent_hooks.merged(before, agent)
    if after is None:
        return [], [Note(about=str(path), text="left alone, it is no JSON that Patina can merge into")]
    trust = (
        [Note(about=agent, text="asks once whether you trust these hooks: /hooks")]
        if agent == "codex"
        else []
    )
    if after == before:
        return [], []
    why = f"tells what {agent} does; your own hooks stay as they are"
    if before is None:
        made = Step(what="create", path=path, why=why, after=after, mode=0o644)
        return [*folders(path.parent), made], trust
    return [Step(what="change", path=path, why=why, before=before, after=after)], trust


def apply(plan: Plan, environ: Mapping[str, str]) -> Plan:
    """Carry the plan out, as it is once nobody else is at work there, and return it.

    Each ledger is written before what it lists is touched. Raises `NotSetUp` where Patina was taken out meanwhile.
    """
    common, data = plan.repository.common, data_folder(environ)
    made: list[Step] = []

    def make() -> None:
        for step in folders(data):
            perform(step)
            made.append(step)

    with turn.alone(_lock(data), make):
        with turn.alone(common.lock):
            if consent.version(common) is None:
                consent.withdraw(common, common.lock)
                _clear(data, [step.path for step in made])
            consent.require(common)
            plan = plan.anew()
            made += [s for s in plan.steps if s.what != "make folder" or not s.path.is_dir()]
            mine = [s for s in made if s.what != "run" and s.path.is_relative_to(plan.repository.top)]
            rest = [s for s in made if s not in mine]
            claude = claude_plugin.settings(environ)
            _note_down(common.home / "agents.json", (_line(step, claude) for step in mine), None)
            for step in mine:
                perform(step)
        lines = [_line(step, claude) for step in rest]
        if any(step.what == "run" for step in rest):
            lines.append(Line(path=str(claude), kind="client", before=ledger.encoded(files.read(claude))))
        _note_down(data / "agents.json", lines, common)
        for step in sorted(rest, key=lambda step: step.what == "run"):
            perform(step)
    return replace(plan, steps=tuple(made))


def _lock(data: Path) -> Path:
    return data / "agents.lock"


def _clear(data: Path, made: Iterable[Path] = ()) -> None:
    """Where there is no list, take away what was only there for it: a kill came before it, or nobody needs one."""
    path = data / "agents.json"
    if files.signature(path) is None:
        for step in halves(path):
            perform(step)
        files.remove(_lock(data))
        for folder in (data, *sorted(made, reverse=True)):
            files.remove_folder(folder)


def _note_down(path: Path, lines: Iterable[Line], common: Common | None) -> None:
    old = ledger.load(path)
    new = ledger.with_lines(old, lines)
    if common is not None:
        new = replace(new, repositories=tuple(dict.fromkeys((*old.repositories, str(common.git)))))
    if new != old:
        ledger.save(path, new)


def _line(step: Step, claude: Path) -> Line:
    if step.what == "run":
        undo = (step.argv[0], "plugin", *next(v for k, v in claude_plugin.UNDO.items() if k in step.argv))
        return Line(path=" ".join(step.argv[1:]), kind="program", agent="claude", undo=undo)
    if step.what == "make folder":
        return Line(path=str(step.path), kind="folder")
    kind: Literal["settings", "file", "client"] = "settings" if step.path.suffix == ".json" else "file"
    if step.path == claude:
        kind = "client"
    before, after = ledger.encoded(step.before), step.after or b""
    return Line(path=str(step.path), kind=kind, before=before, written=digest(after))


def undo_here(common: Common) -> tuple[list[Step], list[Note]]:
    """Return what takes the agents' hooks out of the project again."""
    return ledger.undone(ledger.load(common.home / "agents.json"))


def undo(common: Common, environ: Mapping[str, str]) -> tuple[list[Step], list[Note]]:
    """Return what takes them out of a person's home; they stay while another repository has them too."""
    path = book(environ)
    shared = Ledger() if path is None else ledger.load(path)
    if path is None or str(common.git) not in shared.repositories:
        return [], []
    others = tuple(r for r in shared.repositories if r != str(common.git) and Path(r).is_dir())
    if others:
        note = Note(about=str(path.parent), text=f"stays, {len(others)} other repositories use it")
        return [_rewritten(path, replace(shared, repositories=others))], [note]
    left = halves(path)
    gone = [path, _lock(path.parent), *(step.path for step in left)]
    steps, notes = ledger.undone(shared, gone=gone)
    steps, missing = claude_plugin.still_to_run([*left, *steps], environ)
    above = [s for s in steps if s.what == "remove folder" and path.is_relative_to(s.path)]
    rest = [s for s in steps if s not in above]
    list_of_all = Step(
        what="remove", path=path, why="the list of what was written for agents", before=files.read(path)
    )
    return [*rest, list_of_all, *above], [*notes, *missing]


def take_out(common: Common, environ: Mapping[str, str]) -> tuple[list[Step], list[Note]]:
    """Take them out of a person's home, and return what was done and what a person has to do.

    A program that fails, or does not end, keeps nothing else back.
    """
    path = book(environ)
    if path is None:
        return [], []
    with turn.alone(_lock(path.parent)):
        steps, notes = undo(common, environ)
        for step in steps:
            if step.what == "remove" and step.path == path:
                files.remove(_lock(path.parent))  # before the list, which finds it again after a kill
            try:
                perform(step)
            except PatinaError as error:
                if step.what != "run":
                    raise
                words = safe.line(". ".join(filter(None, (error.message, error.hint))), limit=400)
                notes.append(Note(about=step.path.name, text=words))
        _clear(path.parent)
    return steps, notes


def _rewritten(path: Path, shared: Ledger) -> Step:
    return Step(
        what="change",
        path=path,
        why="this repository no longer uses it",
        before=files.read(path),
        after=ledger.written(shared),
    )
