"""Values that stand nowhere afterwards: what `--env` and `--secret` gave, taken out of every text that is kept.

While a run goes on its values are known. Whoever brings its work home after a kill has only their marks: for each value
its length and a keyed hash (BLAKE2b, RFC 7693) under a key of the run's own, which lie in the run's ticket until the
work is home. A mark finds its value in a text and does not give it away, but whoever can read the ticket can try
guesses at it: that is why a mark is no place for a value that is easily guessed, and why it does not outlive the run.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Sequence

HIDDEN_FROM = 6  # characters: a shorter value would be found in every word
IN_PLACE = "[redacted:env]"

Hide = Callable[[str], str]


def hider(values: Iterable[str]) -> Hide:
    """Return what takes these values out of a text."""
    hidden = _told(values)

    def hide(text: str) -> str:
        for value in hidden:
            text = text.replace(value, IN_PLACE)
        return text

    return hide


class Hider:
    """Takes these values out of a text that comes in pieces: one that is cut by two of them, too.

    Before anything else looks at the text: what is left of a value that was changed in the middle is no secret to us.
    """

    def __init__(self, values: Iterable[str]) -> None:
        known = _told(values)
        self._hide = hider(known)
        self._held = max(map(len, known), default=1) - 1
        self._text = ""

    def feed(self, text: str) -> str:
        """Take a piece and return what no value can begin in that goes on after it."""
        self._text = self._hide(self._text + text)
        cut = max(0, len(self._text) - self._held)
        out, self._text = self._text[:cut], self._text[cut:]
        return out

    def close(self) -> str:
        """Return the rest."""
        out, self._text = self._text, ""
        return out


def marks(values: Iterable[str]) -> tuple[str, ...]:
    """Return what finds these values once they are known no more: a key, then a length and a hash for each."""
    key = secrets.token_hex(16)
    found = tuple(f"{len(value)}:{_hash(key, value)}" for value in _told(values))
    return (key, *found) if found else ()


def finder(known: Sequence[str]) -> Hide:
    """Return what takes out of a text the values whose marks these are. It takes 1 µs a character and value."""
    if not known:
        return str
    key, sizes = known[0], [(int(size), mark) for size, _, mark in (one.partition(":") for one in known[1:])]

    def hide(text: str) -> str:
        for size, mark in sizes:
            text = _without(text, key, size, mark)
        return text

    return hide


def _told(values: Iterable[str]) -> list[str]:
    """Return those that are hidden, a longer one first, since a shorter one may be a part of it."""
    return sorted({value for value in values if len(value) >= HIDDEN_FROM}, key=lambda v: (-len(v), v))


def _hash(key: str, value: str) -> str:
    data = value.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(data, key=bytes.fromhex(key), digest_size=16).hexdigest()


def _without(text: str, key: str, size: int, mark: str) -> str:
    kept, begun, at = [], 0, 0
    while at + size <= len(text):
        if _hash(key, text[at : at + size]) == mark:
            kept += [text[begun:at], IN_PLACE]
            begun = at = at + size
        else:
            at += 1
    return "".join((*kept, text[begun:]))
