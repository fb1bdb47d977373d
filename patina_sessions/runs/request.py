"""From what the user typed to what is run: the command of `build` and `test` with extra words, the time, the names."""

from __future__ import annotations

import re
import shlex

from patina_sessions.errors import PatinaError
from patina_sessions.runs.project import Project

_TIME = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def seconds(text: str) -> float:
    """Return a time such as 90, 90s, 5m or 1h in seconds."""
    found = _TIME.fullmatch(text.strip().lower())
    if found is None or not float(found[1]):
        raise PatinaError(f"{text} is no time", "Give seconds, or 5m, or 1h.")
    return float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]]


def size(text: str) -> int:
    """Return a size such as 512m or 4g in bytes."""
    units = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
    low = text.strip().lower().removesuffix("b")
    number, unit = (low[:-1], units[low[-1:]]) if low[-1:] in units else (low, 1)
    try:
        found = int(float(number) * unit)
    except (ValueError, OverflowError):
        found = 0
    if found <= 0:
        raise PatinaError(f"{text} is no size", "Give bytes, or 512m, or 4g.")
    return found


def variable(name: str) -> str:
    """Return the name of a variable. A value is refused: it would stand in the shell's history and in `ps`."""
    if not _NAME.fullmatch(name):
        raise PatinaError(
            f"--env takes the name of a variable, not {name.partition('=')[0]}=…",
            "Set it in your shell, then name it: export NAME=…; patina exec --env NAME -- …",
        )
    return name


def command(given: str | tuple[str, ...], extra: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words to be run: a list as it is, a line by the shell; extra words are arguments of both."""
    if isinstance(given, tuple):
        return (*given, *extra)
    if not extra:
        return ("/bin/sh", "-c", given)
    return ("/bin/sh", "-c", given + ' "$@"', "sh", *extra)


def shown(words: tuple[str, ...]) -> str:
    """Return a command as a person would type it."""
    if words[:2] == ("/bin/sh", "-c") and len(words) >= 3:
        line = words[2].removesuffix(' "$@"')
        return " ".join([line, *map(shlex.quote, words[4:])])
    return shlex.join(words)


def of_kind(project: Project, kind: str, extra: tuple[str, ...]) -> tuple[str, ...]:
    """Return the project's own command for `build` or `test`; none where it has none."""
    given: str | tuple[str, ...] = getattr(project, kind)
    return command(given, extra) if given else ()
