"""A run that may reach some hosts reaches those, by the proxy, and nobody else by any way; the report says whom."""

from __future__ import annotations

import http.server
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from patina_sessions.errors import PatinaError
from patina_sessions.runs.yolo import gate, network
from patina_sessions.system import docker as door
from tests.docker.yolo.conftest import Yolo
from tests.runs.tickets import a_ticket

BUILD = {"PATINA_DOCKER_BUILD_NETWORK": "host"}


class _Hello(http.server.BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that the library gives it
        """Say nothing."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")


@contextmanager
def serving() -> Iterator[int]:
    """Serve on all addresses of this machine, and give the port."""
    server = http.server.ThreadingHTTPServer(("0.0.0.0", 0), _Hello)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


_ASK = r"""
import os, socket, urllib.request
def tell(what, ok): print(f"{what}: {'GOT' if ok else 'stopped'}", flush=True)
def works(do):
    try: return bool(do())
    except Exception: return False
def get(url): return lambda: urllib.request.urlopen(url, timeout=10).status == 200
def straight(host, port):
    def do():
        with socket.socket() as s:
            s.settimeout(2); s.connect((host, port)); return True
    return do
def ask(text):
    def do():
        with socket.create_connection(("proxy", 3128), 10) as s:
            s.sendall(text.encode()); return b" 200 " in s.recv(200)
    return do
tell("the allowed host", works(get(f"http://{GATEWAY}:{ALLOWED}/")))
tell("another port of it", works(get(f"http://{GATEWAY}:{OTHER}/")))
tell("the allowed host, past the proxy", works(straight(GATEWAY, ALLOWED)))
tell("another port, past the proxy", works(straight(GATEWAY, OTHER)))
own = socket.gethostbyname(socket.gethostname()).rpartition(".")[0] + ".1"
tell("the gateway of its own network", works(straight(own, ALLOWED)))
tell("the gateway of its own network, by the proxy", works(get(f"http://{own}:{ALLOWED}/")))
tell("a tunnel to a host that is not on the list", works(ask("CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n")))
tell("a tunnel to the metadata address", works(ask("CONNECT 169.254.169.254:80 HTTP/1.1\r\n\r\n")))
tell("the allowed host at another port, by a tunnel", works(ask(f"CONNECT {GATEWAY}:{OTHER} HTTP/1.1\r\n\r\n")))
tell("the allowed name in another header", works(ask(f"GET http://example.org/ HTTP/1.1\r\nHost: {GATEWAY}:{ALLOWED}\r\n\r\n")))
tell("the proxy's own pages", works(ask("GET http://proxy:3128/squid-internal-mgr/menu HTTP/1.0\r\n\r\n")) or works(ask("GET cache_object://localhost/info HTTP/1.0\r\n\r\n")))
tell("the proxy's configuration", works(ask("GET cache_object://localhost/config HTTP/1.0\r\n\r\n")) or works(ask("GET cache_object://localhost/reconfigure HTTP/1.0\r\n\r\n")))
tell("another service of the proxy's", any(works(straight("proxy", p)) for p in (22, 80, 3130, 8080)))
tell("a name outside", works(lambda: socket.getaddrinfo("deb.debian.org", 80)))
tell("the engine", any(works(straight(h, p)) for h in (GATEWAY, own) for p in (2375, 2376)))
tell("IPv6", works(lambda: socket.create_connection(("2606:4700:4700::1111", 443), 2)))
"""


def test_the_allowed_host_is_reached_and_nobody_else_by_any_way(
    yolo: Yolo, gateway: str, record_property: Any
) -> None:
    with serving() as allowed, serving() as other:
        known = f"GATEWAY = {gateway!r}; ALLOWED = {allowed}; OTHER = {other}"
        script = f"cat > /tmp/x.py <<'E'\n{known}\n{_ASK}\nE\npython3 /tmp/x.py"
        done = yolo.go(script, "--network", f"{gateway}:{allowed}", env=BUILD)
    assert done.returncode == 0, done.stdout + done.stderr
    first, *rest = [line.rpartition(": ") for line in done.stdout.splitlines()]
    assert first == ("the allowed host", ": ", "GOT"), done.stdout
    assert len(rest) == 15
    for what, _, got in rest:
        record_property("yolo-attempt", what)
        assert got == "stopped", what
        record_property("yolo-stopped", what)
    entry = yolo.entry()
    assert f"Reached: {gateway}:{allowed} (1)\n" in entry
    assert "Refused: " in entry
    assert "example.org:443 (1)" in entry
    assert "example.invalid" not in entry  # what was tried before the program started was ours
    assert f"Loosened: network: it may reach {gateway}:{allowed}" in entry
    assert yolo.left() == {}


def test_a_host_that_cannot_be_reached_is_said_before_anything_runs(yolo: Yolo, gateway: str) -> None:
    done = yolo.go("echo ran", "--network", f"{gateway}:1", env=BUILD)
    assert (done.returncode, done.stdout) == (125, "")
    assert yolo.entry().startswith("- YOLO run failed")  # the engine was there
    assert "none of the allowed hosts can be reached" in yolo.entry()
    assert yolo.left() == {}


def test_a_gate_that_is_open_is_found_and_nothing_is_started(
    yolo: Yolo, gateway: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    yolo.go("true", "--network", f"{gateway}:1", env=BUILD)  # the proxy's image is there now
    run = f"20200101-000000-{os.getpid() % 10000:04x}"
    name = f"patina-yolo-{run}"
    one = a_ticket(run=run, volume=name, container=name)
    key = (yolo.repo.path / ".git/patina-id").read_text().split()[0]
    marks = {"dev.patina.version": "1", "dev.patina.run": run, "dev.patina.worktree": key}
    with serving() as allowed, door.connect() as engine:
        reach = network.read(f"{gateway}:{allowed}")
        image = next(tag for i in engine.images(()) for tag in i["RepoTags"] or () if _has_squid(engine, tag))
        make = engine.make_network
        monkeypatch.setattr(
            engine, "make_network", lambda name, labels, **_: make(name, labels, internal=False)
        )
        try:
            gate.made(engine, one, reach, image, marks)
            with pytest.raises(PatinaError, match=r"the gate is not shut: .*(this machine|an address)"):
                gate.tried(engine, one, reach, image, marks, say=lambda _: None)
        finally:
            for seen in engine.containers(("dev.patina.version=1", f"dev.patina.run={run}")):
                engine.remove(seen["Id"])
            engine.remove_network(name)


def _has_squid(engine: door.Engine, tag: str) -> bool:
    history = engine.api.history(tag)
    return tag.startswith("patina/yolo") and any("squid" in str(step.get("CreatedBy")) for step in history)


def test_open_is_said_to_be_a_loosening(yolo: Yolo, gateway: str) -> None:
    with serving() as port:
        ask = f"import urllib.request; print(urllib.request.urlopen('http://{gateway}:{port}/').read().decode())"
        done = yolo.go(f'python3 -c "{ask}"', "--network", "open")
    assert done.stdout == "hello\n", done.stderr
    assert "Loosened: network: it may reach everybody" in yolo.entry()
