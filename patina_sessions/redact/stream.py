"""The same for a text that comes in pieces, as the log of a run does.

What is given out ends at a line, far enough before the end of what has come that no secret can begin before it and go
on after it; of what was given out, the end is kept to look back at, since a name may stand before its value.
"""

from __future__ import annotations

from patina_sessions.redact.rule import LONGEST
from patina_sessions.redact.search import Found, find, redact, replaced

# What follows a cut, and what is kept before it: more than a name, what stands between, and what decides of a value.
AHEAD = 1024
BEHIND = 512


class StreamRedactor:
    """Redacts a text as it comes, and holds back no more than half as much again as the longest secret.

    Whatever the pieces are, all that comes out is what `redact` makes of the whole, for secrets up to `LONGEST`. Of a
    longer one nothing comes out either, up to the blank or quote that ends it.
    """

    def __init__(self) -> None:
        self._text = ""
        self._given = 0  # up to here it is what was given out, kept to look back at
        self._next = 0  # how much there has to be before it pays to look again
        self._swallowing = False

    def feed(self, text: str) -> str:
        """Take the next piece and return what can be written now."""
        self._text += self._unswallowed(text)
        size = len(self._text)
        if size < self._next:
            return ""
        cut = self._text.rfind("\n", self._given, max(self._given, size - AHEAD)) + 1
        if self._is_full():
            cut = max(cut, size - LONGEST)
        out = self._give(cut) if cut > self._given else ""
        # Where nothing can be given, a secret is open: to look again at every piece would cost the square of it.
        self._next = len(self._text) + (AHEAD // 4 if out else size // 4)
        return out

    def _is_full(self) -> bool:
        return len(self._text) - self._given > LONGEST + AHEAD

    def close(self) -> str:
        """Return the rest."""
        out = self._marked(find(self._text), len(self._text))
        self._text, self._given, self._next, self._swallowing = "", 0, 0, False
        return out

    def _unswallowed(self, text: str) -> str:
        """Return what of a piece comes after the end of the secret that was too long to wait for."""
        if not self._swallowing:
            return text
        ends = [at for at in map(text.find, " \t\n\r\"'`") if at >= 0]
        self._swallowing = not ends
        return text[min(ends) :] if ends else ""

    def _give(self, cut: int) -> str:
        # What begins in what was given is no secret: it was looked at with more of the text before it.
        spans = [span for span in find(self._text) if span.start >= self._given]
        cut = self._before_key(self._beside(spans, cut))
        if cut <= self._given:
            return self._overflow(spans) if self._is_full() else ""
        out = self._marked(spans, cut)
        first = max(0, cut - BEHIND)
        self._text, self._given = self._text[first:], cut - first
        return out

    def _marked(self, spans: list[Found], end: int) -> str:
        """Return what is new up to an end, with its marks, and with what they bring to light."""
        out = replaced(self._text, spans, self._given, end)
        return redact(out) if out != self._text[self._given : end] else out

    def _beside(self, spans: list[Found], cut: int) -> int:
        """Return the cut, or where the secret ends that it would part, or begins if more of that may come."""
        for span in spans:
            if span.start < cut <= span.end:
                return span.end if span.end <= len(self._text) - AHEAD else span.start
        return cut

    def _before_key(self, cut: int) -> int:
        """Return the cut, or where a private key begins before it whose end has not come."""
        begin = self._text.rfind("-----BEGIN ", self._given, cut)
        if begin < 0 or "PRIVATE KEY" not in self._text[begin : begin + 80]:
            return cut
        waiting = self._text.find("-----END ", begin, cut) < 0 and len(self._text) - begin <= LONGEST + AHEAD
        return begin if waiting else cut

    def _overflow(self, spans: list[Found]) -> str:
        """Give out all that has come: the secret at its end is longer than what is waited for."""
        out = self._marked(spans, len(self._text))
        self._swallowing = bool(spans) and spans[-1].end >= len(self._text) - 1
        self._text, self._given = "", 0
        return out
