"""The finished journals: `<common>/patina/archive` has them all, `layer/sessions` those that are kept with the code.

Readers see the union by id, the worktree's copy first, since a person may have edited that one. What lies in
`layer/sessions` came with a clone, perhaps from a stranger: a link or a pipe of that name is not a journal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from patina_sessions import safe
from patina_sessions.errors import PatinaError
from patina_sessions.journal import metadata
from patina_sessions.paths import Layout
from patina_sessions.system import files, folder, untrusted

comment = metadata.comment
metadata_of = metadata.read

_NAMED = 8  # candidates that an error names


class Archived(NamedTuple):
    """A finished journal and where it lies; `tree` is True for the copy in the working tree.

    A tuple, since there may be thousands: they are made in a third of the time.
    """

    id: str
    place: str
    tree: bool
    signature: str = ""  # changes when the file does

    @property
    def path(self) -> Path:
        """Return where it lies."""
        return Path(self.place)


def all(layout: Layout) -> list[Archived]:  # noqa: A001 (archive.all reads as what it is)
    """Return every finished journal once, by id, the working tree's copy where there are two."""
    found: dict[str, Archived] = {}
    for where, tree in ((layout.sessions, True), (layout.common.archive, False)):
        above = f"{where}/"
        for name, signature in folder.plain(where):
            session = stem(name)
            if session is not None and session not in found:
                found[session] = Archived(session, above + name, tree, signature)
    return [found[session] for session in sorted(found)]


def stem(name: str) -> str | None:
    """Return the id that a file's name stands for; a README is no journal, and no id is anything but UTF-8."""
    session = name.removesuffix(".md")
    no_id = session == name or session.lower() == "readme" or not safe.is_utf_8(session)
    return None if no_id else session


def ids(layout: Layout) -> list[str]:
    """Return the ids of all finished journals, sorted."""
    return [journal.id for journal in all(layout)]


def locate(layout: Layout, session: str) -> Archived | None:
    """Return where the finished journal of that id lies, the working tree's copy first, or None."""
    if not session or "/" in session or "\0" in session:
        return None
    for where, tree in ((layout.sessions, True), (layout.common.archive, False)):
        path = where / f"{session}.md"
        if untrusted.is_plain(path):
            return Archived(session, str(path), tree)
    return None


def read(layout: Layout, session: str) -> bytes | None:
    """Return the bytes of a finished journal, the working tree's copy first, or None where there is none."""
    found = locate(layout, session)
    return untrusted.read(found.path) if found else None


def find(layout: Layout, prefix: str) -> str:
    """Return the id of the one finished journal that a prefix means. Raises `PatinaError` for none and for several."""
    return choose(prefix, ids(layout))


def choose(prefix: str, known: Iterable[str]) -> str:
    """Return the one of the ids that is the prefix, else the only one that begins with it."""
    known = list(known)
    if prefix in known:
        return prefix
    fits = [name for name in known if prefix and name.startswith(prefix)]
    if len(fits) == 1:
        return fits[0]
    shown = safe.visible(prefix)
    if not fits:
        raise PatinaError(f"there is no session '{shown}'", "See them all: patina list --all")
    more = f" and {len(fits) - _NAMED} more" if len(fits) > _NAMED else ""
    names = ", ".join(safe.visible(name) for name in fits[-_NAMED:])
    raise PatinaError(f"{len(fits)} sessions begin with '{shown}'", f"Say more of it: {names}{more}")


def publish(
    layout: Layout, session: str, data: bytes, *, tree: bool, ours: Callable[[bytes], bool]
) -> Path | None:
    """Put a finished journal where it belongs and return the working tree's copy, None where `tree` is False.

    The common directory's copy comes first: no `git clean`, checkout or removed worktree reaches that one. A call
    that a kill cut off leaves either copy old or new, so a copy in the tree is renewed where `ours` knows its bytes,
    whatever the other one holds. Raises `PatinaError` where anything else has that name; it is not changed.
    """
    first = layout.common.archive / f"{session}.md"
    files.make_folder(first.parent)
    if files.read(first) != data:
        files.write(first, data)
    return _publish_in_tree(layout, session, data, ours) if tree else None


def _publish_in_tree(layout: Layout, session: str, data: bytes, ours: Callable[[bytes], bool]) -> Path:
    path = layout.sessions / f"{session}.md"
    files.make_folder(path.parent, 0o755)
    if not path.parent.is_dir():
        raise PatinaError(f"{path.parent} is no folder", "Move it away, then end the session again.")
    folder.sweep(path)  # of a try that was killed: the user's `git add` would take that in
    if not files.publish(path, data):
        there = untrusted.read(path)
        if there is None or (there != data and not ours(there)):
            raise PatinaError(f"{path} is there already", "Move it away, then end the session again.")
        if there != data:
            files.write(path, data, mode=0o644)
    return path
