"""Our lines in somebody else's file: put in, renewed and taken out, and never a byte of theirs lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patina_sessions.setup import blocks

BLOCK = blocks.shell(1, "words", "( ring )")
NEWER = blocks.shell(2, "other words", "{\n  ring more\n}")
NOTE = blocks.markdown(1, "a line\n@an/import.md")

# Lines that look like ours among others, in every order, with every end.
LINE = st.sampled_from(
    [
        b"#!/bin/sh",
        b"#! /usr/bin/env bash",
        b"echo a",
        b"",
        b"# >>> patina 1 >>> words",
        b"# >>> patina x >>>",
        b"# <<< patina <<<",
        b" # <<< patina <<<",
        b"<!-- >>> patina 1 >>> -->",
        b"text\r",
        b"\xff\x00",
    ]
)
TEXT = st.builds(
    lambda lines, end: b"\n".join(lines) + end,
    st.lists(LINE, max_size=8),
    st.sampled_from([b"", b"\n", b"\n\n"]),
)
PUT = st.sampled_from([blocks.insert, blocks.append])
Put = Callable[[bytes, bytes], bytes]


@given(TEXT.filter(lambda text: blocks.find(text) is None), PUT, st.sampled_from([BLOCK, NEWER, NOTE]))
def test_what_was_put_in_is_taken_out_and_nothing_else(text: bytes, put: Put, block: bytes) -> None:
    assert blocks.remove(put(text, block)) == text


@given(TEXT.filter(lambda text: blocks.find(text) is None), PUT)
def test_a_renewed_block_is_taken_out_in_the_same_way(text: bytes, put: Put) -> None:
    renewed = blocks.replace(put(text, BLOCK), NEWER)
    found = blocks.find(renewed)
    assert found is not None
    assert found.version == 2
    assert blocks.remove(renewed) == text


@given(TEXT.filter(lambda text: blocks.find(text) is None), PUT, LINE)
def test_a_line_that_somebody_adds_stays(text: bytes, put: Put, line: bytes) -> None:
    changed = put(text, BLOCK)
    if not changed.endswith(b"\n"):
        changed += b"\n"
    left = blocks.remove(changed + line + b"\n")
    assert left.endswith(line + b"\n")


@given(TEXT)
def test_a_block_in_a_script_stands_right_after_its_first_line(text: bytes) -> None:
    lines = blocks.insert(b"#!/bin/sh\n" + text, BLOCK).split(b"\n")
    assert lines[0] == b"#!/bin/sh"
    assert lines[1] == b"# >>> patina 1 >>> words"


@pytest.mark.parametrize(
    "text",
    [
        b"# >>> patina 1 >>> words\n( ring )\n",  # somebody deleted its end
        b"( ring )\n# <<< patina <<<\n",
        b"echo '# >>> patina 1 >>> words'\n# <<< patina <<<\n",
        b"",
    ],
)
def test_half_a_block_is_nobodys(text: bytes) -> None:
    assert blocks.find(text) is None
    assert blocks.remove(text) == text
