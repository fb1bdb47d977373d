"""The command line in a process of its own, in which a test takes the place of one function of Patina's."""

from __future__ import annotations

_HEAD = """
import importlib, os, signal, sys, time
from patina_sessions.cli import answer

def seam(where):
    module, _, path = where.partition(":")
    *owners, name = path.split(".")
    owner = importlib.import_module(module)
    for one in owners:
        owner = getattr(owner, one)
    return owner, name, getattr(owner, name)
"""

RUNS, ENGINE = "patina_sessions.runs.yolo.", "patina_sessions.system.docker:Engine."


def script(body: str) -> str:
    """Return Python for `-c`. In `body`, `seam("module:name.of.it")` gives owner, name and value; `answer(words)` runs."""
    return _HEAD + body
