"""The server of `tests.warm`: it has loaded Patina, and forks for each command. `python -P warm_server.py SOCKET`.

A request is one packet: words, environment and mask as JSON, with a folder and the three files of the command. The
answer is the status that `waitpid` gave. It ends when its standard input does.
"""

from __future__ import annotations

import atexit
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


def answer(line: socket.socket) -> NoReturn:
    """Run one command, and say how it ended."""
    data, files, _, _ = socket.recv_fds(line, 1 << 20, 4)
    asked = json.loads(data)
    child = os.fork()
    if child == 0:
        line.close()
        command(asked, files)
    for file in files:
        os.close(file)
    line.send(str(os.waitpid(child, 0)[1]).encode())
    os._exit(0)


def serve(door: socket.socket) -> None:
    """Answer whoever knocks, each in a process of its own, until nobody needs us."""
    answering: set[int] = set()
    while True:
        ready, _, _ = select.select([door, sys.stdin], [], [], 5)
        answering = {pid for pid in answering if os.waitpid(pid, os.WNOHANG)[0] == 0}
        if sys.stdin in ready:
            return
        if door in ready:
            line, _ = door.accept()
            pid = os.fork()
            if pid == 0:
                door.close()
                answer(line)
            answering.add(pid)
            line.close()


if __name__ == "__main__":
    load()
    serve(socket.socket(fileno=int(sys.argv[1])))
