"""Output as text: bytes in any pieces, without terminal escapes, without what a progress bar overwrote. Pure.

Only for the copies that Patina keeps; the user's own terminal gets the bytes as they are.
"""

from __future__ import annotations

import codecs
import re

# CSI, OSC (to BEL or ST), DCS and the like (to ST), and the two-byte escapes.
_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|[ -/]*[0-~])"
    r"|\x9b[0-?]*[ -/]*[@-~]"
)
_OPEN = re.compile(r"[\x1b\x9b][^\n]{0,4000}$")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_OVERWRITTEN = re.compile(r"[^\n]*\r(?=[^\n])")
_BACK = re.compile(r"[^\n\x08]\x08")
LINE = 16_000  # characters of a line are waited for, then it goes on in pieces


class Plain:
    """One stream. Holds back at most a line, whatever comes."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""

    def feed(self, data: bytes) -> str:
        """Return the whole lines that are there now."""
        self._held += self._decoder.decode(data)
        cut = self._held.rfind("\n") + 1
        if not cut and len(self._held) > LINE:
            open_escape = _OPEN.search(self._held)
            cut = open_escape.start() if open_escape else len(self._held)
            cut = cut or len(self._held)
        text, self._held = self._held[:cut], self._held[cut:]
        return cleaned(text)

    def close(self) -> str:
        """Return the rest, with its last line closed."""
        text, self._held = cleaned(self._held + self._decoder.decode(b"", final=True)), ""
        return text + "\n" if text and not text.endswith("\n") else text


def cleaned(text: str) -> str:
    """Return text without escapes and control characters, each line as it stood in the end."""
    if "\x1b" in text or "\x9b" in text:
        text = _ESCAPES.sub("", text)
    if "\r" in text:
        text = _OVERWRITTEN.sub("", text.replace("\r\n", "\n").replace("\r\r\n", "\n")).replace("\r", "")
    while "\x08" in text and _BACK.search(text):
        text = _BACK.sub("", text)
    return _CONTROLS.sub("", text)
