"""The one place that reads the time. `PATINA_NOW` (RFC 3339) sets it, so that a test's time reaches child processes."""

from __future__ import annotations

import os
import time
from datetime import datetime


def now() -> datetime:
    """Return the present moment in the local zone, to the second unless `PATINA_NOW` says otherwise."""
    fixed = os.environ.get("PATINA_NOW")
    if fixed:
        return datetime.fromisoformat(fixed).astimezone()
    return datetime.now().astimezone().replace(microsecond=0)


def local(epoch: int) -> datetime:
    """Return an epoch second as a moment in the local zone."""
    return datetime.fromtimestamp(epoch).astimezone()


def wall() -> float:
    """Return the system's seconds, for comparing with the times of files; `PATINA_NOW` does not move files' times."""
    return time.time()


def monotonic() -> float:
    """Return seconds of a clock that nobody sets."""
    return time.monotonic()


def sleep(seconds: float) -> None:
    """Wait.

    Not with `time.sleep`, whose system call fails under libfaketime 0.9: commits dated with it would not be recorded.
    """
    import select

    select.select([], [], [], max(0.0, seconds))
