"""What a run came to: the closed set of outcomes, and the words of an exit code."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patina_sessions.runs.outcome import Ended, code_words, verdict

CODES = st.one_of(st.none(), st.integers(0, 255))
ENDS = st.builds(
    Ended,
    code=CODES,
    stopped=st.sampled_from(["", "timed out", "interrupted"]),
    whole=st.booleans(),
    answered=st.booleans(),
    refused=st.booleans(),
    out_of_memory=st.booleans(),
)
WORDS = {"passed", "failed", "timed out", "interrupted", "out of memory", "engine lost", "output lost"}


@given(ENDS)
def test_only_exit_0_after_a_clean_end_is_passed(ended: Ended) -> None:
    judged = verdict(ended)
    clean = ended.code == 0 and ended.whole and ended.answered and not (ended.stopped or ended.refused)
    assert judged.word in WORDS
    assert (judged.word == "passed") == clean
    assert (judged.code == 0) == clean


@given(ENDS)
def test_the_user_gets_the_command_s_own_code_where_nothing_else_happened(ended: Ended) -> None:
    if verdict(ended).word == "failed" and not ended.refused:
        assert verdict(ended).code == ended.code


@pytest.mark.parametrize(
    ("ended", "word", "code"),
    [
        (Ended(code=None), "engine lost", 125),
        (Ended(code=None, refused=True), "failed", 125),
        (Ended(code=0, answered=False), "engine lost", 125),
        (Ended(code=0, whole=False), "output lost", 125),
        (Ended(code=1, whole=False), "failed", 1),
        (Ended(code=143, stopped="timed out"), "timed out", 124),
        (Ended(code=0, stopped="interrupted"), "interrupted", 130),
        (Ended(code=137, out_of_memory=True), "out of memory", 137),
        (Ended(code=137), "failed", 137),
        (Ended(code=0, out_of_memory=True), "passed", 0),
    ],
)
def test_each_end_has_its_outcome(ended: Ended, word: str, code: int) -> None:
    assert (verdict(ended).word, verdict(ended).code) == (word, code)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (126, "cannot be run"),
        (127, "not found"),
        (137, "SIGKILL"),
        (139, "SIGSEGV"),
        (143, "SIGTERM"),
        (None, "unknown"),
    ],
)
def test_a_code_that_says_something_is_put_into_words(code: int | None, words: str) -> None:
    assert words in code_words(code)


@pytest.mark.parametrize("code", [0, 1, 2, 42, 128, 200, 255])
def test_a_code_of_the_command_s_own_is_left_to_it(code: int) -> None:
    assert code_words(code) == ""
