"""Real journals of another project, in three generations of the format: read where they lie, never copied here.

`PATINA_CORPUS` says where; else they are looked for in `shared/corpus` beside the repository. In CI their absence is an
error, elsewhere a skip that says so.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Read before a fixture takes PATINA_* and CI out of the environment.
FOLDER = Path(os.environ.get("PATINA_CORPUS") or Path(__file__).parents[2] / "shared" / "corpus")
_MUST_BE_THERE = bool(os.environ.get("CI")) or "corpus" in os.environ.get("REQUIRE", "").split()
COUNT = 246

OWN = Path(__file__).parent / "data" / "journals"


def own() -> list[Path]:
    """Return the journals that this project wrote itself, one or more for each generation."""
    found = sorted(OWN.glob("*.md"))
    assert found
    return found


def journals() -> list[Path]:
    """Return the journals of the corpus; skip or fail where they are not."""
    found = sorted(path for path in FOLDER.glob("*.md") if path.stem != "README")
    if found:
        return found
    said = f"the corpus of journals is not in {FOLDER}: set PATINA_CORPUS"
    if _MUST_BE_THERE:
        pytest.fail(said)
    pytest.skip(said)
