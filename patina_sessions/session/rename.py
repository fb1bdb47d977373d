"""`patina rename [ID] TITLE`: another title for the active session, or for a finished one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from patina_sessions import redact
from patina_sessions.errors import PatinaError
from patina_sessions.journal import archive, render
from patina_sessions.session import note
from patina_sessions.session.active import Here
from patina_sessions.system import files, untrusted


def rename(place: Here, words: Sequence[str], now: datetime) -> str:
    """Take `[ID] TITLE` and return the new title. A first word that is a session's id names a finished one."""
    if len(words) > 1 and archive.locate(place.layout, words[0]) is not None:
        return _finished(place, words[0], redact.redact(" ".join(words[1:]).strip()))
    return note.retitle(place, " ".join(words), now).title


def _finished(place: Here, session: str, title: str) -> str:
    if not title:
        raise PatinaError("the title is empty", f'Give it one: patina rename {session} "a better title"')
    for folder in (place.layout.common.archive, place.layout.sessions):
        path = folder / f"{session}.md"
        data = untrusted.read(path)
        if data is not None and (
            files.is_inside(folder, place.layout.top) or folder == place.layout.common.archive
        ):
            files.write(path, render.retitle(data, title), mode=files.mode_of(path))
    return title
