"""What only git can answer: what it tracks, ignores, and finds changed. Asked a batch at a time, never file by file.

Patterns of ignored files are git's business (four places, negation, folders, case); a second implementation is a second
truth. A `git check-ignore` that lives on was weighed: it keeps the rules it has read, so it must be started anew at
every change of them, and it is one more process for the whole session; a batch costs 3 ms.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from patina_sessions.errors import PatinaError
from patina_sessions.system import files, processes

_STATUS = ("status", "--porcelain=v1", "-z", "--ignore-submodules=all", "--find-renames")
_FEW = 200  # paths that are given to git as such; with more, it is cheaper to ask for all and choose
_SHORT = 20_000  # characters of them: a command line may be as short as 128 kB


@dataclass(frozen=True, slots=True)
class Shown:
    """What `git status` shows: the two letters of each path, and where the staged ones came from."""

    letters: dict[str, str] = field(default_factory=dict)
    came_from: dict[str, str] = field(default_factory=dict)


class Asked:
    """Git in one worktree. Paths are relative to its top level; those of others are never asked for.

    Every question raises `PatinaError` where git does not answer it: silence would be taken for "nothing is tracked".
    """

    def __init__(self, top: Path, git_dir: Path) -> None:
        self._top = top
        self._git = ["git", f"--git-dir={git_dir}", f"--work-tree={top}"]

    def _run(self, *args: str, data: bytes | None = None) -> processes.Result:
        return processes.run([*self._git, *args], cwd=self._top, data=data)

    def _told(self, *args: str) -> list[str]:
        """Return the names that git says."""
        result = self._run(*args)
        if result.code:
            why = result.err.decode("utf-8", "replace").strip().partition("\n")[0]
            raise PatinaError(f"git {' '.join(args[:2])} gave {result.code}: {why}")
        return _names(result.out)

    def _told_of(self, paths: Sequence[str], *args: str) -> list[str]:
        """Return the names that git says of a few paths; of all where those are many."""
        if len(paths) > _FEW or sum(map(len, paths)) > _SHORT:
            return self._told(*args)
        return self._told("--literal-pathspecs", *args, "--", *paths)

    def ignored(self, paths: Iterable[str]) -> set[str]:
        """Return those of the paths that a rule ignores, whether git tracks them all the same or not."""
        asked = list(paths)
        if not asked:
            return set()
        # The dots keep a name such as `:(top)` from being read as more than a name.
        data = b"\0".join(b"./" + os.fsencode(path) for path in asked) + b"\0"
        result = self._run("check-ignore", "--no-index", "-z", "--stdin", data=data)
        if result.code not in (0, 1):
            if len(asked) == 1:
                return {asked[0]}  # git refuses it: beyond a link, or in a submodule, and so not ours
            half = len(asked) // 2
            return self.ignored(asked[:half]) | self.ignored(asked[half:])
        return {path.removeprefix("./") for path in _names(result.out)}

    def tracked(self, paths: Sequence[str]) -> set[str]:
        """Return those of the paths that stand in the index, and what stands below those that are folders."""
        if not paths:
            return set()
        wanted = set(paths)
        found = self._told_of(paths, "ls-files", "-z")
        return {name for name in found if name in wanted or any(f in wanted for f in above(name))}

    def kept(self) -> set[str]:
        """Return the tracked files that a rule ignores: their folders are worth a watch all the same."""
        return set(self._told("ls-files", "-z", "-c", "-i", "--exclude-standard"))

    def changed(self) -> Shown:
        """Return what `git status` shows."""
        return _shown(self._told(*_STATUS, "--untracked-files=all"))

    def differing(self, paths: Sequence[str]) -> set[str]:
        """Return those of the tracked paths that differ from the index, perhaps with others.

        A file that was only touched is read by git, which finds it the same.
        """
        shown = _shown(self._told_of(paths, *_STATUS, "--untracked-files=no"))
        return {path for path, said in shown.letters.items() if said[1] != " "}

    def modes(self) -> bool:
        """Tell whether git takes the mode of a file for a part of it."""
        return self._run("config", "--type=bool", "core.fileMode").out.strip() != b"false"

    def rule_files(self, common: Path) -> list[Path]:
        """Return the files outside the working tree that hold rules."""
        asked = processes.run([*self._git, "config", "--path", "core.excludesFile"], cwd=self._top)
        named = os.fsdecode(asked.out.rstrip(b"\n"))
        home = os.environ.get("XDG_CONFIG_HOME") or f"{os.environ.get('HOME', '')}/.config"
        return [common / "info" / "exclude", Path(named) if named else Path(home) / "git" / "ignore"]


def _shown(parts: Iterable[str]) -> Shown:
    shown = Shown()
    left = iter(parts)
    for part in left:
        letters, name = part[:2], part[3:]
        shown.letters[name] = letters
        if letters[0] in "RC":
            shown.came_from[name] = next(left, "")
    return shown


def above(path: str) -> Iterable[str]:
    """Yield the folders that a path lies in, the nearest first."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def signatures(paths: Iterable[Path]) -> tuple[object, ...]:
    """Return what changes when one of these files is saved, made or removed."""
    found: list[object] = []
    for path in paths:
        try:
            found.append(files.signature(path))
        except PatinaError:
            found.append(None)  # cannot be looked at, by git neither
    return tuple(found)


def _names(out: bytes) -> list[str]:
    return [os.fsdecode(name) for name in out.split(b"\0") if name]
