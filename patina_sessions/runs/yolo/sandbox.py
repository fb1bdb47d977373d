"""The container of an autonomous run: what it may do, which is little, and each loosening of that in words.

Nothing of the host is mounted. The root is read-only, what can be written is the volume with the clone and a few
folders in memory. No capability, no new privileges, the engine's own seccomp profile, an ordinary user.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from patina_sessions.frozen import dataclass
from patina_sessions.runs.request import size
from patina_sessions.runs.yolo.checkout import FOUND, SCRIPT
from patina_sessions.runs.yolo.source import GID, UID
from patina_sessions.system.docker import Container, Mount

WORK = "/clone"
TREE = f"{WORK}/repo"
EVENTS = f"{WORK}/events"  # what an agent's hooks say
HOME = "/home/agent"
TEMPORARY = "/tmp"  # noqa: S108 - a folder in memory, in a container
LOG = {"Type": "local", "Config": {"max-size": "10m", "max-file": "2"}}

# A shell checks the clone out. The first line of standard input may hold what nobody shall see in `inspect` or in a
# list of processes. Then the program takes the shell's place, with nothing on its standard input.
ENTRY = SCRIPT + FOUND + 'exec "$@"'
TOLD = SCRIPT + f'IFS= read -r line || exit 125; eval "$line"; unset line; {FOUND}exec "$@" </dev/null'


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the container is held to. `memory` as the engine writes it, `cpus` 0 for as many as there are."""

    memory: str = "4g"
    cpus: float = 0.0
    pids: int = 1024
    scratch: str = "1g"  # each folder in memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a run's container shall be."""

    image: str
    command: tuple[str, ...]
    name: str
    labels: Mapping[str, str]
    volume: str
    limits: Limits
    network: str = "none"
    environment: Mapping[str, str] = field(default_factory=dict)  # what may stand in `inspect`
    more: Mapping[str, Any] = field(default_factory=dict)  # by the engine's names
    told: bool = False  # more comes over standard input
    shell: bool = True  # there is one in the image


def plan(wanted: Wanted) -> Container:
    """Return the container."""
    entry, words = (wanted.command[0],), wanted.command[1:]
    if wanted.told or wanted.shell:
        script = TOLD if wanted.told else ENTRY
        entry, words = ("/bin/sh",), ("-c", script, "patina", *wanted.command)
    return Container(
        image=wanted.image,
        entrypoint=entry,
        command=words,
        name=wanted.name,
        labels=wanted.labels,
        mounts=(Mount(source=wanted.volume, target=WORK, kind="volume"),),
        user=f"{UID}:{GID}",
        folder=TREE,
        environment={"HOME": HOME, "TERM": "dumb", **wanted.environment},
        network=wanted.network,
        stdin=wanted.told,
        more={**hardened(wanted.limits), **wanted.more},
    )


def hardened(limits: Limits) -> dict[str, Any]:
    """Return what holds a container, by the engine's names."""
    room = f"rw,exec,nosuid,nodev,size={limits.scratch}"
    held: dict[str, Any] = {
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges:true"],
        "ReadonlyRootfs": True,
        "IpcMode": "private",
        "PidsLimit": limits.pids,
        "Memory": size(limits.memory),
        "MemorySwap": size(limits.memory),
        "ShmSize": size("64m"),
        "Tmpfs": {
            TEMPORARY: f"{room},mode=1777",
            "/run": "rw,noexec,nosuid,nodev,size=16m,mode=1777",
            HOME: f"{room},mode=0700,uid={UID},gid={GID}",
        },
        "Ulimits": [{"Name": "nofile", "Soft": 8192, "Hard": 8192}, {"Name": "core", "Soft": 0, "Hard": 0}],
        "LogConfig": LOG,
    }
    if limits.cpus:
        held["NanoCpus"] = int(limits.cpus * 1e9)
    return held
