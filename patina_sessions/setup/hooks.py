"""The hooks of a repository: where git looks for them, what stands there, and what of it is ours to write.

Ours is the hooks folder inside the git common directory, and in it a hook that is missing or a shell script. Into a
folder of the project (husky), of the person (a global `core.hooksPath`) or of somebody else, through a symbolic link,
into a program or a script of another language nothing is written: there git's own `hook.*` settings ring (2.54 and
newer), and with an older git the reflog carries the record alone.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Literal

from patina_sessions import safe
from patina_sessions.frozen import dataclass
from patina_sessions.paths import FORMAT
from patina_sessions.setup import blocks, hook_text
from patina_sessions.setup.plan import Note, Step
from patina_sessions.system import files, processes
from patina_sessions.system.repository import Repository

CONFIG_HOOKS = (2, 54)  # the git that knows `hook.<name>.command`


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """Where git looks for hooks. `refusal` says why the folder is not ours to write, None where it is."""

    path: Path
    up: str  # from there to the git common directory
    refusal: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How one hook stands. `outdated` is a bell of ours that another Patina wrote; `why` explains `foreign`."""

    event: str
    shape: Literal["ours", "block", "config", "missing", "shell", "foreign"]
    path: Path
    outdated: bool = False
    why: str = ""
    executable: bool = True

    @property
    def rings(self) -> bool:
        return self.shape in ("ours", "block", "config") and self.executable


def ask(repository: Repository, *args: str) -> bytes:
    """Return what git answers in this worktree, nothing where it fails."""
    where = [f"--git-dir={repository.git_dir}", f"--work-tree={repository.top}"]
    result = processes.run(["git", *where, *args], cwd=repository.top)
    return result.out if result.code == 0 else b""


def git_version() -> tuple[int, int]:
    """Return the first two numbers of git's version."""
    said = processes.run(["git", "version"]).out
    found = re.search(rb"(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def folder(repository: Repository) -> Folder:
    """Return where git looks for hooks, and whether that is ours to write. Git's answer has no link in it."""
    said = ask(repository, "rev-parse", "--path-format=absolute", "--git-path", "hooks").removesuffix(b"\n")
    path = Path(os.fsdecode(said)) if said else repository.common_dir / "hooks"
    common, real, shown = repository.common_dir.resolve(), path.resolve(), safe.path(os.fspath(path))
    if path.exists() and not path.is_dir():
        refusal = f"{shown} is not a folder"
    elif common not in real.parents:
        top = repository.top.resolve()
        if top in real.parents:
            shown = safe.path(os.path.relpath(real, top))
            refusal = f"core.hooksPath leads to {shown}, which is the project's, as husky has it"
        else:
            refusal = f"core.hooksPath leads to {shown}, which is not this repository's alone"
    else:
        refusal = None
    return Folder(path=path, up=os.path.relpath(common, real), refusal=refusal)


def state(repository: Repository) -> tuple[State, ...]:
    """Return how each hook stands, in the order of `hook_text.EVENTS`."""
    where = folder(repository)
    settings = files.read(config_file(repository)) or b""
    return tuple(_state(event, where, settings) for event in hook_text.EVENTS)


def _state(event: str, where: Folder, settings: bytes) -> State:
    path = where.path / event
    found = _file_state(event, where) if where.refusal is None else _foreign(event, path, where.refusal)
    if found.shape == "foreign" and event in _configured(settings):
        return State(
            event=event, shape="config", path=path, outdated=_config_outdated(settings), why=found.why
        )
    return found


def _file_state(event: str, where: Folder) -> State:
    path = where.path / event
    if path.is_symlink():
        return _foreign(event, path, "it is a symbolic link")
    if not path.exists():
        return State(event=event, shape="missing", path=path)
    if not path.is_file():
        return _foreign(event, path, "it is not a file")
    text = files.read(path) or b""
    block, runs = blocks.find(text), os.access(path, os.X_OK)
    alone = block is not None and blocks.remove(text) == hook_text.BARE
    if not runs and not alone:  # an archive that keeps no modes takes it from our own, too
        return _foreign(event, path, "it is switched off: not executable")
    if block is not None:
        outdated = block.text.rstrip() != hook_text.block(event, up=where.up).rstrip()
        shape: Literal["ours", "block"] = "ours" if alone else "block"
        return State(event=event, shape=shape, path=path, outdated=outdated, executable=runs)
    refusal = hook_text.refusal(text)
    return _foreign(event, path, refusal) if refusal else State(event=event, shape="shell", path=path)


def _foreign(event: str, path: Path, why: str) -> State:
    return State(event=event, shape="foreign", path=path, why=why)


def config_file(repository: Repository) -> Path:
    """Return the configuration that all worktrees of the repository share."""
    return repository.common_dir / "config"


def _configured(settings: bytes) -> tuple[str, ...]:
    block = blocks.find(settings)
    if block is None:
        return ()
    return tuple(e for e in hook_text.EVENTS if f'[hook "patina-{e}"]\n'.encode() in block.text)


def _config_outdated(settings: bytes) -> bool:
    block = blocks.find(settings)
    return block is not None and block.text.rstrip() != hook_text.section(_configured(settings)).rstrip()


def steps(repository: Repository) -> tuple[list[Step], list[Note]]:
    """Return what makes every hook ring that can, and a word on each that is left alone."""
    where, states = folder(repository), state(repository)
    found: list[Step] = []
    if where.refusal is None and not where.path.is_dir():
        found.append(Step(what="make folder", path=where.path, why="for git's hooks"))
    found += [step for s in states if (step := _step(s, where)) is not None]
    others = [s for s in states if s.shape in ("foreign", "config")]
    able = git_version() >= CONFIG_HOOKS and not config_file(repository).is_symlink()
    found += _config_steps(repository, tuple(s.event for s in others) if able else ())
    return found, _notes(others, rings=able)


def _step(s: State, where: Folder) -> Step | None:
    block = hook_text.block(s.event, up=where.up)
    if s.shape == "missing":
        why = "wakes the recorder"
        return Step(what="create", path=s.path, why=why, after=hook_text.BARE + block, mode=0o755)
    if s.shape == "shell":
        text = files.read(s.path) or b""
        why = "wakes the recorder; your own lines stay as they are"
        return Step(what="change", path=s.path, why=why, before=text, after=blocks.insert(text, block))
    if s.shape in ("ours", "block") and (s.outdated or not s.executable):
        text = files.read(s.path) or b""
        if _newer(text):
            return None
        anew = blocks.replace(text, block)
        mode = None if s.executable else 0o755
        return Step(what="change", path=s.path, why="renews the bell", before=text, after=anew, mode=mode)
    return None


def _newer(text: bytes) -> bool:
    block = blocks.find(text)
    return block is not None and block.version > FORMAT


def _config_steps(repository: Repository, events: tuple[str, ...]) -> list[Step]:
    path = config_file(repository)
    before = files.read(path) or b""
    if _newer(before):
        return []
    if not events:
        after, why = blocks.remove(before), "the hooks ring by themselves now"
    elif blocks.find(before) is None:
        after, why = (
            blocks.append(before, hook_text.section(events)),
            "wakes the recorder beside hooks that are not ours",
        )
    else:
        after, why = blocks.replace(before, hook_text.section(events)), "renews the bell"
    return [Step(what="configure", path=path, why=why, before=before, after=after)] if after != before else []


def _notes(left: list[State], *, rings: bool) -> list[Note]:
    """Return a word on each reason, with the hooks that it holds for."""
    how = (
        "git's own hook settings ring instead" if rings else "git's reflog carries the record, a little later"
    )
    whys = dict.fromkeys(s.why for s in left)
    named = {why: ", ".join(s.event for s in left if s.why == why) for why in whys}
    return [Note(about=events, text=f"left alone, {why}; {how}") for why, events in named.items()]
