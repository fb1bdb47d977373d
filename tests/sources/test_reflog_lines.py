"""Lines and their words, whatever stands in them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patina_sessions.model import Position
from patina_sessions.sources import reflog_lines, reflog_tail
from patina_sessions.sources.reflog_lines import Verb, Words

A, B, ZERO = "a" * 40, "b" * 40, "0" * 40


@given(st.binary())
def test_no_bytes_make_the_reading_of_a_line_fail(raw: bytes) -> None:
    line = reflog_lines.parse(raw)
    assert line is None or (len(line.old) in {40, 64} and len(line.new) in {40, 64})


@given(st.text(), st.binary(max_size=80).filter(lambda b: b"\n" not in b))
def test_no_text_makes_the_reading_of_its_words_fail(words: str, message: bytes) -> None:
    assert isinstance(reflog_lines.read(words), Words)
    line = reflog_lines.parse(f"{A} {B} A <a@x> 1 +0000\t".encode() + message)
    assert line is not None
    assert line.text.encode("utf-8", "surrogateescape") == message


@given(st.text(st.characters(exclude_characters="\n<>\t", exclude_categories=["Cs"])).map(str.strip))
def test_a_name_is_read_as_git_wrote_it(name: str) -> None:
    line = reflog_lines.parse(f"{A} {B} {name} <mail@x> 5 -0730\tcommit: x".encode())
    assert line is not None
    assert (line.by.name, line.by.email, line.by.seconds, line.by.zone) == (name, "mail@x", 5, "-0730")


def test_a_line_without_words_is_a_line() -> None:
    line = reflog_lines.parse(f"{ZERO} {B} A <a@x> 1 +0000".encode())
    assert line is not None
    assert (line.text, line.born, line.gone) == ("", True, False)


@pytest.mark.parametrize(
    ("text", "verb", "sure"),
    [
        ("commit: x", "commit", True),
        ("commit (initial): x", "commit", True),
        ("commit (amend): x", "amend", True),
        ("commit (merge): x", "merge", True),
        ("commit (cherry-pick): x", "cherry-pick", True),
        ("commit (rebase): x", "step", True),
        ("commit: rebase (finish): returning to refs/heads/x", "commit", True),
        ("commit: x: Fast-forward", "commit", True),
        ("cherry-pick: x", "cherry-pick", True),
        ("cherry-pick: fast-forward", "forward", True),
        ("revert: x", "revert", True),
        ("am: x", "am", True),
        ("am --abort", "reset", True),
        ("merge topic: Fast-forward", "forward", True),
        ("merge topic: Merge made by the 'ort' strategy.", "merge", True),
        ("pull https://u:t@h/r (x) main: Merge made by the 'ort' strategy.", "merge", True),
        ("pull: Fast-forward", "forward", True),
        ("checkout: moving from main to topic", "checkout", True),
        ("rebase: checkout topic", "checkout", True),
        ("reset: moving to HEAD~1", "reset", True),
        ("rebase (start): checkout main", "start", True),
        ("rebase -i (pick): x", "step", True),
        ("rebase (continue): x (finish): y", "step", True),
        ("rebase (finish): returning to refs/heads/x", "finish", True),
        ("rebase finished: returning to refs/heads/x", "finish", True),
        ("rebase (abort): updating HEAD", "abort", True),
        ("rebase: fast-forward", "forward", True),
        ("pull --rebase origin main (pick): x: Fast-forward", "step", True),
        ("pull --rebase https://h:8/r (start): checkout 1234567", "start", True),
        ("my tool (start): checkout main", "start", False),
        ("my tool (pick): x", "step", False),
        ("fix (start): the engine", "other", False),
        ("rebased onto main (finish): nearly", "other", False),
        ("my tool: Fast-forward", "forward", False),
        ("push", "push", True),
        ("push the limits", "other", False),
        ("clone: from x", "still", True),
        ("Branch: renamed refs/heads/a to refs/heads/b", "still", True),
        ("rebase (pick): am --abort", "step", True),
        ("pull --rebase (pick): x: storing head", "step", True),
        ("initial pull", "still", False),
        ("pull: storing head", "still", False),
        ("", "other", False),
        ("any words at all", "other", False),
    ],
)
def test_what_the_words_say_and_whether_only_git_says_so(text: str, verb: Verb, sure: bool) -> None:
    words = reflog_lines.read(text)
    assert (words.verb, words.sure) == (verb, sure)


def test_a_pull_is_told_from_a_rebase_by_its_first_word() -> None:
    assert reflog_lines.read("pull --rebase (pick): x").pull
    assert not reflog_lines.read("rebase (pick): pull").pull


def test_the_parts_of_a_checkout_and_of_an_end_are_read() -> None:
    moved = reflog_lines.read("checkout: moving from a/b to :/fix the thing")
    assert (moved.left, moved.target) == ("a/b", ":/fix the thing")
    assert reflog_lines.read("rebase (finish): returning to refs/heads/x").target == "refs/heads/x"


@given(st.lists(st.integers(0, 3), max_size=30), st.integers(0, 30))
def test_lines_read_in_two_parts_are_numbered_as_when_read_at_once(
    tmp_path_factory: pytest.TempPathFactory, kinds: list[int], cut: int
) -> None:
    path: Path = tmp_path_factory.mktemp("log") / "HEAD"
    lines = [f"{A} {B} A <a@x> 7 +0000\tx{kind}\n".encode() for kind in kinds]
    path.write_bytes(b"".join(lines[:cut]))
    first = reflog_tail.read(path, Position(source="HEAD"))
    assert first is not None
    path.write_bytes(b"".join(lines))
    second = reflog_tail.read(path, first.position)
    whole = reflog_tail.read(path, Position(source="HEAD"))
    assert second is not None and whole is not None
    assert (*first.fresh, *second.fresh) == whole.fresh
    assert second.position == whole.position
