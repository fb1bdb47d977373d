"""What happens to a journal file when no session is active: `end` was killed half-way, or an editor saved once more.

Nothing that a person saved is dropped: it goes into the finished journal where that is as `end` left it, else into a
file beside it, and the log says so.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime

from patina_sessions import model
from patina_sessions.events import log as event_log
from patina_sessions.journal import archive, render
from patina_sessions.paths import Layout
from patina_sessions.recorder import strange
from patina_sessions.recorder.state import State
from patina_sessions.system import files, untrusted

log = logging.getLogger(__name__)


def tidy(layout: Layout, state: State, *, now: datetime) -> str | None:
    """Put away a journal file that belongs to no active session; return where, or None where there is none."""
    if untrusted.signature(layout.journal) is None or not files.is_inside(layout.local, layout.top):
        return None
    if strange.clear(layout, now):
        return None
    data = untrusted.read(layout.journal) or b""
    session = state.ended
    if session is not None and f"**ID**: {session}".encode() in data:
        retired = layout.retired / f"{session}.md"
        if files.read(retired) != data and not _into_archive(layout, session, data):
            return strange.set_aside(layout, session, now)
        files.make_folder(layout.retired)
        files.move(layout.journal, retired)
        return str(retired)
    from patina_sessions.recorder import lost

    return strange.set_aside(layout, lost.named(data) or session or "unknown", now)


def _into_archive(layout: Layout, session: str, journal: bytes) -> bool:
    """Write what was saved after the end into the finished journal, if nobody has touched that since.

    A kill may have come between its two copies: each may be as `end` left it, or hold the save already.
    """
    copy = layout.sessions / f"{session}.md"
    archived = files.read(layout.common.archive / f"{session}.md")
    there = untrusted.read(copy) if untrusted.holds(copy, layout.top) else None
    if archived is None:
        return False
    end = archived.rfind(b"\n## Session Classification\n")
    body = render.unnumbered(journal)
    renewed = body + (b"" if body.endswith(b"\n") else b"\n") + archived[end:] if end >= 0 else archived
    left = _sha(layout, session)
    known = [
        data is None or data == renewed or hashlib.sha256(data).hexdigest() == left
        for data in (archived, there)
    ]
    if not all(known):
        return False
    archive.publish(layout, session, renewed, tree=there is not None, ours=lambda found: found == there)
    log.info("session %s: a save after its end was taken into the archive", session)
    return True


def _sha(layout: Layout, session: str) -> str | None:
    for event in event_log.events(layout, newest_first=True):
        if isinstance(event.data, model.Ended) and event.data.session == session:
            return event.data.sha256
    return None
