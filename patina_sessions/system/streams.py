"""A file of any size, a line at a time: what is in memory is one line, and of that no more than is wanted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from patina_sessions.system.disk import told


def lines(path: Path, *, longest: int) -> Iterator[bytes | None]:
    """Yield the lines of a file without their newlines; None stands for one that is longer. Raises `PatinaError`."""
    with told(path, "read"), open(path, "rb") as stream:
        while line := stream.readline(longest + 1):
            if len(line) <= longest or line.endswith(b"\n"):
                yield line.rstrip(b"\r\n")
                continue
            while line and not line.endswith(b"\n"):
                line = stream.readline(longest)
            yield None
