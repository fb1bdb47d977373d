"""The table of shapes and arrangements names tests that are there, and leaves out none that the tests know."""

from __future__ import annotations

import re
from pathlib import Path

from tests import arrangements
from tests.shapes import SHAPES

ROOT = Path(__file__).resolve().parents[2]
TABLE = (ROOT / "layer/core/arrangements.md").read_text()


def test_every_test_that_the_table_names_is_there() -> None:
    named = re.findall(r"`((?:tests|bench)/[\w/]+\.py)(?:::(\w+))?`", TABLE)
    assert len(named) > 40
    for file, test in named:
        text = (ROOT / file).read_text()
        assert not test or f"\ndef {test}(" in text, f"{file}::{test}"


def test_every_row_of_the_table_names_a_test() -> None:
    rows = [
        line
        for line in TABLE.splitlines()
        if line.startswith("| ") and not line.startswith(("| ---", "| sh", "| su"))
    ]
    rows = [row for row in rows if not row.startswith(("| arrangement |", "| shape |"))]
    assert [row for row in rows if not re.search(r"`(tests|bench)/[\w/]+\.py[\w:]*` \|$", row)] == []


def test_every_shape_and_every_arrangement_has_a_row() -> None:
    missing = [name for name in (*SHAPES, *arrangements.ALL) if f"`{name}`" not in TABLE]
    assert missing == []
