"""Which of some runs a person means: by an id, a name, the beginning or the end of an id, or `last`. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from patina_sessions.errors import PatinaError

T = TypeVar("T")


def chosen(name: str, runs: Iterable[T], *, names: Callable[[T], tuple[str, ...]], nothing: PatinaError) -> T:
    """Return the one that is meant, of runs that come with the newest first; `names` gives a run's id before others.

    Raises `nothing` where none is, and `PatinaError` where it may be one of several.
    """
    near: dict[str, T] = {}
    for run in runs:
        known = names(run)
        if name == "last" or name in known:
            return run
        if known[0].startswith(name) or known[0].endswith(name):
            near[known[0]] = run
    if len(near) == 1:
        return next(iter(near.values()))
    if near:
        several = ", ".join(list(near)[:5])
        raise PatinaError(f"{name} may be one of {len(near)} runs: {several}", "Give more of its id.")
    raise nothing
