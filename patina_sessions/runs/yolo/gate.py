"""The gate of a run that may reach some hosts: a network that leads nowhere, and a proxy as its only way out.

Before the program starts the gate is tried from inside: what is allowed must pass, and nothing else may, neither by the
proxy nor past it. One way that is open, and the run does not start.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Mapping
from typing import Any

from patina_sessions.errors import PatinaError
from patina_sessions.runs import labels
from patina_sessions.runs.yolo import network, sandbox, tally
from patina_sessions.runs.yolo.network import Reach
from patina_sessions.runs.yolo.tally import Contact
from patina_sessions.runs.yolo.ticket import Ticket
from patina_sessions.system import clock
from patina_sessions.system.docker import Container, Engine

PORT = 3128
NAME = "proxy"
USER = "13:13"  # Debian's `proxy`
READY = 20.0  # seconds

IMAGE = """FROM debian:bookworm-slim
RUN apt-get update -qq \\
 && apt-get install -y -qq --no-install-recommends squid python3-minimal \\
 && rm -rf /var/lib/apt/lists/*
"""
_SERVE = 'printf "%s" "$CONFIGURATION" > /run/squid.conf && squid -N -f /run/squid.conf 2>&1 | python3 -u -c "$TALLY"'

# Runs in a container like the program's. Every line it prints is an open way, but for the one that says it is done.
_PROBE = r"""
import json, socket, sys, threading, time
given = json.loads(sys.argv[1])
found = []
def tell(words): found.append(words)
def proxied(host, port):
    with socket.create_connection(("proxy", given["proxy"]), 10) as s:
        s.settimeout(20)
        s.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        said = s.recv(100).split()
        return int(said[1]) if len(said) > 1 else 0
def direct(family, host, port, what):
    try:
        with socket.socket(family, socket.SOCK_STREAM) as s:
            s.settimeout(1.5)
            s.connect((host, port))
        tell(f"{what} can be reached past the proxy")
    except ConnectionRefusedError:
        tell(f"{what} answers past the proxy")
    except OSError:
        pass
def name(host):
    try:
        socket.getaddrinfo(host, 443)
        tell(f"the name {host} can be looked up past the proxy")
    except OSError:
        pass
def refused(host, port, what):
    try:
        if proxied(host, port) != 403:
            tell(f"{what} can be reached by the proxy")
    except OSError:
        tell("the proxy does not answer")
def allowed(host, port):
    try:
        status = proxied(host, port)
        if status != 200:
            print(f"unreached {host}:{port} {status}")
    except OSError as error:
        print(f"unreached {host}:{port} {error}")
jobs = [(direct, (socket.AF_INET, "1.1.1.1", 443, "an address outside")),
        (direct, (socket.AF_INET6, "2606:4700:4700::1111", 443, "an address outside by IPv6")),
        (direct, (socket.AF_INET, "169.254.169.254", 80, "the metadata address")),
        (refused, ("169.254.169.254", 80, "the metadata address")),
        (refused, ("localhost", 22, "the proxy's own machine")),
        (refused, ("example.invalid", 443, "a host that is not on the list")),
        (name, ("example.org",)), (name, ("deb.debian.org",))]
for address in given["addresses"]:
    for port in given["ports"]:
        jobs.append((direct, (socket.AF_INET, address, port, f"this machine at {address}")))
        jobs.append((refused, (address, port, f"this machine at {address}")))
for host, port in given["allowed"]:
    jobs.append((allowed, (host, port)))
threads = [threading.Thread(target=do, args=args, daemon=True) for do, args in jobs]
for t in threads: t.start()
for t in threads: t.join(30)
for line in sorted(set(found)): print("open", line)
print("done", time.time())
"""


def environment() -> dict[str, str]:
    """Return what tells programs of the proxy."""
    where = f"http://{NAME}:{PORT}"
    given = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"), where)
    # Node's own fetch looks at the variables only where it is told to (nodejs.org/api/cli.html).
    return {
        **given,
        "NO_PROXY": "localhost,127.0.0.1",
        "no_proxy": "localhost,127.0.0.1",
        "NODE_USE_ENV_PROXY": "1",
    }


def inside() -> dict[str, Any]:
    """Return what a container behind the gate is held to besides: names are looked up by the proxy alone."""
    return {
        "Dns": ["127.0.0.1"],
        "DnsOptions": ["timeout:1", "attempts:1"],
        "Sysctls": {"net.ipv6.conf.all.disable_ipv6": "1"},
    }


def made(engine: Engine, one: Ticket, reach: Reach, image: str, marks: Mapping[str, str]) -> str:
    """Make the network and the proxy, and return the network's name."""
    name = one.container
    # Without the option the gateway's address is the host, and its services answer there (tried, engine 20.10).
    options = {"com.docker.network.bridge.inhibit_ipv4": "true"}
    engine.make_network(name, marks, internal=True, options=options)
    held = sandbox.hardened(sandbox.Limits(memory="256m", pids=64))
    held["Tmpfs"] = {
        place: f"rw,noexec,nosuid,nodev,size=16m,mode=0700,uid={USER.partition(':')[0]},gid={USER.partition(':')[2]}"
        for place in ("/run", "/var/log/squid", "/var/spool/squid")
    }
    plan = Container(
        image=image,
        entrypoint=("/bin/sh",),
        command=("-c", _SERVE),
        name=f"{name}-proxy",
        labels=marks,
        user=USER,
        folder="/",
        environment={
            "CONFIGURATION": network.configuration(reach.hosts, port=PORT),
            "TALLY": tally.SCRIPT,
        },
        network="bridge",
        more=held,
    )
    proxy = engine.create(plan)
    engine.join(name, proxy, aliases=(NAME,))
    engine.start(proxy)
    _ready(engine, proxy)
    return name


def _ready(engine: Engine, proxy: str) -> None:
    deadline = clock.monotonic() + READY
    while clock.monotonic() < deadline:
        said = engine.said_so_far(proxy, last=40)
        if b"Accepting HTTP Socket connections" in said:
            return
        if not engine.ending(proxy).runs:
            break
        clock.sleep(0.1)
    words = engine.said_so_far(proxy, last=5).decode("utf-8", "replace").strip().splitlines()
    raise PatinaError(f"the proxy does not start: {(words or ['it says nothing'])[-1][:200]}", None)


def tried(
    engine: Engine,
    one: Ticket,
    reach: Reach,
    image: str,
    marks: Mapping[str, str],
    *,
    say: Callable[[str], None],
) -> float:
    """Try the gate from inside, and return when that was over, by the engine's clock.

    Raises `PatinaError` where a way is open, or no allowed host can be reached.
    """
    allowed = [[h.name, h.ports[0]] for h in reach.hosts if not h.name.startswith("*.")]
    with socket.create_server(("0.0.0.0", 0)) as server:  # noqa: S104 - a door that must not be found
        given = {
            "proxy": PORT,
            "addresses": _addresses(engine, one),
            "ports": [server.getsockname()[1], 22],
            "allowed": allowed,
        }
        said = _asked(engine, one, image, marks, given)
    lines = said.splitlines()
    ways = [line.removeprefix("open ") for line in lines if line.startswith("open ")]
    over = next((line.removeprefix("done ") for line in lines if line.startswith("done ")), "")
    if ways or not over:
        raise PatinaError(
            f"the gate is not shut: {'; '.join(ways[:3]) or 'it could not be tried'}",
            "The run was not started. Use another engine, or --network none",
        )
    unreached = [line.removeprefix("unreached ") for line in lines if line.startswith("unreached ")]
    if unreached and len(unreached) == len(allowed):
        raise PatinaError(
            f"none of the allowed hosts can be reached: {', '.join(unreached[:3])}", "Is the engine online?"
        )
    for line in unreached:
        say(f"Not reached just now, though allowed: {line}")
    return float(over)


def _asked(engine: Engine, one: Ticket, image: str, marks: Mapping[str, str], given: object) -> str:
    held = {**sandbox.hardened(sandbox.Limits(memory="256m", pids=256)), **inside()}
    plan = Container(
        image=image,
        entrypoint=("python3",),
        command=("-c", _PROBE, json.dumps(given)),
        name=f"{one.container}-probe",
        labels=marks,
        user=USER,
        folder="/",
        network=one.container,
        more=held,
    )
    container = engine.create(plan)
    try:
        engine.start(container)
        deadline = clock.monotonic() + 2 * READY
        while engine.ending(container).runs and clock.monotonic() < deadline:
            clock.sleep(0.05)
        return engine.said_so_far(container, last=200).decode("utf-8", "replace")
    finally:
        engine.remove(container)


def _addresses(engine: Engine, one: Ticket) -> list[str]:
    """Return the addresses at which this machine, or the engine's, may be found from inside."""
    found = ["172.17.0.1"]
    for seen in (*engine.networks((f"{labels.RUN}={one.run}",)), *engine.named_networks("bridge")):
        for known in (seen.get("IPAM") or {}).get("Config") or ():
            subnet = str(known.get("Subnet") or "")
            first = f"{subnet.rpartition('.')[0]}.1" if "." in subnet else ""
            found += [address for address in (known.get("Gateway"), first) if address]
    try:
        found += socket.gethostbyname_ex(os.uname().nodename)[2]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one_way:
            one_way.connect(("192.0.2.1", 9))  # nothing is sent: the system only chooses its own address
            found.append(one_way.getsockname()[0])
    except OSError:
        pass
    return list(dict.fromkeys(a for a in found if not a.startswith("127.")))


def contacted(engine: Engine, one: Ticket) -> tuple[Contact, ...]:
    """Return who was asked for, as the proxy has it; nothing where there was none."""
    if not one.gate_tried:  # it was never asked anything by the program
        return ()
    try:
        log = engine.said_so_far(f"{one.container}-proxy", last=tally.LINES)
    except PatinaError:
        return ()
    return tally.contacts(log.decode("utf-8", "replace"), since=one.gate_tried)
