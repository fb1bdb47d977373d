"""A run is meant by its id, a name, the beginning or the end of its id, or `last`."""

from __future__ import annotations

import pytest

from patina_sessions.errors import PatinaError
from patina_sessions.runs import named

RUNS = [("20260102-1-bb", "fix"), ("20260102-1-ab", ""), ("20260101-1-ab", "fix")]  # the newest first


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("last", 0),
        ("20260102-1-ab", 1),
        ("fix", 0),
        ("20260101", 2),
        ("bb", 0),
        ("20260102-1-a", 1),
        ("20260101-1-ab", 2),
    ],
)
def test_the_run_that_is_meant_is_chosen(name: str, meant: int) -> None:
    assert chosen(name) == RUNS[meant]


def test_where_it_may_be_several_they_are_named() -> None:
    with pytest.raises(PatinaError, match="ab may be one of 2 runs: 20260102-1-ab, 20260101-1-ab"):
        chosen("ab")


def test_where_it_is_none_that_is_said_in_the_words_given() -> None:
    with pytest.raises(PatinaError, match="nothing"):
        chosen("cc")
    with pytest.raises(PatinaError, match="nothing"):
        named.chosen("last", (), names=lambda run: run, nothing=PatinaError("nothing"))


def chosen(name: str) -> tuple[str, str]:
    return named.chosen(
        name, RUNS, names=lambda run: (run[0], run[1] or run[0]), nothing=PatinaError("nothing")
    )
