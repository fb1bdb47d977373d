"""`patina init`: gives a repository to Patina on this machine, and says beforehand everything that it would do.

A second `init` finds nothing to do, mends what is missing and renews what an older Patina wrote. What changes is
listed in the manifest first (promise 6), and consent is written last: hooks without it are silent, so a kill in between
leaves silence.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from datetime import datetime
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Literal

from patina_sessions import __version__
from patina_sessions.errors import PatinaError
from patina_sessions.paths import FORMAT, Common, key_file
from patina_sessions.recorder.drain import recording
from patina_sessions.setup import blocks, hook_text, hooks, manifest, project, sharing, turn
from patina_sessions.setup.plan import Done, Plan, Step, perform, shown
from patina_sessions.system import configured, consent, files, processes
from patina_sessions.system import repository as repositories
from patina_sessions.system.repository import Repository


def plan(repository: Repository, *, memory: bool = False, python: str | None = None) -> Plan:
    """Return what `init` would do here. With `memory`, CLAUDE.md imports the last session.

    `python` is the interpreter that the hooks start, this one unless another is named. Raises `NewerData` where a newer
    Patina was at work.
    """
    refuse_newer(repository.common)
    project.refuse_strange_folders(repository.top)
    hook_steps, notes = hooks.steps(repository)
    remembered, more = project.memory(repository.top) if memory else ([], [])
    work = [
        *_state(repository, _interpreter(python)),
        *project.steps(repository.top),
        *hook_steps,
        *remembered,
    ]
    return Plan(
        repository=repository,
        steps=(*_first(repository), *work, *_last(repository, work=bool(work))),
        notes=(*notes, *more),
        again=partial(plan, repository, memory=memory, python=python),
    )


def refuse_newer(common: Common) -> None:
    """Raise `NewerData` where this repository's data is of a newer format than we know."""
    manifest.load(common)
    consent.refuse_newer(common)


def _interpreter(named: str | None) -> str:
    found = named or sys.executable
    if not Path(found).is_absolute() or "\n" in found:
        raise PatinaError("Python does not say where its interpreter is", "Start patina by its full path.")
    return found


def _script(repository: Repository, python: str) -> bytes:
    template = resources.files("patina_sessions.hooks").joinpath("git.sh").read_text("utf-8")
    return hook_text.script(template, python=python, umask=sharing.umask(sharing.of_file(repository)))


def _first(repository: Repository) -> list[Step]:
    """What everything else stands on: the state folder and the books in it, which `apply` keeps."""
    found = _folder(repository)
    if repositories.key(repository.git_dir, make=False) is None:
        found.append(_book(key_file(repository.git_dir), "names this worktree, wherever it is moved"))
    return found


def _folder(repository: Repository) -> list[Step]:
    if repository.common.home.is_dir():
        return []
    mode = sharing.folder_mode(sharing.of_file(repository))
    why = "for everything that git must never see"
    return [Step(what="make folder", path=repository.common.home, why=why, mode=mode)]


def _state(repository: Repository, python: str) -> list[Step]:
    """The script that all hooks source, and where they set things aside."""
    common, found = repository.common, []
    if not common.spool.is_dir():
        mode = sharing.folder_mode(sharing.of_file(repository))
        found.append(
            Step(what="make folder", path=common.spool, why="where hooks set things aside", mode=mode)
        )
    before, after = files.read(common.bell), _script(repository, python)
    if before is None:
        why = "the script that every hook calls"
        found.append(Step(what="create", path=common.bell, why=why, after=after))
    elif before != after:
        why = "renews the script that every hook calls"
        found.append(Step(what="change", path=common.bell, why=why, before=before, after=after))
    return found


def _last(repository: Repository, *, work: bool) -> list[Step]:
    """The manifest, where something changes, and consent, in the order in which they are read by a person."""
    common, found = repository.common, []
    if work:
        found.append(_book(common.manifest, "what uninstall needs to undo all this"))
    if not consent.version(common):
        found.append(_book(common.consent, "your consent to record on this machine"))
    return found


def _book(path: Path, why: str) -> Step:
    return Step(what="change" if path.exists() else "create", path=path, why=why, book=True)


def apply(plan: Plan, now: datetime) -> Done:
    """Carry the plan out, as it is once nobody else is at work here, and return what to say.

    Raises `PatinaError` where a file is saved at the same moment, and where the hooks would find no Patina.
    """
    if not plan.steps:
        return Done(plan=plan, lines=_lines(plan))
    _require_findable()
    common = plan.repository.common
    below: list[Step] = []

    def make() -> None:
        for step in _folder(plan.repository):
            perform(step)
            below.append(step)

    with turn.alone(common.lock, make):
        anew = plan.anew()
        done = replace(anew, steps=(*below, *anew.steps))
        _carry_out(anew, now)
        return Done(plan=done, lines=_lines(done))


def _require_findable() -> None:
    """The recorder is started without PYTHONPATH: what is found by that alone records nothing."""
    if not os.environ.get("PYTHONPATH"):
        return
    tried = processes.run([*processes.PYTHON[:-1], "-c", "import patina_sessions.recorder"], cwd=Path("/"))
    if tried.code:
        raise PatinaError(
            "this Patina is found by PYTHONPATH alone, and hooks run without that",
            "Install it: pip install patina-sessions, or uv tool install patina-sessions.",
        )


def _carry_out(plan: Plan, now: datetime) -> None:
    common = plan.repository.common
    layout = repositories.layout(plan.repository)
    assert layout is not None
    work = [step for step in plan.steps if not step.book]
    if work:
        _list(plan.repository, layout.key, work)
    for step in work:
        perform(step)
    if not consent.version(common):
        whole = {"format": FORMAT, "patina": __version__, "consent": now.isoformat()}
        files.write(common.consent, json.dumps(whole).encode() + b"\n")
    with recording(layout, configured.load(layout.top, git=layout.git), now) as r:
        r.begin()  # what was committed before consent is not ours to record


def _list(repository: Repository, key: str, work: list[Step]) -> None:
    """Write the manifest: what is about to change."""
    recorded = [e for step in work if (e := _entry(repository, key, step)) is not None]
    common = repository.common
    manifest.save(common, manifest.merge(manifest.load(common), recorded))


def _entry(repository: Repository, key: str, step: Step) -> manifest.Entry | None:
    """Return a step as the manifest lists it; None for what lies in the state folder, which goes as a whole."""
    common = repository.common
    if step.path.is_relative_to(common.home):
        return None
    inside = step.path.is_relative_to(common.git)
    place, base = (manifest.GIT, common.git) if inside else (key, repository.top)
    path = step.path.relative_to(base).as_posix()
    if step.what == "make folder":
        return manifest.Entry(place=place, path=path, kind="folder")
    after = step.after or b""
    kind: Literal["file", "block"] = "file" if blocks.find(after) is None else "block"
    written = manifest.digest(after)
    if step.before is None:
        return manifest.Entry(place=place, path=path, kind=kind, written=written)
    original = manifest.digest(blocks.remove(step.before))
    return manifest.Entry(place=place, path=path, kind=kind, written=written, original=original)


def _lines(done: Plan) -> tuple[str, ...]:
    if not done.steps:
        return ("Patina is set up here already; there is nothing to change.",)
    common = done.repository.common
    made = {step.path for step in done.steps if step.what in ("create", "make folder")}
    if common.consent not in made:
        renewed = [shown(step.path, done.repository) for step in done.steps if not step.book]
        more = ", …" if len(renewed) > 5 else ""
        what = ", ".join(renewed[:5]) + more or "your consent"
        return (f"Patina was set up here already; made anew, since it was missing or older: {what}.",)
    ringing = [s.event for s in hooks.state(done.repository) if s.rings]
    here = done.repository.top / ".patina" not in made
    return (
        "Patina records the sessions of this repository on this machine from now on.",
        *(("There was a .patina/ already: what it has is as it was.",) if here else ()),
        f"Hooks that wake it: {', '.join(ringing) or 'none; it reads the reflog when you run patina'}.",
        "Commit .patina/ and layer/ when you like; a session in progress stays out of git.",
        'Begin: patina session start "what you want to do"   Undo all this: patina uninstall',
    )
