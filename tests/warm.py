"""The command `patina`, run without the start of an interpreter: half of the suite's time went into that.

A server that has loaded everything forks for each command. What runs is the command's own code in a process of its own,
with the caller's folder, environment, mask and three files; it differs from the real thing by what is loaded already.
So whatever is about the start itself (what is imported, a wrong interpreter, a preloaded library) starts a real one:
here, where the environment says something to the interpreter or the loader, and by their own in the tests of that.
What git's hooks start is never warm, nor is the command line in tests/cli. `TEST_COLD=1` starts all as a user does.
"""

from __future__ import annotations

import atexit
import json
import os
import selectors
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# What an interpreter, or the loader below it, reads as it starts.
_STARTS = ("PYTHON", "LD_", "LC_", "LANG", "FAKETIME")
_LARGEST = 60_000  # bytes of a request, and of standard input: a socket and a pipe take these at once

_SERVER = Path(__file__).with_name("warm_server.py")


@dataclass(frozen=True, slots=True)
class _Server:
    place: str  # of its socket
    told: Mapping[str, str]  # what its interpreter was told
    life: subprocess.Popen[bytes]  # it ends when its standard input does


_servers: list[_Server] = []


def run(
    args: Sequence[str], *, cwd: Path, env: Mapping[str, str], given: str
) -> subprocess.CompletedProcess[str] | None:
    """Run a command of the user's in a fork, None where it has to be a process from its start."""
    if env.get("TEST_COLD") or not os.environ.get("PYTEST_CURRENT_TEST"):
        return None
    server = _server()
    mask = os.umask(0)
    os.umask(mask)
    asked = json.dumps({"args": args, "env": dict(env), "umask": mask}).encode()
    data = given.encode("utf-8", "surrogateescape")
    if _told(env) != server.told or max(len(asked), len(data)) > _LARGEST:
        return None
    ends = [os.pipe() for _ in range(3)]
    (stdin, feed), (read, stdout), (read_error, stderr) = ends
    folder = os.open(cwd, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as line:
        line.connect(server.place)
        socket.send_fds(line, [asked], [folder, stdin, stdout, stderr])
        for file in (folder, stdin, stdout, stderr):
            os.close(file)
        try:
            os.write(feed, data)
        except BrokenPipeError:
            pass  # it ended without a look at it
        os.close(feed)
        out, err = _all_of(read, read_error)
        said = line.recv(100)
    assert said, f"the server of commands has lost patina {' '.join(args)}"
    code = os.waitstatus_to_exitcode(int(said))
    return subprocess.CompletedProcess(["patina", *args], code, out, err)


def _told(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name.startswith(_STARTS)}


def _all_of(*files: int) -> list[str]:
    """Read these to their ends, side by side."""
    found = {file: bytearray() for file in files}
    with selectors.DefaultSelector() as ready:
        for file in files:
            ready.register(file, selectors.EVENT_READ)
        while ready.get_map():
            for key, _ in ready.select():
                if piece := os.read(key.fd, 1 << 16):
                    found[key.fd] += piece
                else:
                    ready.unregister(key.fd)
                    os.close(key.fd)
    return [bytes(found[file]).decode("utf-8", "surrogateescape").replace("\r\n", "\n") for file in files]


def _server() -> _Server:
    if not _servers:
        place = f"{tempfile.mkdtemp(prefix='warm-')}/door"
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door:
            door.bind(place)
            door.listen(16)
            life = subprocess.Popen(
                [sys.executable, "-P", str(_SERVER), str(door.fileno())],
                stdin=subprocess.PIPE,
                cwd="/",
                pass_fds=[door.fileno()],
            )
        _servers.append(_Server(place=place, told=_told(os.environ), life=life))
        atexit.register(_end)
    return _servers[0]


def _end() -> None:
    for server in _servers:
        assert server.life.stdin is not None
        server.life.stdin.close()
        server.life.wait()
        os.unlink(server.place)
        os.rmdir(os.path.dirname(server.place))
    _servers.clear()
