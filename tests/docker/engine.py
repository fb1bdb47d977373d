"""A Docker engine of a test's own: a dockerd in its own folder, without networks, ended by its process id."""

from __future__ import annotations

import io
import os
import shutil
import signal
import socket
import struct
import subprocess
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import docker

from tests.waiting import LONG, until

APPLETS = "sh cat cp cut dd echo env false grep head id kill ls mkdir mv ps pwd rm sed seq sleep sort stat tail test touch tr true wc yes chmod chown date".split()


def busybox() -> str | None:
    """Return a busybox that needs no libraries, None where the machine has none."""
    path = shutil.which("busybox")
    if path is None:
        return None
    data = Path(path).read_bytes()
    if data[:5] != b"\x7fELF\x02":
        return None
    # A program header of type 3 names the dynamic loader.
    start, size, count = struct.unpack_from("<Q", data, 32)[0], *struct.unpack_from("<HH", data, 54)
    kinds = [struct.unpack_from("<I", data, start + n * size)[0] for n in range(count)]
    return None if 3 in kinds else path


def tar_of_busybox(*, shell: bool = True) -> bytes:
    """Return a whole file system of one busybox and its names; without a shell it is one program, `/hello`."""
    program = busybox()
    assert program is not None
    data = Path(program).read_bytes()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name in ("tmp", "etc", "root") if shell else ():
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
            tar.addfile(folder)
        if shell:
            passwd = tarfile.TarInfo("etc/passwd")
            line = b"root:x:0:0:root:/root:/bin/sh\n"
            passwd.size, passwd.mode = len(line), 0o644
            tar.addfile(passwd, io.BytesIO(line))
        one = tarfile.TarInfo("bin/busybox" if shell else "hello")
        one.size, one.mode = len(data), 0o755
        tar.addfile(one, io.BytesIO(data))
        for name in APPLETS if shell else ():
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
    return packed.getvalue()


def tar_of_git() -> bytes:
    """Return a file system of a busybox and this machine's git with its libraries: all that an autonomous run needs."""
    said = subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True).stdout.strip()
    git = Path(said) / "git"
    words = subprocess.run(["ldd", str(git)], capture_output=True, text=True, check=True).stdout.split()
    packed = io.BytesIO(tar_of_busybox())
    with tarfile.open(fileobj=packed, mode="a") as tar:
        for name in subprocess.run([str(busybox()), "--list"], capture_output=True, text=True).stdout.split():
            if name not in (*APPLETS, "busybox"):
                link = tarfile.TarInfo(f"bin/{name}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                tar.addfile(link)
        for path, place in [(git, "usr/bin/git"), *((Path(w), w[1:]) for w in words if w[0] == "/")]:
            tar.add(path.resolve(), place)
    return packed.getvalue()


def give_images(host: str, *, git: bool = False) -> None:
    """Let the engine have the images of the tests; with `git`, that one, too."""
    client = docker.APIClient(base_url=host)
    try:
        if git:
            client.import_image_from_data(tar_of_git(), repository="patina-test-git", tag="latest")
        for name, shell in (("patina-test-busybox", True), ("patina-test-hello", False)):
            if not client.images(name):
                client.import_image_from_data(tar_of_busybox(shell=shell), repository=name, tag="latest")
    finally:
        client.close()


@dataclass
class Dockerd:
    """A running engine: where it listens and its process."""

    host: str
    argv: list[str]
    path: Path  # of its socket
    log: Path
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        """Start it, again where it was killed, and wait until it answers."""
        # Its containerd died with it, and may be a zombie that nobody buries: to a new engine that one is alive.
        (self.path.parent / "exec/containerd/containerd.pid").unlink(missing_ok=True)
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen(self.argv, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
        until(lambda: _answers(self, self.path), "the engine to answer")

    def kill(self) -> None:
        """Let it die without a chance to say goodbye."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


class Bridge:
    """A port of 127.0.0.1 that leads to an engine's socket: what a user with DOCKER_HOST=tcp://… speaks to."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open: list[socket.socket] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.host = f"tcp://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            self._open += [near, far]
            far.connect(str(self._path))
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while data := one.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def close(self) -> None:
        self._server.close()
        for one in self._open:
            one.close()


@contextmanager
def dockerd(folder: Path, *, hidden: Path | None = None, room: str = "") -> Iterator[Dockerd]:
    """Start an engine in a folder of its own. With `hidden` it is spoken to over TCP and does not see that folder.

    With `room`, such as 16m, its disk for images and containers is of that size.

    In a network of its own: an engine without a bridge removes the `docker0` that it finds, which may be the user's.
    """
    folder.mkdir(parents=True)
    path = folder / "docker.sock"
    argv = [
        "dockerd",
        "--data-root",
        f"{folder}/data",
        "--exec-root",
        f"{folder}/exec",
        "--pidfile",
        f"{folder}/pid",
    ]
    argv += ["-H", f"unix://{path}", "--bridge", "none", "--iptables=false"]
    hide = f'mount -t tmpfs none "{hidden}" && ' if hidden else ""
    small = f'mkdir "{folder}/data" && mount -t tmpfs -o size={room} none "{folder}/data" && ' if room else ""
    argv = ["unshare", "--mount", "--net", "sh", "-c", f'{hide}{small}exec "$@"', "sh", *argv]
    bridge = Bridge(path) if hidden else None
    engine = Dockerd(bridge.host if bridge else f"unix://{path}", argv, path, folder / "log")
    try:
        engine.start()
        give_images(f"unix://{path}")
        yield engine
    finally:
        if bridge is not None:
            bridge.close()
        _end(engine, folder)


def _answers(engine: Dockerd, path: Path) -> bool:
    if engine.process.poll() is not None:
        raise AssertionError(f"the engine did not start:\n{engine.log.read_text()[-2000:]}")
    with socket.socket(socket.AF_UNIX) as one:
        try:
            one.connect(str(path))
            one.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            return b"200 OK" in one.recv(100)
        except OSError:
            return False


def _end(engine: Dockerd, folder: Path) -> None:
    """End the engine and what it started: its containers' shims outlive one that was killed."""
    if engine.process.poll() is None:
        engine.process.terminate()
        try:
            engine.process.wait(timeout=LONG)
        except subprocess.TimeoutExpired:
            engine.kill()
    for process in _of(folder):
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            pass
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and _of(folder):
        time.sleep(0.05)
    for line in reversed(Path("/proc/self/mounts").read_text().splitlines()):
        target = line.split()[1]
        if target.startswith(str(folder)):
            subprocess.run(["umount", "-l", target], check=False, capture_output=True)
    shutil.rmtree(folder, ignore_errors=True)


def _of(folder: Path) -> list[int]:
    """Return the processes whose words name the folder: the engine's own containerd and the shims of its containers."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            program = words[0].rpartition(b"/")[2]
            if program.startswith((b"containerd", b"dockerd")) and any(
                os.fsencode(folder) in w for w in words
            ):
                found.append(int(entry.name))
    return found
