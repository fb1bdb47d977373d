"""An engine that is a script: it speaks HTTP on a socket as dockerd does, and sends exactly the packets that it is given."""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

UPGRADED = (
    b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
    b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
)


def frame(stream: int, data: bytes) -> bytes:
    """Return the data as one frame of the stream."""
    return struct.pack(">B3xL", stream, len(data)) + data


@dataclass
class Script:
    """What the engine does when the command is started. A packet is one `send`; `...` is a pause."""

    packets: Callable[[], Iterator[bytes]] = lambda: iter(())
    after_head: bytes = b""  # in the same packet as the 101 answer
    hangs: bool = False  # keeps the stream open when all is sent
    code: int | None = 0
    runs_for: float = 0.0  # seconds that the command goes on after all is sent
    lost: bool = False  # after the stream nobody answers any more
    nulls: int = 0  # so many looks see a command that is over and has no exit code yet
    asked: list[str] = field(default_factory=list)  # what came in, in order
    info: dict[str, object] = field(default_factory=dict)


@dataclass
class FakeEngine:
    """The server. It answers what Patina asks of a command, and nothing else: an unknown question is an error 500."""

    path: Path | None  # of its socket; None for a port of 127.0.0.1
    script: Script
    host: str = ""
    _over: float = 0.0
    _closed: bool = False

    def __enter__(self) -> Self:
        if self.path is None:
            self._server = socket.create_server(("127.0.0.1", 0))
            self.host = f"tcp://127.0.0.1:{self._server.getsockname()[1]}"
        else:
            self._server = socket.socket(socket.AF_UNIX)
            self._server.bind(str(self.path))
            self._server.listen(32)
            self.host = f"unix://{self.path}"
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed = True
        self._server.close()
        for one in self._open:
            one.close()

    def _accept(self) -> None:
        while not self._closed:
            try:
                one, _ = self._server.accept()
            except OSError:
                return
            self._open.append(one)
            threading.Thread(target=self._serve, args=(one,), daemon=True).start()

    def _serve(self, one: socket.socket) -> None:
        with one, one.makefile("rb") as lines:
            while True:
                try:
                    request = lines.readline().decode()
                    if not request:
                        return
                    length = 0
                    while (header := lines.readline().decode().strip()) != "":
                        if header.lower().startswith("content-length:"):
                            length = int(header.split(":")[1])
                    body = json.loads(lines.read(length) or b"{}")
                    if not self._answer(one, request, body):
                        return
                except OSError:
                    return

    def _answer(self, one: socket.socket, request: str, body: dict[str, object]) -> bool:
        method, url, _ = request.split()
        route = f"{method} {re.sub(r'^/v[0-9.]+', '', url.partition('?')[0])}"
        self.script.asked.append(route)
        if self.script.lost and self._over:
            return False
        if route == "POST /exec/cmd/start":
            self._stream(one)
            return False
        answers: dict[str, object] = {
            "GET /version": {"ApiVersion": "1.41", "Version": "fake"},
            "GET /_ping": "OK",
            "GET /info": self.script.info or None,
            "POST /containers/box/exec": {"Id": "cmd" if self._is_users(body) else "ours"},
            "GET /exec/cmd/json": self._state(),
            "GET /exec/ours/json": {"Running": False, "ExitCode": 0},
            "GET /containers/box/json": {"State": {"Running": True}},
        }
        if route == "POST /exec/ours/start":  # a look for processes of the run: there are none left
            one.sendall(UPGRADED + frame(1, b"0 0\n"))
            return False
        known = answers.get(route)
        data = json.dumps(known if known is not None else {"message": f"no {route} here"}).encode()
        status = "200 OK" if known is not None else "500 Internal Server Error"
        if "/containers/gone/" in route:
            data, status = b'{"message": "no such container: gone"}', "404 Not Found"
        one.sendall(
            f"HTTP/1.1 {status}\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(data)}\r\n\r\n".encode()
            + data
        )
        return True

    def _is_users(self, body: dict[str, object]) -> bool:
        return "PATINA_RUN" not in str(body.get("Cmd"))

    def _state(self) -> dict[str, object]:
        over = bool(self._over) and time.monotonic() >= self._over
        if over and self.script.nulls > 0:
            self.script.nulls -= 1
            return {"Running": False, "ExitCode": None}
        return {"Running": not over, "ExitCode": self.script.code if over else None}

    def _stream(self, one: socket.socket) -> None:
        one.sendall(UPGRADED + self.script.after_head)
        for packet in self.script.packets():
            one.sendall(packet)
        self._over = time.monotonic() + self.script.runs_for
        while self.script.hangs and not self._closed:
            time.sleep(0.01)
