"""Whom an autonomous run may reach: nobody, a list of hosts, or everybody; and the proxy's words for the list. Pure."""

from __future__ import annotations

import ipaddress
import re
from typing import Literal

from patina_sessions.errors import PatinaError
from patina_sessions.frozen import dataclass
from patina_sessions.runs.yolo import tally

PORTS = (443, 80)
_HOST = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9-]{0,62})(\.[a-z0-9]([a-z0-9-]{0,62}))*")
# Nobody's public address: the machine itself, its neighbours, the metadata service. A name that leads there is refused
# too, or a stranger's name server would open them; an address that the user wrote down is his own word.
_PRIVATE = (
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.168.0.0/16"
    " 198.18.0.0/15 224.0.0.0/3 ::/127 fc00::/7 fe80::/10 ff00::/8 ::ffff:0:0/96 64:ff9b::/96"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One that may be reached. `name` may begin with `*.`; `ports` are those that it may be reached at."""

    name: str
    ports: tuple[int, ...] = PORTS

    @property
    def words(self) -> str:
        ports = "" if self.ports == PORTS else f":{self.ports[0]}"
        return self.name + ports

    @property
    def is_address(self) -> bool:
        return _address(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The network of a run."""

    kind: Literal["none", "hosts", "open"] = "none"
    hosts: tuple[Host, ...] = ()

    @property
    def words(self) -> str:
        return ", ".join(host.words for host in self.hosts) if self.kind == "hosts" else self.kind

    @property
    def loosened(self) -> tuple[str, ...]:
        """Return what is loosened by it, in words for the report."""
        if self.kind == "open":
            return ("network: it may reach everybody, this machine and its neighbours too",)
        return (f"network: it may reach {self.words}",) if self.kind == "hosts" else ()


def read(given: str, agents: tuple[str, ...] | None = None) -> Reach:
    """Return the network that `--network` means: none, agent, open, or hosts with commas between.

    `agents` are the hosts that the agent needs, None where there is no agent; one that needs none reaches nobody.
    """
    if given == "none" or (given == "agent" and agents == ()):
        return Reach()
    if given == "open":
        return Reach(kind="open")
    named = [part.strip() for part in given.split(",") if part.strip()]
    names = (agents or ()) if given == "agent" else named
    if not names:
        raise PatinaError(
            f"--network {given} names no host",
            "Say none, open, or hosts: --network pypi.org,files.pythonhosted.org",
        )
    return Reach(kind="hosts", hosts=tuple(_host(name) for name in names))


def _host(given: str) -> Host:
    name, _, port = given.lower().partition(":")
    good = (_HOST.fullmatch(name) and len(name) < 254) or _address(name)
    if not good or (port and not (port.isdigit() and 0 < int(port) < 65536)):
        raise PatinaError(
            f"{given} is no host",
            "Give a name or an address, and perhaps a port: api.example.org, *.example.org, 10.0.0.7:8080",
        )
    return Host(name=name, ports=(int(port),) if port else PORTS)


def _address(name: str) -> bool:
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return False
    return True


def configuration(hosts: tuple[Host, ...], *, port: int) -> str:
    """Return squid's configuration: these hosts at their ports, nothing else, each request in its log.

    (squid 5, www.squid-cache.org/Doc/config: rules are tried in order, `-n` does no look-up.)
    """
    lines = [
        f"http_port {port}",
        "pid_filename none",
        "cache deny all",
        "cache_log /dev/stderr",
        f"logformat patina {tally.FORMAT}",
        "access_log stdio:/dev/stdout patina",
        "netdb_filename none",
        "pinger_enable off",
        "via off",
        "forwarded_for delete",
        "shutdown_lifetime 0 seconds",
        "coredump_dir /run",
        f"acl private dst {_PRIVATE}",
    ]
    rules = []
    for number, host in enumerate(hosts):
        name = "." + host.name.removeprefix("*.") if host.name.startswith("*.") else host.name
        lines += [
            f"acl host{number} dstdomain -n {name}",
            f"acl port{number} port {' '.join(map(str, host.ports))}",
        ]
        guard = "" if host.is_address else " !private"
        rules.append(f"http_access allow host{number} port{number}{guard}")
    return "\n".join([*lines, *rules, "http_access deny all", ""])
