"""The log of a run: its output as text, redacted as it is written, the beginning and the end of it kept.

Memory is bounded whatever comes: the beginning goes to the file at once, the end waits as bytes in a ring, what lies
between is counted and dropped. Only what is kept is decoded and redacted (5 MB/s), so endless output costs no more.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path

from patina_sessions.errors import PatinaError
from patina_sessions.frozen import dataclass
from patina_sessions.redact import StreamRedactor
from patina_sessions.runs.hidden import Hider
from patina_sessions.runs.plain import Plain
from patina_sessions.system import files

MARGIN = 1_000_000  # bytes of the disk that are left to the event log and the journal: output is worth less


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a run wrote: the text that was kept, redacted, and how much there was."""

    text: str
    size: int
    dropped: int
    unwritten: str = ""  # why the log could not be written, in words


class RunLog:
    """Takes a run's bytes as they come. `hidden` are values that never stand in a log: what `--env` gave."""

    def __init__(self, path: Path, *, limit: int, hidden: tuple[str, ...] = ()) -> None:
        self._path = path
        self._room = limit // 2  # for the beginning
        self._ring: deque[tuple[int, bytes]] = deque()
        self._ring_size = 0
        self._ring_limit = limit - limit // 2
        self._plain = {1: Plain(), 2: Plain()}
        self._redactor = StreamRedactor()
        self._hiding = Hider(hidden)
        self._texts: list[str] = []
        self._size = 0
        self._dropped = 0
        self._unwritten = ""

    def feed(self, stream: int, data: bytes) -> None:
        """Take bytes of standard output (1) or error (2)."""
        self._size += len(data)
        if self._room > 0:
            head, data = data[: self._room], data[self._room :]
            self._room -= len(head)
            self._take(self._plain[stream].feed(head))
        if data:
            self._ring.append((stream, data))
            self._ring_size += len(data)
            while self._ring_size - len(self._ring[0][1]) >= self._ring_limit:
                _, oldest = self._ring.popleft()
                self._ring_size -= len(oldest)
                self._dropped += len(oldest)

    def close(self) -> Output:
        """Write the end, and return what was kept."""
        if self._dropped:
            self._finish()
            self._write(f"\n[… {self._dropped:,} bytes of output are not kept …]\n\n")
            self._plain, self._redactor = {1: Plain(), 2: Plain()}, StreamRedactor()
        for stream, data in self._ring:
            self._take(self._plain[stream].feed(data))
        self._finish()
        self._ring.clear()
        return Output(
            text="".join(self._texts), size=self._size, dropped=self._dropped, unwritten=self._unwritten
        )

    def _take(self, text: str) -> None:
        self._write(self._redactor.feed(self._hiding.feed(text)))

    def _finish(self) -> None:
        for stream in (1, 2):
            self._take(self._plain[stream].close())
        self._write(self._redactor.feed(self._hiding.close()))
        self._write(self._redactor.close())

    def _write(self, text: str) -> None:
        if not text:
            return
        self._texts.append(text)
        if self._unwritten:
            return
        try:
            files.append(self._path, text.encode("utf-8", "replace"), durable=False, margin=MARGIN)
        except PatinaError as error:  # a full disk must not end the user's build
            self._unwritten = error.message
            self._say(f"\n[… from here on the output could not be kept: {error.message} …]\n")

    def _say(self, why: str) -> None:
        try:
            files.append(self._path, why.encode("utf-8", "replace"), durable=False)
        except PatinaError:
            return  # the run's entry says it
