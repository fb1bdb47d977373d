"""What a command is about to do to a repository, as values: shown by `--dry-run`, then done, and nothing else is.

A step names a path and why, and carries the bytes that it found and those that it leaves. One whose file somebody
saved in between is not done.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal, assert_never

from patina_sessions import paths
from patina_sessions.errors import Busy, PatinaError
from patina_sessions.frozen import dataclass
from patina_sessions.setup import agent_hooks
from patina_sessions.system import files, processes
from patina_sessions.system.repository import Repository

PATIENCE = 120.0  # seconds: for a program of somebody else, which may ask the network


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that is done to the disk, and why, in words for a person.

    "restore" is of settings that a client's own program writes, too: what is ours comes out of them as they are by
    then, and they get the bytes in `after` where they say the same.
    "drop" takes a file or a folder away with all below it, whatever it holds by then: it is Patina's own.

    `before` and `after` are the bytes of a file, None where it is not there; a folder has neither. "configure" changes
    git's configuration. A `book` is Patina's own, whose bytes are known only when the plan is carried out.
    """

    what: Literal[
        "make folder", "create", "change", "configure", "remove", "remove folder", "drop", "run", "restore"
    ]
    path: Path
    why: str
    before: bytes | None = None
    after: bytes | None = None
    mode: int | None = None  # None: of a folder what the umask leaves, of a file what it has
    shared: int = 0  # what group and others get beside that, whatever the umask
    book: bool = False
    argv: tuple[str, ...] = ()  # what is run; a program of somebody else, that keeps its own books


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One thing that is left as it is, and why: the person should know, nothing is wrong."""

    about: str  # a path as it is, or the name of a hook
    text: str  # safe to show


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All steps in their order. No step: everything is as it should be already.

    `again` plans once more, for who has waited for a lock since.
    """

    repository: Repository
    steps: tuple[Step, ...]
    notes: tuple[Note, ...] = ()
    again: Callable[[], Plan] | None = None

    def anew(self) -> Plan:
        """Return the plan as it is by now."""
        return self if self.again is None else self.again()


def shown(path: Path, repository: Repository) -> str:
    """Return a path as a person knows it in this working tree."""
    return paths.shown(path, repository.top)


def halves(path: Path) -> list[Step]:
    """Return what takes away the files beside this one that a kill left of what we were writing there."""
    name = re.compile(rf"\.{re.escape(path.name)}\.\d+\.tmp")
    left = [path.with_name(n) for n in files.names(path.parent) if name.fullmatch(n)]
    return [Step(what="drop", path=half, why="a kill left it") for half in left]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was done. `lines` is what to say to the person, short, one line each, unescaped and unstyled."""

    plan: Plan
    lines: tuple[str, ...]


def perform(step: Step) -> None:
    """Do one step. Raises `PatinaError` where the file is no longer what the plan saw."""
    if step.what in ("change", "remove") and files.read(step.path) != step.before:
        raise _changed(step.path)
    match step.what:
        case "make folder":
            _make_folder(step)
        case "create":
            if not files.create(step.path, step.after or b"", mode=step.mode or 0o600):
                raise _changed(step.path)
        case "change":
            files.replace(step.path, step.after or b"")
            if step.mode is not None:
                files.set_mode(step.path, step.mode)
        case "configure":
            _configure(step)
        case "remove":
            files.remove(step.path)
        case "remove folder":
            files.remove_folder(step.path)
        case "drop":
            files.remove_tree(step.path)
            files.remove(step.path)
        case "run":
            _run(step)
        case "restore":
            _restore(step)
        case _:
            assert_never(step.what)
    if step.shared:
        files.set_mode(step.path, files.mode_of(step.path) | step.shared)


def _restore(step: Step) -> None:
    now = files.read(step.path)
    rest = None if now is None else agent_hooks.restored(now, step.after)
    if now is not None and rest is None:
        files.remove(step.path)
    elif now != rest and rest is not None:
        files.replace(step.path, rest)


def _run(step: Step) -> None:
    env = processes.environment()
    done = processes.alone(step.argv, cwd=Path(), env=env, seconds=PATIENCE, most=1_000_000)
    if done.code:
        words = (done.err or done.out).decode("utf-8", "replace").strip().split("\n")[-1]
        said = f"failed: {words}" if done.code > 0 else "was ended, it went on for too long"
        raise PatinaError(f"{' '.join(step.argv[:3])} {said}", f"Run it yourself: {' '.join(step.argv)}")


def _make_folder(step: Step) -> None:
    files.make_folder(step.path, 0o777 if step.mode is None else step.mode)
    if step.mode is not None:
        # Whatever the umask is: who shares the state must be able to enter.
        files.set_mode(step.path, step.mode)


def _configure(step: Step) -> None:
    """Change git's configuration under git's own lock, so that no `git config` at the same moment is lost."""
    lock = step.path.with_name(f"{step.path.name}.lock")
    if not files.create(lock):
        raise Busy(
            f"git is writing {step.path}", f"Run the command again; if no git is running, remove {lock}"
        )
    try:
        if files.read(step.path) != step.before:
            raise _changed(step.path)
        files.replace(step.path, step.after or b"")
    finally:
        files.remove(lock)


def _changed(path: Path) -> PatinaError:
    return PatinaError(f"{path} was changed while this command ran", "Run the command again.")
