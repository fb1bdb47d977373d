"""What was handed on to a program stands nowhere afterwards, whether its value is known still or only its marks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from patina_sessions.runs.hidden import HIDDEN_FROM, IN_PLACE, Hider, finder, hider, marks

WORDS = st.text(alphabet="ab\n é\udc80", max_size=10)


@given(st.lists(WORDS, max_size=4), st.lists(st.one_of(WORDS, st.integers(0, 3)), max_size=8))
def test_marks_find_what_the_values_would(values: list[str], pieces: list[str | int]) -> None:
    text = "".join(p if isinstance(p, str) else "".join(values[p : p + 1]) for p in pieces)
    assert finder(marks(values))(text) == hider(values)(text)


@given(st.lists(WORDS, max_size=4), WORDS, st.lists(st.one_of(WORDS, st.integers(0, 3)), max_size=8))
def test_a_text_that_comes_in_pieces_is_hidden_as_the_whole(
    values: list[str], beginning: str, pieces: list[str | int]
) -> None:
    """One value may be the beginning of another, and the cut come between the two ends."""
    values += [beginning + beginning, beginning + beginning + "a longer one"]
    texts = [p if isinstance(p, str) else values[p % len(values)] for p in pieces]
    letters = [letter for text in texts for letter in text]
    for cut in (texts, letters):
        one = Hider(values)
        assert "".join([*map(one.feed, cut), one.close()]) == hider(values)("".join(texts))


@given(WORDS, WORDS, st.text(alphabet="ab\n é\udc80", min_size=HIDDEN_FROM, max_size=12))
def test_no_value_of_some_length_stands_in_a_text_afterwards(before: str, after: str, value: str) -> None:
    for hide in (hider([value]), finder(marks([value]))):
        assert value not in (kept := hide(before + value + after))
        assert IN_PLACE in kept


def test_marks_give_no_value_away_and_are_others_for_each_run() -> None:
    value = "hunter22-hunter22"
    first, second = marks([value]), marks([value])
    assert value not in "".join(first)
    assert not set(first) & set(second)
    assert marks(["short"]) == ()
