"""The multiplexed stream of an engine, taken apart: eight bytes of head, then a piece of a stream. Pure.

The SDK's own reader loses a first frame that comes with the 101 answer and raises on a head that is split over two
packets (docker/docker-py#3332, reproduced), and a cut stream looks to it like an end.
"""

from __future__ import annotations

import struct

HEAD = struct.Struct(">B3xL")
STREAMS = (0, 1, 2)


class Frames:
    """Takes bytes as they come and gives back pieces of the streams; never holds more than a head.

    `broken`: what came is no frame, and from there on nobody knows what belongs to what; the rest is passed over.
    """

    def __init__(self) -> None:
        self._head = b""
        self._stream = 1
        self._left = 0
        self.broken = False

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Return (1 or 2, bytes) for what came."""
        found: list[tuple[int, bytes]] = []
        at = 0
        while at < len(data) and not self.broken:
            if self._left:
                piece = data[at : at + self._left]
                found.append((self._stream, piece))
                self._left -= len(piece)
                at += len(piece)
                continue
            need = HEAD.size - len(self._head)
            self._head += data[at : at + need]
            at += need
            if len(self._head) == HEAD.size:
                self._open()
        return found

    def _open(self) -> None:
        stream, self._left = HEAD.unpack(self._head)
        if stream not in STREAMS or self._head[1:4] != b"\0\0\0":
            self.broken = True
        self._stream = 2 if stream == 2 else 1
        self._head = b""

    @property
    def whole(self) -> bool:
        """Whether the stream may end here: between two frames."""
        return not self._left and not self._head and not self.broken
