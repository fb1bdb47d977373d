"""The promises about git and its hooks are kept by what a user starts: there every command is started as he does it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

# What counts, what an uninstall leaves and what agents say is asked of many commands, and not of how they start.
WARM = ("test_2_what_counts", "test_6_", "test_agents", "test_1_every_shape")


@pytest.fixture(scope="module", autouse=True)
def cold(request: pytest.FixtureRequest) -> Iterator[None]:
    """Start every command of this file anew, unless it is one of those that need not."""
    with pytest.MonkeyPatch.context() as patch:
        if not request.path.name.startswith(WARM):
            patch.setenv("TEST_COLD", "1")
        yield
