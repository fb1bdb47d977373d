"""A command's streams while it runs: bytes from the engine, read as they come, and bytes to its standard input.

The response is read below the SDK, from the buffer that http.client itself filled: the first frame may be in there
already, and only there (docker/docker-py#3332).
"""

from __future__ import annotations

import io
import socket
from typing import Any

PIECE = 65536


class EngineStream:
    """One attached connection. `read` blocks, and may be called from a thread of its own."""

    def __init__(self, response: Any, *, tty: bool, connection: Any = None) -> None:
        """Take the SDK's response, or an answer of `http.client` with its connection."""
        self.tty = tty
        self._closing = [response] if connection is None else [response, connection]
        answer = response if connection is not None else response.raw._fp  # noqa: SLF001 - the SDK has no public way
        # An engine that does not upgrade sends chunks, and http.client takes those apart.
        self._source: Any = answer if answer.chunked else answer.fp
        raw = getattr(answer.fp, "raw", None)
        self._socket: Any = getattr(answer.fp, "channel", None) or getattr(raw, "_sock", None)
        if self._socket is not None and hasattr(self._socket, "settimeout"):
            self._socket.settimeout(None)

    def read(self) -> bytes:
        """Return the next bytes, as many as there are; none at the end. Raises `OSError` where the line breaks."""
        try:
            data: bytes = self._source.read1(PIECE)
        except (ValueError, AttributeError) as error:  # closed by another thread
            raise OSError("the stream was closed") from error
        return data

    def send(self, data: bytes) -> None:
        """Give bytes to the command's standard input. Raises `OSError` where nobody takes them any more."""
        if self._socket is None:
            raise OSError("this connection cannot be written to")
        self._socket.sendall(data)

    def end_input(self) -> None:
        """Tell the command that its standard input is over."""
        ssh = getattr(self._socket, "proc", None)  # the SDK's connection over ssh is the client's two pipes
        try:
            if ssh is not None:
                ssh.stdin.close()
            else:
                self._socket.shutdown(socket.SHUT_WR)
        except (OSError, AttributeError, io.UnsupportedOperation):
            pass  # over TLS there is no half of a connection to close

    def close(self) -> None:
        """Close the connection; a thread that reads it wakes up."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except (OSError, AttributeError):
            pass
        for one in self._closing:
            try:
                one.close()
            except OSError:
                continue  # the SDK says goodbye to an ssh that has left
