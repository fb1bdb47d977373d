"""Numbers are told as a person reads them."""

from __future__ import annotations

import pytest

from patina_sessions.recorder import words


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 kB"),
        (1, "1 kB"),
        (2_600, "3 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (1_234_567, "1.2 MB"),
        (1_000_000_000, "1,000 MB"),
    ],
)
def test_a_size_is_never_told_as_nothing_where_there_is_something(count: int, said: str) -> None:
    assert words.size(count) == said
