"""What an agent's start hook hands over and a statusline shows: written before anybody asks, so that both are `cat`.

The hook's output is cut off beyond 10,000 characters and then only its first 2,000 are read, so all of it, JSON's own
characters included, stays well below.
"""

from __future__ import annotations

import json

from patina_sessions import safe
from patina_sessions.journal import grammar
from patina_sessions.readers import context
from patina_sessions.recorder.drain import peek
from patina_sessions.recorder.words import plural
from patina_sessions.session.active import Here
from patina_sessions.system import files, untrusted

OUTPUT = 9_500  # characters of a hook's output
_FIRST = "What Patina, this repository's session recorder, has on record:\n\n"


def output(text: str) -> str:
    """Return a text as the output of a start hook; Claude Code, Codex and Gemini CLI read the same form."""
    inner = {"hookEventName": "SessionStart", "additionalContext": text}
    return json.dumps({"hookSpecificOutput": inner}, ensure_ascii=False)


def start(here: Here) -> str:
    """Return what the start hook hands over here, "" where nothing has been recorded yet."""
    active = peek(here.layout, here.settings).session is not None
    room = context.MAX_CHARS - len(_FIRST)
    while True:
        text = context.context(here.layout, active=active, max_chars=room)
        # Gemini gives a context back within this tag; a journal that speaks of it must not close it.
        told = _FIRST + text.replace("hook_context>", "hook-context>")
        whole = output(told)
        if len(whole) <= OUTPUT or room < 1_000:
            return whole if text else ""
        room -= max(200, len(whole) - OUTPUT)


def line(here: Here) -> str:
    """Return what a statusline shows: the session in a few words."""
    session = peek(here.layout, here.settings).current()
    if session is None:
        return "patina: no session"
    goals = grammar.parse(untrusted.read(here.layout.journal) or b"").goals
    still = sum(not goal.done for goal in goals)
    parts = [
        safe.visible(safe.line(session.title, limit=40)),
        plural(session.commits, "commit"),
        plural(still, "open goal"),
    ]
    return "patina: " + " · ".join(parts)


def write(here: Here) -> None:
    """Write both anew. Who waits for the lock looks again when it has it, so that the last to write is the latest."""
    common = here.layout.common
    with files.locked(common.home / "ahead.lock"):
        whole = start(here).encode("utf-8", "backslashreplace")
        files.write(here.layout.start, whole, durable=False)
        if here.layout.git == common.git:
            files.write(common.start, whole, durable=False)
        elif files.signature(common.start) is None:
            files.write(common.start, b"", durable=False)
        files.write(here.layout.line, line(here).encode("utf-8", "backslashreplace") + b"\n", durable=False)
