"""`patina doctor`: each thing that could be wrong here, whether it is, and what to do. Looks only; `fix` mends.

The hooks say nothing when they do nothing, so this is where the reason is found. The bell is rung for real.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from patina_sessions.errors import PatinaError
from patina_sessions.paths import Common, Layout
from patina_sessions.recorder import drain
from patina_sessions.recorder.words import plural
from patina_sessions.settings import Settings
from patina_sessions.setup import agent_checks, hook_checks, hooks, init, kept_checks, project
from patina_sessions.setup.check import Check
from patina_sessions.setup.plan import Plan, Step
from patina_sessions.sources.watcher import process as watcher
from patina_sessions.system import clock, configured, consent, disk, files, processes, refs
from patina_sessions.system import repository as repositories
from patina_sessions.system.repository import Repository

STALE_RING = 60.0
_NO_STATE = Check(
    name="state", level="ok", words="none in this worktree yet: its first commit or session makes it"
)
_Look = Callable[[], Iterator[Check]]


def examine(repository: Repository) -> list[Check]:
    """Look at everything; a check that fails itself is one thing wrong, and the others go on."""
    if files.read(repository.common.consent) is None:
        hint = "patina init"
        return [_git(), Check(name="set up", level="wrong", words="Patina is not set up here", hint=hint)]
    try:
        consent.require(repository.common)
    except PatinaError as error:  # what this Patina would say of the rest, or do to it, may be wrong
        return [_git(), Check(name="set up", level="wrong", words=error.message, hint=error.hint)]
    found: list[Check] = []
    for look in _looks(repository):
        try:
            found += look()
        except PatinaError as error:
            found.append(Check(name="doctor", level="wrong", words=error.message, hint=error.hint))
    return found


def _looks(repository: Repository) -> tuple[_Look, ...]:
    settings, common = configured.load(repository.top, git=repository.git_dir), repository.common
    known = repositories.layout(repository, make=False)
    # As the hooks know a new worktree, who ring without a key; the recorder that answers makes one.
    layout = known or Layout(top=repository.top, git=repository.git_dir, common=common, key="-")
    return (
        lambda: iter([_git()]),
        lambda: _set_up(repository),
        lambda: hook_checks.doorbells(repository, settings),
        lambda: _state(layout) if known else iter([_NO_STATE]),
        lambda: hook_checks.bell(repository, layout),
        lambda: _reflog(layout),
        lambda: _watcher(layout, settings),
        lambda: kept_checks.archive(repository, layout, settings),
        lambda: kept_checks.tracked(repository),
        lambda: kept_checks.chosen(settings),
        lambda: kept_checks.torn(layout),
        lambda: kept_checks.sizes(layout),
        lambda: kept_checks.strange(common),
        lambda: agent_checks.examine(repository, os.environ),
        lambda: _engine(layout),
        lambda: kept_checks.silences(layout),
        lambda: kept_checks.troubles(common),
    )


def _git() -> Check:
    version = hooks.git_version()
    words = "git " + ".".join(map(str, version))
    if version < (2, 31):
        return Check(
            name="git", level="wrong", words=f"{words} is too old", hint="Install git 2.31 or newer."
        )
    return Check(name="git", level="ok", words=words)


def _set_up(repository: Repository) -> Iterator[Check]:
    missed = _missed(init.plan(repository))
    if missed:
        what = ", ".join(sorted({step.path.name for step in missed})[:5])
        yield Check(name="set up", level="wrong", words=f"not as init leaves it: {what}", hint="patina init")
    else:
        yield Check(name="set up", level="ok", words="as init leaves it")


def _missed(plan: Plan) -> list[Step]:
    """Return what `init` would do that is missed here: not its books, which come by themselves."""
    top = plan.repository.top
    spared = {s.path for s in project.steps(top)} - {s.path for s in project.missed(top)}
    return [step for step in plan.steps if not step.book and step.path not in spared]


def _state(layout: Layout) -> Iterator[Check]:
    locked = hook_checks.locked(layout)
    if locked:
        more = f", nor {len(locked) - 1} more of the state" if locked[1:] else ""
        words = f"{locked[0]} cannot be written{more}: nothing is recorded"
        yield Check(name="state", level="wrong", words=words, hint=disk.advice(layout.common.home))
    else:
        yield Check(name="state", level="ok", words=f"{layout.common.home} can be written")
    for _, words in _left(layout.common):
        yield Check(name="ring", level="wrong", words=words, hint="patina doctor --fix")


def _left(common: Common) -> Iterator[tuple[Path, str]]:
    """Yield what a killed recorder left that keeps hooks from calling another, with the words for it."""
    rung, lease = files.signature(common.rung), files.signature(common.lease)
    if rung is not None and clock.wall() - rung[3] / 1e9 > STALE_RING:
        yield common.rung, "a ring has not been answered for over a minute"
    if lease is not None and lease[3] / 1e9 - clock.wall() > STALE_RING:
        yield (
            common.lease,
            "hooks are told that a recorder is there, until a time far ahead: the clock was set back",
        )


def _reflog(layout: Layout) -> Iterator[Check]:
    if (layout.git / "logs" / "HEAD").exists() or (layout.common.git / "reftable").is_dir():
        yield Check(name="reflog", level="ok", words="git keeps one")
    elif refs.head(layout.git, layout.common.git)[1] is None and _logs(layout):
        yield Check(name="reflog", level="ok", words="git begins one with the first commit")
    else:
        yield Check(
            name="reflog",
            level="note",
            words="git keeps none here: amends and rebases are told as moves",
            hint="git config core.logAllRefUpdates true",
        )


def _logs(layout: Layout) -> bool:
    asked = ["git", f"--git-dir={layout.git}", "config", "--bool", "core.logAllRefUpdates"]
    return processes.run(asked, cwd=layout.top).out.strip() != b"false"


def _watcher(layout: Layout, settings: Settings) -> Iterator[Check]:
    said = watcher.report(layout)
    going_on = drain.peek(layout, settings).session is not None
    if said.alive:
        yield Check(
            name="watcher", level="note" if said.gaps or said.backend == "poll" else "ok", words=said.words
        )
    elif going_on and watcher.wanted(layout, settings):
        hint = (
            f"The next command starts one. Where none stays, its log says why: {layout.state / 'watcher.log'}"
        )
        yield Check(name="watcher", level="note", words="no watcher is running", hint=hint)
    elif going_on:
        yield Check(name="watcher", level="ok", words="files are not watched: it is switched off")


def _engine(layout: Layout) -> Iterator[Check]:
    """Tell of the engine that `build`, `test` and `exec` would use; without one nothing else is wrong."""
    from patina_sessions.runs import cleaning
    from patina_sessions.system import docker

    try:
        with docker.connect() as engine:
            said = cleaning.engine_report(engine, layout)
    except PatinaError as error:
        words = f"{error.message} (only build, test and exec need one)"
        yield Check(name="engine", level="note", words=words, hint=error.hint)
        return
    kind = "rootless, " if said.rootless else ""
    limits = f"; not enforced: {', '.join(said.not_enforced)}" if said.not_enforced else ""
    inside = f"; seen from inside: {', '.join(said.inside)}" if said.inside else ""
    words = f"{said.product} {said.version} (API {said.api}, {kind}{said.endpoint}){limits}{inside}"
    yield Check(name="engine", level="note" if said.not_enforced else "ok", words=words)


def fix(repository: Repository, now: datetime) -> list[str]:
    """Mend what can be mended without asking, and return what was done."""
    done: list[str] = []
    if consent.version(repository.common) is None:
        return done  # that is for `init` to be told
    plan = init.plan(repository)
    if _missed(plan):
        init.apply(plan, now)
        done.append("set up anew: " + ", ".join(sorted({step.path.name for step in plan.steps})))
    done += agent_checks.fix(repository, os.environ)
    layout = repositories.layout(repository)
    assert layout is not None
    for path, words in list(_left(layout.common)):
        files.remove(path)
        files.remove(layout.common.marks)
        done.append(f"removed {path.name}: {words}")
    events = drain.drain(layout, configured.load(layout.top, git=layout.git), now)
    if events:
        done.append(f"recorded {plural(len(events), 'event')}")
    return done
