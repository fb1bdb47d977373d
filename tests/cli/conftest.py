"""The command line is tested as users start it: every command here is a process of its own from its start."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def cold() -> Iterator[None]:
    """Start every command anew."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEST_COLD", "1")
        yield
