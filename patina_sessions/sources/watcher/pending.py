"""What was seen and has not been told. Paths and counts only: it grows with the files, never with the events. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST = 50_000  # paths; beyond that only their number is kept


@dataclass(slots=True)
class Pending:
    """Paths that something happened to. `saves` counts what was written; a bare sign of life counts nothing."""

    saves: dict[str, int] = field(default_factory=dict)
    came_from: dict[str, str] = field(default_factory=dict)
    gone_folders: set[str] = field(default_factory=set)
    brushed: set[str] = field(default_factory=set)  # those whose mode, owner or times were set, and no more
    beyond: int = 0

    def touch(self, path: str, saves: int = 0) -> None:
        """Note that something happened to a file, and how often it was saved thereby."""
        self.brushed.discard(path)
        if path in self.saves:
            self.saves[path] += saves
        elif len(self.saves) < MOST:
            self.saves[path] = saves
        else:
            self.beyond += 1

    def brush(self, path: str) -> None:
        """Note that what stands beside a file's content was set: its mode, or its times."""
        if path not in self.saves and len(self.saves) < MOST:
            self.saves[path] = 0
            self.brushed.add(path)

    def move(self, old: str, new: str) -> None:
        """Note that a file has another name. Over a file that is there, this is how many editors save."""
        self.touch(old)
        self.touch(new, 1)
        self.came_from[new] = self.came_from.pop(old, old)

    def lose(self, folder: str) -> None:
        """Note that a folder has left the tree, with all that was in it."""
        self.gone_folders.add(folder)

    def __bool__(self) -> bool:
        return bool(self.saves or self.gone_folders)
