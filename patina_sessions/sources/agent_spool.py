"""The spool of agents' hooks: each payload as it came, between lines of the hook's own; the last says that it is whole.

    patina-agent 2 <agent> <attended: 1, 0 or nothing known: -> <the client's process>
    <the git directory of the worktree in which the hook ran>
    <the payload>
    .

A payload is other people's text and may be anything: what is torn, huge or of a newer hook is dropped, never fatal. A
double (a plugin and the settings both have the hook) gives the same key, and the log takes each key once.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import stat
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from patina_sessions.frozen import dataclass
from patina_sessions.model import AgentEvent, Fact
from patina_sessions.sources import agents
from patina_sessions.sources.agents import Keep, payloads
from patina_sessions.system import clock

log = logging.getLogger(__name__)

NAME = re.compile(r"agent-[a-z]{1,20}-[0-9]+-*\.in\Z")
_HEAD = re.compile(rb"patina-agent 2 ([a-z]{1,20}) ([01-]) ([0-9]{1,9})\n([^\n]*)\n")
_WHOLE = b"\n.\n"  # no line of JSON
_HEAD_MOST = 8192  # bytes: the lines of the hook's own, of which one is a path
_MOST = 32 * 1024 * 1024  # bytes of a payload that are read: an edit's holds the whole file twice
_LOST = 86_400  # seconds after which a payload whose worktree is gone is anybody's to remove
_UNSEEN = ("started", "prompt", "ended")  # what is logged where nobody wants to read of agents


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What waited for one worktree. The files are to be removed once the facts are logged."""

    facts: tuple[Fact, ...] = ()
    files: tuple[Path, ...] = ()


def read(spool: Path, git_dir: Path, keep: Keep) -> Reading:
    """Return what waits for the worktree with this git directory, oldest first."""
    facts: list[Fact] = []
    used: list[Path] = []
    mine = os.path.realpath(git_dir)
    for path, state in _waiting(spool):
        age = clock.wall() - state.st_mtime
        # A payload may be large, and is read whole by none but its own worktree.
        beginning = _HEAD.match(_bytes(path, _HEAD_MOST) or b"")
        if beginning is not None and os.path.realpath(os.fsdecode(beginning[4])) != mine:
            if age > _LOST:
                used.append(path)
            continue
        data = _bytes(path, _MOST)
        head = _HEAD.match(data) if data is not None and data.endswith(_WHOLE) else None
        if data is None or head is None:
            # One that is at work is torn for milliseconds, one that was killed for ever.
            if age > _LOST or (data is not None and (len(data) >= _MOST or data.endswith(_WHOLE))):
                used.append(path)
            continue
        used.append(path)
        facts += _facts(head, data, state, keep)
    return Reading(facts=tuple(facts), files=tuple(used))


def _waiting(spool: Path) -> list[tuple[Path, os.stat_result]]:
    try:
        names = [name for name in os.listdir(spool) if NAME.match(name)]
    except OSError:
        return []
    found = []
    for name in names:
        try:
            state = os.lstat(spool / name)
        except OSError:
            continue
        if stat.S_ISREG(state.st_mode):
            found.append((spool / name, state))
    return sorted(found, key=lambda one: (one[1].st_mtime_ns, one[0].name))


def _bytes(path: Path, most: int) -> bytes | None:
    try:
        with open(path, "rb") as stream:
            return stream.read(most)
    except OSError:
        return None  # another user's, who will wake a recorder of their own


def _facts(head: re.Match[bytes], data: bytes, state: os.stat_result, keep: Keep) -> Iterable[Fact]:
    adapter = agents.ADAPTERS.get(head[1].decode())
    payload = payloads.read(data[head.end() : -len(_WHOLE)])
    if payload is None:
        log.warning("a payload of %s could not be read; it is dropped", head[1].decode())
    if adapter is None or payload is None:
        return
    time = clock.local(int(state.st_mtime))
    for event in adapter(payload, keep):
        if keep.detail == "none" and event.what not in _UNSEEN:
            continue
        known = replace(event, attended=head[2] == b"1", owner=int(head[3]))
        yield Fact(time=time, data=known, key=_key(known, state))


def _key(event: AgentEvent, state: os.stat_result) -> str:
    """Return what makes a double the same event; what has no id of its own is told by its ten seconds."""
    own = event.key or f"{event.source} {int(state.st_mtime) // 10}"
    name = f"{event.agent}\0{event.agent_session}\0{event.what}\0{own}"
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def dead(owner: int) -> bool:
    """Tell whether a client's process is no more."""
    if owner <= 1:
        return False
    try:
        os.kill(owner, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
