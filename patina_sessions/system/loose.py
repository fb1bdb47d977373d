"""Objects that git has just made lie each in a file of its own: what nothing names any more is found there."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from patina_sessions.model import Id
from patina_sessions.system.git import Git
from patina_sessions.system.objects import is_id, text

_MOST = 20_000  # git packs them at 6,700


def commits(git: Git, common: Path, moment: float) -> list[Id]:
    """Return the commits among the loose objects of that time (epoch seconds) or later that nothing has below it.

    Neither a branch nor any other ref, no worktree's HEAD and no reflog.
    """
    found = git.ask("cat-file", "--batch-check", data=_lines(_since(common, moment))).out
    words = (line.split() for line in found.splitlines())
    ids = [text(w[0]) for w in words if len(w) == 3 and w[1] == b"commit"]
    every = ("rev-list", "--ignore-missing", "--not", "--all", "--reflog", "--not", "--stdin")
    result = git.ask(*every, data=_lines(ids)) if ids else None
    left = set(text(result.out).split()) if result and result.code == 0 else set()
    return [i for i in ids if i in left]


def _lines(ids: Iterable[str]) -> bytes:
    return "".join(f"{i}\n" for i in ids if is_id(i)).encode()


def _since(common: Path, moment: float) -> list[str]:
    found: list[str] = []
    for number in range(256):
        try:
            with os.scandir(common / "objects" / f"{number:02x}") as entries:
                found += [f"{number:02x}{e.name}" for e in entries if e.stat().st_mtime >= moment]
        except OSError:
            continue
    return found[:_MOST]
