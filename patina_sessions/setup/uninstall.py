"""`patina uninstall`: takes Patina out of a repository and gives back every hook and file as it was (promise 6).

Only lines and files of ours go: what somebody changed keeps the change, what git tracks by now is the project's, and
what sessions recorded stays unless `purge` is asked for. The hooks go first, so that nothing rings while the rest is
taken down, and each list of what was changed goes after what it lists, so that a kill in between can be made good by a
second `uninstall`. What other programs have to do comes last of all, and is in nobody's way where it fails.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from patina_sessions.errors import PatinaError
from patina_sessions.paths import Common, key_file, off_file
from patina_sessions.setup import agents, blocks, hook_text, hooks, init, manifest, trees, turn
from patina_sessions.setup.plan import Done, Note, Plan, Step, halves, perform, shown
from patina_sessions.sources.watcher import process as watcher
from patina_sessions.system import files, registry, untrusted
from patina_sessions.system import repository as repositories
from patina_sessions.system.repository import Repository

_RECORDED = frozenset({"archive", "discarded", "ids", "worktrees"})
_BACK = "gives back what was there before"


def plan(repository: Repository, *, purge: bool = False, lose_session: bool = False) -> Plan:
    """Return what `uninstall` would do. With `purge`, what was recorded goes too.

    Raises `NewerData`; and `Busy` where `purge` would take a session in progress, unless that may be lost.
    """
    here = _here(repository, purge=purge, lose_session=lose_session)
    heard, said = agents.undo(repository.common, os.environ)
    return Plan(
        repository=repository,
        steps=(*here.steps, *heard),
        notes=(*here.notes, *said),
        again=partial(_here, repository, purge=purge, lose_session=lose_session),
    )


def _here(repository: Repository, *, purge: bool, lose_session: bool) -> Plan:
    """Return what is done to the repository itself, under its locks."""
    common = repository.common
    init.refuse_newer(common)
    listed, found = manifest.load(common), trees.of(common)
    if purge and not lose_session:
        trees.refuse_active(repository, found)
    keep = not purge and recorded(common)
    steps, notes = _given_back(repository, listed, found)
    for tree in found.values():
        more, said = trees.leftovers(tree, repository, purge=purge)
        steps, notes = [*steps, *more], [*notes, *said]
    steps = _hide_what_stays(steps, found.values())
    steps += _folders(listed, common, found, gone={step.path for step in steps})
    heard, said = agents.undo_here(common)
    steps += [*_silence(common), *heard, *_state(common, keep=keep), *_forgotten(common)]
    notes += [*said, *trees.tags(repository)]
    notes += _kept(repository) if keep else []
    return Plan(repository=repository, steps=tuple(steps), notes=tuple(notes))


def _kept(repository: Repository) -> list[Note]:
    """Return a word on what was recorded, and on the names of worktrees, by which that is found again."""
    common = repository.common
    purge = "--purge removes it"
    notes = [Note(about=shown(common.home, repository), text=f"stays, with what was recorded here; {purge}")]
    names = [key_file(git_dir) for git_dir in repositories.worktrees(common.git).values()]
    if names:
        more = f" (as {len(names) - 1} more do, of other worktrees)" if names[1:] else ""
        text = f"stays{more}, it is the name of a worktree in what was recorded; {purge}"
        notes.append(Note(about=shown(names[0], repository), text=text))
    return notes


def _forgotten(common: Common) -> list[Step]:
    """Return what takes the repository off the person's list, and the list where no other stands on it."""
    listed = registry.without(common.git)
    if listed is None:
        return []
    path, before, after = listed
    if after.strip():
        why = "this repository is no longer on your list"
        return [Step(what="change", path=path, why=why, before=before, after=after)]
    alone = files.names(path.parent) == [path.name]
    return [
        Step(what="remove", path=path, why="no repository is on your list any more", before=before),
        *([Step(what="remove folder", path=path.parent, why="nothing is left in it")] if alone else []),
    ]


def apply(plan: Plan) -> Done:
    """Carry the plan out, as it is once nobody else is at work here, and return what to say.

    Whoever is at work is waited for; one that comes later finds no consent. Raises `PatinaError` where a file is saved
    at the same moment.
    """
    if not plan.steps:
        return Done(plan=plan, lines=_lines(plan))
    common = plan.repository.common
    with turn.everything(common):
        watcher.stop_all(common)
        here = plan.anew()
        for step in here.steps:
            if step.path == common.home:
                _empty(common, step)
            else:
                perform(step)
        # The last of all: until then whoever comes waits for us.
        files.remove(common.lock)
        files.remove_folder(common.home)
    heard, said = agents.take_out(common, os.environ)
    done = replace(here, steps=(*here.steps, *heard), notes=(*here.notes, *said))
    return Done(plan=done, lines=_lines(done))


def _empty(common: Common, step: Step) -> None:
    """Take the state away but for the lock, and what a hook that had begun before sets aside meanwhile."""
    for left in (2, 1, 0):
        try:
            for name in files.names(common.home):
                if name != common.lock.name:
                    perform(replace(step, path=common.home / name))
            return
        except PatinaError:
            if not left:
                raise


def _lines(done: Plan) -> tuple[str, ...]:
    if not done.steps:
        return ("Patina is not set up here; there is nothing to take out.",)
    back = sum(step.what in ("change", "configure") for step in done.steps)
    gone = sum(step.what == "remove" for step in done.steps)
    stays = ("What sessions recorded stays.",) if recorded(done.repository.common) else ()
    what = f"its own files are gone ({gone}), yours are as they were ({back})"
    return (f"Patina is out of this repository: {what}.", *stays)


def recorded(common: Common) -> bool:
    """Say whether there ever was a session here. Without one, the event logs hold what git's reflog holds too."""
    return any(files.names(folder) for folder in (common.archive, common.discarded, common.ids))


def _given_back(
    repository: Repository, listed: Iterable[manifest.Entry], found: Mapping[str, Repository]
) -> tuple[list[Step], list[Note]]:
    """Return what takes our lines and files out, hooks first."""
    tops = {key: tree.top for key, tree in found.items()}
    tracked = {path for tree in found.values() for path in trees.tracked(tree)}
    known = {p: e for e in listed if (p := manifest.resolve(e, repository.common, tops)) is not None}
    steps: list[Step] = []
    notes: list[Note] = []
    for path in dict.fromkeys((*_bells(repository), *known)):
        entry = known.get(path)
        folder = entry is not None and entry.kind == "folder"
        steps += [] if folder else halves(path)
        now = None if folder else untrusted.read(path)
        if now is None:
            continue
        if blocks.find(now) is not None:
            steps.append(_without_block(path, now, made=entry is None or entry.original is None))
        elif entry is not None and entry.kind == "file":
            why = _stays(now, entry, committed=path in tracked)
            if why is None:
                steps.append(Step(what="remove", path=path, why="init made it", before=now))
            else:
                notes.append(Note(about=shown(path, repository), text=why))
    return steps, notes


def _stays(now: bytes, entry: manifest.Entry, *, committed: bool) -> str | None:
    if manifest.digest(now) != entry.written:
        return "stays, it was changed since init made it"
    return "stays, it is committed: git rm it if all are done with Patina" if committed else None


def _bells(repository: Repository) -> list[Path]:
    """Return the files in which a bell of ours may stand: hooks, those that another tool has renamed, and settings."""
    common = repository.common_dir
    folders = {common / "hooks"}
    where = hooks.folder(repository)
    if where.refusal is None:
        folders.add(where.path)
    real = sorted(folder for folder in folders if not folder.is_symlink())
    names = [folder / name for folder in real for name in files.names(folder)]
    return [*(p for p in names if p.is_file() and _has_block(p)), hooks.config_file(repository)]


def _has_block(path: Path) -> bool:
    return not path.is_symlink() and blocks.find(files.read(path) or b"") is not None


def _without_block(path: Path, now: bytes, *, made: bool) -> Step:
    rest = blocks.remove(now)
    if made and rest in (b"", hook_text.BARE) and path.name != "config":
        return Step(what="remove", path=path, why="init made it", before=now)
    settings = path.name == "config"
    return Step(what="configure" if settings else "change", path=path, why=_BACK, before=now, after=rest)


def _hide_what_stays(steps: list[Step], found: Iterable[Repository]) -> list[Step]:
    """Keep `.patina/local/.gitignore` where something stays beside it, so that it does not show in `git status`."""
    gone = {step.path for step in steps}
    kept = []
    for tree in found:
        hidden = trees.hidden(tree)
        if not trees.is_real(hidden.parent, tree):
            continue
        if any(hidden.with_name(name) not in {*gone, hidden} for name in files.names(hidden.parent)):
            kept.append(hidden)
        elif hidden not in gone and untrusted.read(hidden) == b"*\n":
            steps = [*steps, Step(what="remove", path=hidden, why="nothing is left to hide", before=b"*\n")]
    return [step for step in steps if step.path not in kept]


def _folders(
    listed: Iterable[manifest.Entry], common: Common, found: Mapping[str, Repository], *, gone: set[Path]
) -> list[Step]:
    """Return the folders that we made and that will be empty, the deepest first."""
    tops = {key: tree.top for key, tree in found.items()}
    made = {manifest.resolve(e, common, tops) for e in listed if e.kind == "folder"}
    for tree in found.values():
        made |= {trees.hidden(tree).parent, trees.hidden(tree).parent.parent}
    steps = []
    for path in sorted((p for p in made if p is not None), key=lambda p: -len(p.parts)):
        if path.is_symlink() or not path.is_dir():
            continue
        if all(path / name in gone for name in files.names(path)):
            gone.add(path)
            steps.append(Step(what="remove folder", path=path, why="nothing is left in it"))
    return steps


def _silence(common: Common) -> list[Step]:
    """Return what takes consent away: whatever rings from then on is silent."""
    steps = [
        _remove(common.consent, "your consent"),
        _remove(common.bell, "the script that every hook called"),
    ]
    return [step for step in steps if step is not None]


def _state(common: Common, *, keep: bool) -> list[Step]:
    """Return what takes down the state in the git directory."""
    git_dirs = repositories.worktrees(common.git).values()
    steps = [_remove(off_file(git_dir), "what switched Patina off") for git_dir in git_dirs]
    if not keep:
        keys = [key_file(git_dir) for git_dir in git_dirs]
        steps += [_remove(path, "the name of a worktree") for path in keys]
        if common.home.is_dir():
            steps.append(Step(what="drop", path=common.home, why="Patina's state"))
    else:
        gone = {*_RECORDED, common.consent.name, common.bell.name, common.manifest.name, common.lock.name}
        parts = [common.home / name for name in files.names(common.home) if name not in gone]
        for path in (*parts, common.manifest):
            steps.append(Step(what="drop", path=path, why="made anew when it is needed"))
    return [step for step in steps if step is not None]


def _remove(path: Path, why: str) -> Step | None:
    now = files.read(path)
    return None if now is None else Step(what="remove", path=path, why=why, before=now)
