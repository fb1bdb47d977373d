"""The way to an engine: a socket is spoken to directly, everything else by the SDK, and failures are the same words."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from patina_sessions.errors import EngineUnavailable, PatinaError
from patina_sessions.runs import request
from patina_sessions.system import docker
from patina_sessions.system.docker import Gone, local, words
from tests.fake_engine import FakeEngine, Script


@pytest.mark.parametrize(
    ("environ", "config", "path"),
    [
        ({"DOCKER_HOST": "unix:///run/user/1000/docker.sock"}, None, "/run/user/1000/docker.sock"),
        ({"DOCKER_HOST": "tcp://127.0.0.1:2375"}, None, None),
        ({"DOCKER_HOST": "ssh://somebody@there"}, None, None),
        ({}, None, "/var/run/docker.sock"),
        ({}, {"auths": {}}, "/var/run/docker.sock"),
        ({}, {"currentContext": "default"}, "/var/run/docker.sock"),
        ({}, {"currentContext": "elsewhere"}, None),
        ({"DOCKER_CONTEXT": "elsewhere"}, None, None),
        ({"DOCKER_CONTEXT": "default"}, {"currentContext": "elsewhere"}, "/var/run/docker.sock"),
        ({}, {"HttpHeaders": {"X-Meta": "1"}}, None),
        ({"DOCKER_HOST": "unix:///s", "DOCKER_CONTEXT": "elsewhere"}, None, "/s"),
    ],
)
def test_a_socket_is_taken_only_where_nothing_else_is_meant(
    tmp_path: Path, environ: dict[str, str], config: object, path: str | None
) -> None:
    if config is not None:
        (tmp_path / "config.json").write_text(json.dumps(config))
    assert local.chosen({**environ, "DOCKER_CONFIG": str(tmp_path)}) == path


@pytest.mark.parametrize("way", ["socket", "tcp"])
def test_what_an_engine_refuses_is_told_alike_on_both_ways(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    with FakeEngine(tmp_path / "s" if way == "socket" else None, Script()) as fake:
        monkeypatch.setenv("DOCKER_HOST", fake.host)
        with docker.connect() as engine:
            assert engine.endpoint == fake.host
            assert engine.answers()
            assert engine.inspect("gone") is None
            with pytest.raises(Gone, match="cannot prepare the command: no such container"):
                engine.prepare("gone", ["true"])
            with pytest.raises(PatinaError, match="cannot list containers: no GET /containers/json here"):
                engine.containers(["a"])
            fake.script.lost, fake._over = True, 1.0  # hangs up whatever it is asked
            assert not engine.answers()
            with pytest.raises(EngineUnavailable):
                engine.inspect("box")


def test_a_socket_s_engine_is_asked_without_loading_the_sdk(tmp_path: Path) -> None:
    program = (
        "import sys; from patina_sessions.system import docker\n"
        "with docker.connect() as engine: assert engine.inspect('gone') is None\n"
        "print(sorted({n.partition('.')[0] for n in sys.modules} & {'docker', 'requests', 'urllib3'}))"
    )
    with FakeEngine(tmp_path / "s", Script()) as fake:
        done = subprocess.run(
            [sys.executable, "-P", "-c", program],
            env={"DOCKER_HOST": fake.host},
            capture_output=True,
            text=True,
        )
    assert done.stdout == "[]\n", done.stderr


DOCKER = {"SecurityOptions": ["name=seccomp,profile=default", "name=rootless"], "CgroupVersion": "2"}
PODMAN = {
    "SecurityOptions": ["name=seccomp,profile=default"],
    "CgroupVersion": "1",
    "Rootless": True,
}  # 4.3.1
ROOTS = {"SecurityOptions": ["name=seccomp,profile=default"], "CgroupVersion": "1"}


@pytest.mark.parametrize(("info", "rootless"), [(DOCKER, True), (PODMAN, True), (ROOTS, False)])
def test_an_engine_whose_socket_is_a_user_s_is_asked_whether_it_is_rootless(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, info: dict[str, object], rootless: bool
) -> None:
    with FakeEngine(tmp_path / "s", Script(info=info)) as fake:
        if os.geteuid() == 0:
            os.chown(tmp_path / "s", 4711, 4711)
        monkeypatch.setenv("DOCKER_HOST", fake.host)
        with docker.connect() as engine:
            assert engine.rootless() == rootless


@pytest.mark.parametrize(
    ("info", "powerless"),
    [(DOCKER, False), (PODMAN, True), (ROOTS, False), ({**DOCKER, "CgroupDriver": "none"}, True)],
)
def test_limits_that_nobody_is_held_to_are_known(info: dict[str, object], powerless: bool) -> None:
    assert words.powerless(info) == powerless


def test_a_socket_that_one_may_not_use_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        server.listen()
        (tmp_path / "s").chmod(0)
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/s")
        before = os.geteuid()
        if before == 0:
            os.seteuid(4711)  # root may use every socket
        try:
            with pytest.raises(EngineUnavailable, match="you may not use the Docker engine") as refused:
                docker.connect()
        finally:
            os.seteuid(before)
    assert refused.value.hint is not None
    assert "usermod -aG docker" in refused.value.hint


@pytest.mark.parametrize("hangs_up", [True, False])
def test_a_socket_s_engine_that_refuses_a_tar_in_the_middle_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hangs_up: bool
) -> None:
    said = b'{"message": "no space left on device"}'
    answer = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: %d\r\n\r\n%s" % (len(said), said)
    heard: list[bytes] = []

    def serve(server: socket.socket) -> None:
        ping, _ = server.accept()
        with ping:
            ping.recv(65536)
            ping.sendall(b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 2\r\n\r\nOK")
        taking, _ = server.accept()
        with taking:
            heard.append(taking.recv(65536))
            while not hangs_up and not heard[-1].endswith(b"0\r\n\r\n"):
                heard.append(taking.recv(1 << 20))
            taking.sendall(answer)

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        server.listen()
        serving = threading.Thread(target=serve, args=(server,), daemon=True)
        serving.start()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/s")
        with docker.connect() as engine, pytest.raises(PatinaError, match="no space left on device"):
            engine.put("box", "/clone", (b"x" * (1 << 20) for _ in range(30)))
        serving.join(10)
    assert heard[0].startswith(b"PUT /v1.41/containers/box/archive?path=%2Fclone HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("given", "size"), [("90", 90), ("512m", 512 << 20), ("1.5g", 3 << 29), ("4GB", 4 << 30), ("1t", 1 << 40)]
)
def test_a_size_is_read_as_people_write_it(given: str, size: int) -> None:
    assert request.size(given) == size


@pytest.mark.parametrize("given", ["", "m", "-1", "0", "much", "inf", "nan", "4x"])
def test_what_is_no_size_is_an_error_in_words(given: str) -> None:
    with pytest.raises(PatinaError, match="is no size"):
        request.size(given)
