"""What was written for agents outside git's directory, with the bytes from before, so that it can be taken out again.

One ledger lies in the git directory for what lies in the project, one beside `agent.sh` for what lies in a person's
home. Here the bytes are needed: JSON has no room for the marks by which `setup.manifest` finds what is ours. The one in
the home also names the repositories that asked for it, since the last of them takes it out.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Literal

from patina_sessions.errors import PatinaError
from patina_sessions.frozen import dataclass
from patina_sessions.setup import agent_hooks
from patina_sessions.setup.manifest import digest
from patina_sessions.setup.plan import Note, Step, halves
from patina_sessions.system import files, untrusted

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that was done. `before` is in base64, None where nothing was; a program is undone by `undo`.

    A "client" is settings that a client's own program writes, too: they are given back when all programs are through.
    """

    path: str
    kind: Literal["settings", "file", "folder", "program", "client"]
    agent: str = ""
    before: str | None = None
    written: str = ""  # hash of what we left
    undo: tuple[str, ...] = ()

    @property
    def original(self) -> bytes | None:
        return None if self.before is None else base64.b64decode(self.before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """All lines, and the git directories of the repositories that asked for them."""

    lines: tuple[Line, ...] = ()
    repositories: tuple[str, ...] = ()


def load(path: Path) -> Ledger:
    """Return a ledger, an empty one where there is none. Raises `PatinaError` for one that cannot be read."""
    raw = files.read(path)
    if raw is None:
        return Ledger()
    try:
        whole = json.loads(raw)
        if whole["format"] > FORMAT:
            raise PatinaError(
                f"{path} was written by a newer Patina", "Upgrade: pip install --upgrade patina-sessions"
            )
        lines = tuple(Line(**{**line, "undo": tuple(line["undo"])}) for line in whole["lines"])
        return Ledger(lines=lines, repositories=tuple(whole["repositories"]))
    except (ValueError, KeyError, TypeError) as error:
        raise PatinaError(f"{path} is damaged", "Move it away and run: patina init") from error


def written(ledger: Ledger) -> bytes:
    """Return a ledger as its file has it."""
    whole = {
        "format": FORMAT,
        "lines": [asdict(line) for line in ledger.lines],
        "repositories": list(ledger.repositories),
    }
    return json.dumps(whole, indent=1).encode() + b"\n"


def save(path: Path, ledger: Ledger) -> None:
    """Write a ledger, whole and on the disk."""
    files.make_folder(path.parent)
    files.write(path, written(ledger))


def with_lines(ledger: Ledger, new: Iterable[Line]) -> Ledger:
    """Return the ledger with more lines; what was there before we first wrote stays what was there before.

    A file that was gone by the time we wrote again is nobody's any more: what it once held is not to come back.
    """
    found: dict[tuple[str, str], Line] = {(line.kind, line.path): line for line in ledger.lines}
    for line in new:
        old = found.get((line.kind, line.path))
        first = line if old is None or line.before is None else replace(line, before=old.before)
        found[line.kind, line.path] = first
    return replace(ledger, lines=tuple(found.values()))


def encoded(data: bytes | None) -> str | None:
    """Return bytes as a line keeps them."""
    return None if data is None else base64.b64encode(data).decode("ascii")


def undone(ledger: Ledger, *, gone: Iterable[Path] = ()) -> tuple[list[Step], list[Note]]:
    """Return what takes everything out again, the last that was done first, and then the folders that are empty.

    `gone` are files that go as well, so that their folder may.
    """
    steps: list[Step] = []
    notes: list[Note] = []
    for line in reversed(ledger.lines):
        if line.kind == "folder":
            continue
        step, note = _undone(line)
        steps += [step] if step else []
        notes += [note] if note else []
        steps += halves(Path(line.path)) if line.kind != "program" else []
    steps.sort(key=lambda step: step.what == "restore")
    removed = {s.path for s in steps if s.what in ("remove", "drop")}
    return [*steps, *_emptied(ledger, {*gone, *removed})], notes


def _emptied(ledger: Ledger, gone: set[Path]) -> list[Step]:
    """Return the folders that we made and that will be empty, the deepest first."""
    made = [Path(line.path) for line in ledger.lines if line.kind == "folder"]
    steps = []
    for path in sorted(made, key=lambda p: -len(p.parts)):
        if path.is_dir() and not path.is_symlink() and all(path / n in gone for n in files.names(path)):
            gone.add(path)
            steps.append(Step(what="remove folder", path=path, why="nothing is left in it"))
    return steps


def _undone(line: Line) -> tuple[Step | None, Note | None]:
    path = Path(line.path)
    if line.kind == "program":
        return Step(what="run", path=Path(line.undo[0]), why="takes the plugin out", argv=line.undo), None
    now = untrusted.read(path, links=True)
    if now is None:
        return None, None
    if line.kind == "client":
        why = "gives back what was there before"
        return Step(what="restore", path=path, why=why, before=now, after=line.original), None
    if line.kind == "settings":
        # Never the old bytes for their own sake: we may have written last, and a person before us.
        if agent_hooks.without(now) is None:
            return None, Note(about=str(path), text="stays, it was changed since")
        rest = agent_hooks.restored(now, line.original) if agent_hooks.has_ours(now) else now
        return _back(path, now, rest), None
    if digest(now) != line.written:
        return None, Note(about=str(path), text="stays, it was changed since")
    return _back(path, now, line.original), None


def _back(path: Path, now: bytes, rest: bytes | None) -> Step | None:
    if rest is None:
        return Step(what="remove", path=path, why="init made it", before=now)
    if rest == now:
        return None
    return Step(what="change", path=path, why="gives back what was there before", before=now, after=rest)
