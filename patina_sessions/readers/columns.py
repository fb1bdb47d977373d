"""How wide text is on a terminal, and how it is cut and wrapped there. Pure.

Text that came from a journal is made visible here or before: the only escape sequences that reach a terminal are ours.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from patina_sessions import safe

Span: TypeAlias = tuple[
    str, str
]  # text, and the codes of its style: "1" bold, "4" underlined, "36" cyan, "" none


def width(text: str) -> int:
    """Return how many columns of a terminal text takes."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) > 0 for char in text)


def cell(text: str, limit: int) -> str:
    """Return text as one line in which nothing hides, cut to so many columns."""
    flat = safe.visible(" ".join(text.split()))
    if width(flat) <= limit:
        return flat
    used = 1  # the sign of the cut
    for at, char in enumerate(flat):
        used += width(char)
        if used > limit:
            return flat[:at] + "…"
    return flat


def cells(texts: Sequence[str], limit: int) -> Sequence[str]:
    """Return what `cell` makes of each; a column of thousands that is plain is looked at as one text."""
    joined = "|".join(["", *texts, ""])
    plain = joined.isascii() and joined.isprintable() and not any(s in joined for s in ("  ", " |", "| "))
    if plain and max(map(len, texts)) <= limit:
        return texts
    return [cell(text, limit) for text in texts]


def widest(texts: Sequence[str]) -> int:
    """Return the width of the widest."""
    return max(map(len if "".join(texts).isascii() else width, texts))


def padded(texts: Sequence[str], size: int, *, right: bool) -> list[str]:
    """Return each cut to so many columns and filled with blanks up to them, before it or behind it."""
    if "".join(texts).isascii() and max(map(len, texts)) <= size:
        return [text.rjust(size) if right else text.ljust(size) for text in texts]
    fitting = [cell(text, size) for text in texts]
    blanks = [" " * (size - width(text)) for text in fitting]
    return [b + t if right else t + b for t, b in zip(fitting, blanks, strict=True)]


def length(seconds: int) -> str:
    """Return how long something took, in hours and minutes."""
    if seconds < 60:
        return f"{seconds} s"
    hours, minutes = divmod(seconds // 60, 60)
    if not hours or not minutes:
        return f"{hours} h" if hours else f"{minutes} min"
    return f"{hours} h {minutes} min"


def painted(spans: Iterable[Span], *, color: bool) -> str:
    """Return spans as text, with their styles where `color` says so."""
    return "".join(
        f"\x1b[{style}m{text}\x1b[0m" if color and style and text else text for text, style in spans
    )


def wrap(spans: Sequence[Span], room: int | None) -> Iterator[list[Span]]:
    """Yield lines of at most `room` columns, cut at blanks; a word that is longer has a line for itself.

    A newline in the text stays one. Without `room` nothing else is cut.
    """
    line: list[Span] = []
    used = 0
    for word, blanks in _words(spans):
        size = sum(width(text) for text, _ in word)
        if word == [("\n", "")]:
            yield line
            line, used = [], 0
        elif room is not None and line and used + blanks + size > room:
            yield line
            line, used = list(word), size
        else:
            line += [(" " * blanks, ""), *word] if blanks and line else word
            used += blanks + size
    yield line


def _words(spans: Iterable[Span]) -> Iterator[tuple[list[Span], int]]:
    """Yield the words, each with the number of blanks before it; a word may change its style in the middle."""
    word: list[Span] = []
    blanks = 0
    for text, style in spans:
        for piece in _pieces(text):
            if piece.strip(" \n"):
                word.append((piece, style))
                continue
            if word:
                yield word, blanks
                word, blanks = [], 0
            if piece == "\n":
                yield [("\n", "")], 0
                blanks = 0
            else:
                blanks += len(piece)
    if word:
        yield word, blanks


def _pieces(text: str) -> Iterator[str]:
    """Cut text into words, runs of blanks, and single newlines."""
    start = 0
    for at in range(1, len(text) + 1):
        same = at < len(text) and text[at] != "\n" and (text[at] == " ") == (text[at - 1] == " ")
        if not same or text[at - 1] == "\n":
            yield text[start:at]
            start = at
