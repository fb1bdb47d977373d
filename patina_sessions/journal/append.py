"""The one way in which a command changes what stands in the active journal already: a new goal, another title.

Entries never come this way; they are appended. Here the new text is swapped in with an atomic exchange and what came
out is looked at: had somebody saved in between, it is swapped back. The displaced file is kept for a while, since an
editor that has it open may still write into it.
"""

from __future__ import annotations

import hashlib

from patina_sessions.paths import Layout
from patina_sessions.system import clock, files, swap, untrusted

_KEEP = 60.0  # seconds


def exchange(layout: Layout, before: bytes, after: bytes) -> bool:
    """Put `after` where `before` stands; return False where the file is not `before` any more."""
    name = f".displaced-{hashlib.sha256(before).hexdigest()}.md"
    beside = layout.local / name
    files.write(beside, after, mode=files.mode_of(layout.journal))
    if untrusted.read(layout.journal) != before:
        files.remove(beside)
        return False
    if not swap.exchange(beside, layout.journal):
        files.move(beside, layout.journal)  # a file system without exchange: the look just above is the guard
        return True
    if untrusted.read(beside) != before:
        swap.exchange(beside, layout.journal)
        files.remove(beside)
        return False
    return True


def drop_displaced(layout: Layout, *, all_of_them: bool = False) -> list[bytes]:
    """Remove displaced files that nobody wrote into; return the bytes of those that somebody did."""
    saved: list[bytes] = []
    for name in files.names(layout.local):
        if not name.startswith(".displaced-"):
            continue
        path = layout.local / name
        seen = files.signature(path)
        data = untrusted.read(path)
        if seen is None or data is None or (not all_of_them and clock.wall() - seen[4] / 1e9 < _KEEP):
            continue
        if hashlib.sha256(data).hexdigest() != name[len(".displaced-") : -len(".md")]:
            saved.append(data)
        files.remove(path)
    return saved
