"""The cheap dataclass is told from the standard one by nothing but its price."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patina_sessions import frozen

KINDS: dict[str, Callable[..., Any]] = {"ours": frozen.dataclass, "the standard one": dataclasses.dataclass}


def _point(kind: str) -> Any:
    @KINDS[kind](frozen=True, slots=True, kw_only=True)
    class Point:
        """A place."""

        x: int
        y: int = 0
        names: tuple[str, ...] = ()
        notes: dict[str, str] = dataclasses.field(default_factory=dict)

        @property
        def far(self) -> bool:
            return self.x > 100

    return Point


OURS, THEIRS = _point("ours"), _point("the standard one")
GIVEN = st.fixed_dictionaries(
    {"x": st.integers()},
    optional={
        "y": st.integers(),
        "names": st.lists(st.text(max_size=3), max_size=2).map(tuple),
        "notes": st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
    },
)


@given(GIVEN, GIVEN)
def test_what_is_made_compared_and_shown_is_what_the_standard_one_makes(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    ours, theirs = OURS(**one), THEIRS(**one)
    assert dataclasses.asdict(ours) == dataclasses.asdict(theirs)
    assert repr(ours) == repr(theirs)
    assert (ours == OURS(**other)) == (theirs == THEIRS(**other))
    changed = dataclasses.replace(ours, **other)
    assert dataclasses.asdict(changed) == dataclasses.asdict(dataclasses.replace(theirs, **other))
    assert ours.far == theirs.far


@given(GIVEN)
def test_equal_ones_have_one_hash_and_another_class_is_never_equal(one: dict[str, Any]) -> None:
    one = {**one, "notes": ()}  # that can be hashed
    assert hash(OURS(**one)) == hash(OURS(**one))
    assert {OURS(**one), OURS(**one)} == {OURS(**one)}
    assert OURS(**one) != THEIRS(**one)


@pytest.mark.parametrize("make", [OURS, THEIRS], ids=KINDS)
def test_it_cannot_be_changed_and_takes_only_its_fields_by_name(make: Any) -> None:
    point = make(x=1)
    assert point.notes is not make(x=1).notes
    with pytest.raises(dataclasses.FrozenInstanceError):
        point.x = 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        del point.x
    with pytest.raises((AttributeError, TypeError)):
        point.other = 1
    assert not hasattr(point, "__dict__")
    for words, values in (({}, ()), ({"x": 1, "z": 1}, ()), ({}, (1,))):
        with pytest.raises(TypeError):
            make(*values, **words)
    match point:
        case make(x=1, y=0):
            pass
        case _:
            pytest.fail("a pattern by names does not match")
    assert (make.__name__, make.__doc__, make.__match_args__) == ("Point", "A place.", ())
