"""Values that stand nowhere afterwards: what `--env` and `--secret` gave, taken out of every text that is kept.

While a run goes on its values are known. Whoever brings its work home after a kill has only their marks: for each value
its length and a keyed hash (BLAKE2b, RFC 7693) under a key of the run's own, which lie in the run's ticket until the
work is home. A mark finds its value in a text and does not give it away, but whoever can read the ticket can try
guesses at it: that is why a mark is no place for a value that is easily guessed, and why it does not outlive the run.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Iterable, Sequence

HIDDEN_FROM = 6  # characters: a shorter value would be found in every word
IN_PLACE = "[redacted:env]"

Hide = Callable[[str], str]


def hider(values: Iterable[str]) -> Hide:
    """Return what takes these values out of a text; where two of them begin, the longer."""
    wanted = _pattern(values)
    return str if wanted is None else lambda text: wanted.sub(IN_PLACE, text)


class Hider:
    """Takes these values out of a text that comes in pieces, also one that is cut by two of them.

    It has to be the first that looks at the text: of a value that somebody has changed in the middle it knows nothing.
    """

    def __init__(self, values: Iterable[str]) -> None:
        values = _told(values)
        self._wanted = _pattern(values)
        self._held = max(map(len, values), default=1) - 1
        self._text = ""

    def feed(self, text: str) -> str:
        """Take a piece, and return all in which no value can begin that goes on after it."""
        self._text += text
        return self._until(len(self._text) - self._held)

    def close(self) -> str:
        """Return the rest."""
        return self._until(len(self._text))

    def _until(self, end: int) -> str:
        """Let go what comes before `end`, and whatever value begins there."""
        out, at = [], 0
        for found in self._wanted.finditer(self._text) if self._wanted is not None else ():
            if found.start() >= end:
                break
            out += [self._text[at : found.start()], IN_PLACE]
            at = found.end()
        end = max(at, end)
        out.append(self._text[at:end])
        self._text = self._text[end:]
        return "".join(out)


def marks(values: Iterable[str]) -> tuple[str, ...]:
    """Return what finds these values once they are known no more: a key, then a length and a hash for each."""
    key = secrets.token_hex(16)
    found = tuple(f"{len(value)}:{_hash(key, value)}" for value in _told(values))
    return (key, *found) if found else ()


def finder(known: Sequence[str]) -> Hide:
    """Return what takes out of a text the values whose marks these are. It takes 1 µs a character and value."""
    if not known:
        return str
    key, given = known[0], [one.partition(":") for one in known[1:]]
    wanted = [(int(size), mark) for size, _, mark in given]

    def hide(text: str) -> str:
        out, begun, at = [], 0, 0
        while at < len(text):
            size = next((n for n, mark in wanted if _hash(key, text[at : at + n]) == mark), 0)
            if size:
                out += [text[begun:at], IN_PLACE]
                begun = at + size
            at += size or 1
        return "".join((*out, text[begun:]))

    return hide


def _pattern(values: Iterable[str]) -> re.Pattern[str] | None:
    told = _told(values)
    return re.compile("|".join(map(re.escape, told))) if told else None


def _told(values: Iterable[str]) -> list[str]:
    """Return those that are hidden, a longer one first, since a shorter one may be its beginning."""
    return sorted({value for value in values if len(value) >= HIDDEN_FROM}, key=lambda v: (-len(v), v))


def _hash(key: str, value: str) -> str:
    data = value.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(data, key=bytes.fromhex(key), digest_size=16).hexdigest()
