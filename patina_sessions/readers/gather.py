"""Which journals there are to search: of a repository, of a folder, of every repository on this machine."""

from __future__ import annotations

from pathlib import Path

from patina_sessions.errors import PatinaError
from patina_sessions.journal import archive
from patina_sessions.paths import Common, Layout
from patina_sessions.readers.index import Source
from patina_sessions.system import files, registry, untrusted


def repository(layout: Layout) -> list[Source]:
    """Return the finished journals of a repository and the active one of this worktree."""
    found = [Source(one.id, one.place, one.signature) for one in archive.all(layout)]
    active = _id(layout.journal)
    return found + ([Source(id=active, path=layout.journal)] if active else [])


def _id(journal: Path) -> str | None:
    for line in (untrusted.start(journal, 4000) or b"").split(b"\n"):
        if line.startswith(b"**ID**: "):
            return line[8:].strip().decode("ascii", "replace")
    return None


def folder(path: Path) -> list[Source]:
    """Return the journals of a folder. Raises `PatinaError` where there is no such folder."""
    if not path.is_dir():
        raise PatinaError(
            f"there is no folder {path}", "Name a folder of journals: patina search … --from DIR"
        )
    stems = ((archive.stem(n), n) for n in files.names(path))
    return [Source(id=stem, path=path / n) for stem, n in stems if stem is not None]


def everywhere(layout: Layout) -> list[Source]:
    """Return the journals of every repository on this machine that was given to Patina, this one's first."""
    found = {str(s.path): s for s in repository(layout)}
    for git, top in registry.all_of_them():
        other = Layout(top=top, git=git, common=Common(git=git), key="")
        for one in archive.all(other):
            found.setdefault(one.place, Source(one.id, one.place, one.signature))
    return list(found.values())
