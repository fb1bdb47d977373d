"""The server of `tests.warm`: it has loaded Patina, and forks for each command. `python -P warm_server.py SOCKET`.

A request is one packet: words, environment and mask as JSON, with a folder and the three files of the command. The
answer is the status that `waitpid` gave. It ends when its standard input does.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import io
import json
import os
import pkgutil
import random
import select
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn

import patina_sessions
from patina_sessions import cli


def load() -> None:
    """Load all that a command may need; what belongs to an extra (the server of MCP) is left out."""
    for found in pkgutil.walk_packages(patina_sessions.__path__, "patina_sessions."):
        if not found.name.endswith("__main__") and not found.name.startswith("patina_sessions.server"):
            importlib.import_module(found.name)
    gc.collect()
    gc.freeze()


def command(asked: dict[str, Any], files: Sequence[int]) -> NoReturn:
    """Become the command, as far as a fork can."""
    os.fchdir(files[0])
    for number in range(3):
        os.dup2(files[number + 1], number)
    for file in files:
        os.close(file)
    sys.stdin, sys.stdout, sys.stderr = (
        io.TextIOWrapper(open(number, mode), stream.encoding, stream.errors, line_buffering=number == 2)  # noqa: SIM115 - open for good
        for number, mode, stream in ((0, "rb", sys.stdin), (1, "wb", sys.stdout), (2, "wb", sys.stderr))
    )
    os.umask(asked["umask"])
    os.environ.clear()
    os.environ.update(asked["env"])
    time.tzset()
    random.seed()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = [f"{patina_sessions.__path__[0]}/__main__.py", *asked["args"]]
    code = 0
    try:
        cli.main()
    except SystemExit as leave:
        code = leave.code if isinstance(leave.code, int) else int(leave.code is not None)
    except BaseException:  # noqa: BLE001 - as an interpreter does
        traceback.print_exc()
        code = 1
    # What an interpreter does at its end.
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            code = 120
    os._exit(code & 255)


class Server:
    """Forks for whoever knocks at the door, and tells each how its command ended."""

    def __init__(self, door: socket.socket) -> None:
        self._door = door
        self._running: dict[int, socket.socket] = {}
        self._ended, wake = os.pipe()
        os.set_blocking(self._ended, False)
        os.set_blocking(wake, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)

    def serve(self) -> None:
        """Answer until nobody needs us."""
        while True:
            ready, _, _ = select.select([self._door, sys.stdin, self._ended], [], [])
            if sys.stdin in ready:
                return
            if self._ended in ready:
                os.read(self._ended, 1 << 16)
                self._tell()
            if self._door in ready:
                self._begin()

    def _begin(self) -> None:
        line, _ = self._door.accept()
        data, files, _, _ = socket.recv_fds(line, 1 << 20, 4)
        if not data:  # whoever knocked is gone
            line.close()
            return
        asked = json.loads(data)
        child = os.fork()
        if child == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.close(self._ended)
            for one in (self._door, line, *self._running.values()):
                one.close()
            command(asked, files)
        for file in files:
            os.close(file)
        self._running[child] = line

    def _tell(self) -> None:
        for child, line in list(self._running.items()):
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid:
                with contextlib.suppress(OSError):  # whoever asked is gone
                    line.send(str(status).encode())
                line.close()
                del self._running[child]


if __name__ == "__main__":
    load()
    Server(socket.socket(fileno=int(sys.argv[1]))).serve()
