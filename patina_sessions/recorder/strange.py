"""What lies in the place of the journal and is not this session's journal: it goes aside, whole, and a log says where.

`.patina/local` is ignored, so git writes over what is in there without a word: a pull or a checkout of a branch that
has the name brings the journal of somebody else, or a link to a file that nobody meant to be written to or archived.
"""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime
from pathlib import Path

from patina_sessions.model import Session
from patina_sessions.paths import Layout
from patina_sessions.system import files, processes, untrusted

log = logging.getLogger(__name__)

_ID = re.compile(rb"^\*\*ID\*\*:[ \t]*([0-9]{8}-[0-9]{6}(?:-[0-9a-z]{1,12})?)", re.MULTILINE)


def is_ours(data: bytes, session: Session) -> bool:
    """Tell whether a text says that it is the session's journal: by its id, or by its start, should that be changed."""
    started = session.started.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return session.id.encode() in _ID.findall(data) or f"**Started**: {started}".encode() in data


def anothers(data: bytes, session: Session) -> str | None:
    """Return the id of another session whose journal a text is by its own words, or None."""
    if is_ours(data, session):
        return None
    head, _, _ = data.partition(b"\n## ")
    found = _ID.search(head)
    return found[1].decode() if found else None


def foreign(layout: Layout, session: Session, data: bytes) -> str | None:
    """Return the id to keep a text by that nobody saved who had the session's journal before him; None where it is his.

    A person may write what he likes, and take the id out as well. So a text without any is his, and stays, unless git
    tracks the file: then git has put it there.
    """
    if is_ours(data, session):
        return None
    return anothers(data, session) or (session.id if is_tracked(layout) else None)


def is_tracked(layout: Layout) -> bool:
    """Tell whether git tracks what lies in the journal's place."""
    inside = layout.journal.relative_to(layout.top).as_posix()
    asked = ["git", f"--git-dir={layout.git}", "ls-files", "-z", "--", inside]
    return bool(processes.run(asked, cwd=layout.top).out)


def clear(layout: Layout, now: datetime) -> bool:
    """Move away what lies in the journal's place and is no plain file; return whether there was such a thing."""
    if untrusted.signature(layout.journal) is None or untrusted.is_plain(layout.journal):
        return False
    _moved(layout, now)
    return True


def linked(layout: Layout, session: Session) -> bytes | None:
    """Return the session's journal where a person moved it elsewhere and left a link; no other link is read from."""
    data = untrusted.read(layout.journal, links=True)
    return data if data is not None and is_ours(data, session) else None


def set_aside(layout: Layout, session: str, now: datetime) -> str:
    """Move the file in the journal's place to where discarded journals are, and return its new path."""
    beside = _moved(layout, now)
    data = untrusted.read(beside)
    if data is None:
        return str(beside)
    files.make_folder(layout.common.discarded)
    name = f"{session}-{now.strftime('%Y%m%d-%H%M%S')}"
    while not files.create(layout.common.discarded / f"{name}.md", data):
        name += "x"
    files.remove(beside)
    target = layout.common.discarded / f"{name}.md"
    log.warning("it is in %s now", target)
    return str(target)


def _moved(layout: Layout, now: datetime) -> Path:
    """Give what lies in the journal's place another name beside it: no copy, so nothing that is saved now is lost."""
    name = f"not-the-journal-{now.strftime('%Y%m%d-%H%M%S')}"
    while untrusted.signature(layout.local / f"{name}.md") is not None:
        name += "x"
    beside = layout.local / f"{name}.md"
    files.move(layout.journal, beside)
    log.warning("what lay in the journal's place is not this session's journal: %s", beside)
    return beside
