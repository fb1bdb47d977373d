"""What a rule is, and what tells a value from the place where one would stand."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import NamedTuple, TypeAlias

Span: TypeAlias = "tuple[int, int] | None"

# How much of a value decides whether it is one: a stream has to know that much of what follows before it lets go.
LOOK = 64
LONG = 16
# The longest secret there is, a private key of 16,384 bits, has 12,700 characters in its lines.
LONGEST = 16_384

_STAND_INS = (
    "xxxx **** .... ____ example placeholder your- your_ yourtok yourkey yourapi yoursec yourpass redacted dummy sample"
    " changeme change-me change_me".split()
)
_SEQUENCES = "abcdefgh 12345678 01234567 87654321 deadbeef".split()


class Rule(NamedTuple):
    """A pattern that matches at a hint, and where in the match the secret is.

    `hints` are literals: in lower case they stand for any case, unless the rule is `exact`; where there are many of one
    `ending`, that is looked for alone. No text in which no word has `least` characters is looked at, and what has a
    `least` has its hints in words of at least `LONG`. `span` is None for what only looks like a secret. The search goes
    on at the end of the span, else of the match: nothing is looked at again and again, so that the time is linear.
    """

    kind: str
    hints: tuple[str, ...]
    pattern: str
    span: Callable[[re.Match[str]], Span]
    least: int = 0
    exact: bool = False
    ending: str = ""


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Return the pattern, compiled when it is first asked for."""
    return re.compile(pattern)


def edge(before: str = "A-Za-z0-9") -> str:
    r"""Return a look behind: a token may begin after anything but these characters, and after what only ends in one.

    These are the escapes of JSON (`\n`), of URLs (`%20`), `\u0022`, and the colours of a terminal.
    """
    return (
        rf"(?:(?<![{before}])|(?<=\\[nrtbf])|(?<=%[0-9A-Fa-f]{{2}})|(?<=\\u00[0-9A-Fa-f]{{2}})"
        r"|(?<=\[[0-9]m)|(?<=;[0-9]m)|(?<=[\[;][0-9]{2}m))"
    )


def whole(match: re.Match[str]) -> Span:
    """Return the span of the group `value`, else of the match, unless it is a placeholder."""
    start, end = match.span("value" if "value" in match.re.groupindex else 0)
    return None if sequential(match.string[start : min(end, start + LOOK)]) else (start, end)


def sequential(token: str) -> bool:
    """Tell whether nobody's random generator made this token."""
    low = token.lower()
    return stands_in(low) or len(set(low[-24:])) < 6 or any(run in low for run in _SEQUENCES)


def stands_in(value: str) -> bool:
    """Tell whether a value only shows where a secret would stand."""
    low = value.lower()
    return len(set(low)) < 3 or any(word in low for word in _STAND_INS)
