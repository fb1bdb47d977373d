"""The pictures of the documentation are taken by the lines that stand above them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_docs import DOCS, shown

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("line", [line for line in shown("report.md") if "pictures.py" in line])
def test_the_line_above_a_picture_takes_it(line: str, made: Path, tmp_path: Path) -> None:
    _, script, name, _ = line.split()
    command = [sys.executable, str(DOCS.parent / script), name, str(made), "--into", str(tmp_path)]
    subprocess.run(command, check=True)
    picture = (tmp_path / f"{name}.png").read_bytes()
    kept = (DOCS / "pictures" / f"{name}.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert picture[16:24] == kept[16:24], "of another size than the one that is shown"
    assert len(picture) > len(kept) // 4, "there is next to nothing on it"
