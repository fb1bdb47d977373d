"""Marked blocks: our lines inside a file that is somebody else's, put in and taken out without touching theirs.

Pure. For every text without a block `remove(insert(text, …)) == text`, byte for byte; a text that somebody edited
around the block keeps the edit. A block's first line carries its version.
"""

from __future__ import annotations

import re

from patina_sessions.frozen import dataclass

_BEGIN = re.compile(rb"^(?:#|<!--) >>> patina (\d{1,6}) >>>[^\n]*\n", re.MULTILINE)
_END = re.compile(rb"^(?:#|<!--) <<< patina <<<[^\n]*(?:\n|\Z)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A block that stands in a text: where, what it is, and of which version."""

    start: int
    end: int
    version: int
    text: bytes


def shell(version: int, words: str, body: str) -> bytes:
    """Return a block for files in which `#` begins a comment."""
    return f"# >>> patina {version} >>> {words}\n{body}\n# <<< patina <<<\n".encode()


def markdown(version: int, body: str) -> bytes:
    """Return a block for markdown; its marks are invisible when rendered."""
    return f"<!-- >>> patina {version} >>> -->\n{body}\n<!-- <<< patina <<< -->\n".encode()


def find(text: bytes) -> Found | None:
    """Return the first whole block of a text. One without an end is no block: nobody knows how far it reaches."""
    begin = _BEGIN.search(text)
    while begin is not None:
        end = _END.search(text, begin.end())
        if end is None:
            return None
        # The nearest beginning before that end: of two, the first may have lost its own.
        again = _BEGIN.search(text, begin.end(), end.start())
        if again is None:
            whole = text[begin.start() : end.end()]
            return Found(start=begin.start(), end=end.end(), version=int(begin[1]), text=whole)
        begin = again
    return None


def insert(text: bytes, block: bytes) -> bytes:
    """Put the block right after the first line of a script, or first where that line names no interpreter."""
    if not text.startswith(b"#!"):
        return block + text
    line, newline, rest = text.partition(b"\n")
    return line + b"\n" + block + rest if newline else line + b"\n" + block.removesuffix(b"\n")


def append(text: bytes, block: bytes) -> bytes:
    """Put the block at the end; a file that had no newline there has none afterwards."""
    if not text or text.endswith(b"\n"):
        return text + block
    return text + b"\n" + block.removesuffix(b"\n")


def replace(text: bytes, block: bytes) -> bytes:
    """Put the block where one of ours stands."""
    old = find(text)
    assert old is not None
    new = block if old.text.endswith(b"\n") else block.removesuffix(b"\n")
    return text[: old.start] + new + text[old.end :]


def remove(text: bytes) -> bytes:
    """Take the block out, and the newline that `insert` or `append` had to put before it."""
    old = find(text)
    if old is None:
        return text
    before = text[: old.start]
    if old.text.endswith(b"\n"):
        return before + text[old.end :]
    return before.removesuffix(b"\n")
