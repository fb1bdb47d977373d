"""What `patina --version` takes beyond a bare Python: whatever is imported at the top of a module shows here."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.pairs import Bench, Measure, cpu


def prepare(folder: Path) -> tuple[Measure, Measure]:
    """Return both starts, in an empty folder."""
    bare = [sys.executable, "-P", "-c", "import click"]
    return cpu(bare, cwd=folder), cpu(
        [sys.executable, "-P", "-m", "patina_sessions", "--version"], cwd=folder
    )


BENCH = Bench(
    name="start", a="python, import click", b="patina --version", bar=1.5, prepare=prepare, rounds=31
)
