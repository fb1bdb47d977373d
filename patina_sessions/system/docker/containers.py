"""What passes through the door to an engine: a container that is wanted, a mount, what a small command said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, Literal

from patina_sessions.errors import PatinaError
from patina_sessions.frozen import dataclass


class Gone(PatinaError):
    """The engine knows no such container, exec or image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """One folder of the engine's machine, or a volume, in a container. A source that is missing is an error.

    (`Binds` would create it, as root.)
    """

    source: str
    target: str
    kind: Literal["bind", "volume"] = "bind"
    read_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """What a container is made of. `more` stands in the engine's HostConfig, by the engine's own names."""

    image: str
    command: Sequence[str]
    name: str
    labels: Mapping[str, str]
    mounts: tuple[Mount, ...] = ()
    user: str = ""
    folder: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    entrypoint: Sequence[str] | None = ()
    network: str = ""
    tty: bool = False
    stdin: bool = False
    more: Mapping[str, Any] = field(default_factory=dict)

    def asked(self) -> dict[str, Any]:
        """Return it as the engine's API is asked for it (docs.docker.com/reference/api/engine, ContainerCreate)."""
        # Nothing of ~/.docker/config.json is in it: its proxies would get in, passwords included.
        return {
            "Image": self.image,
            "Cmd": list(self.command),
            "User": self.user,
            "Env": [f"{name}={value}" for name, value in self.environment.items()],
            "Labels": dict(self.labels),
            "Tty": self.tty,
            "OpenStdin": self.stdin,
            "StdinOnce": self.stdin,
            "AttachStdin": self.stdin,
            "AttachStdout": True,
            "AttachStderr": True,
            **({} if self.folder is None else {"WorkingDir": self.folder}),
            **({} if self.entrypoint is None else {"Entrypoint": list(self.entrypoint)}),
            "HostConfig": {
                "Init": True,
                "NetworkMode": self.network or "default",
                "Mounts": [
                    {"Type": m.kind, "Source": m.source, "Target": m.target, "ReadOnly": m.read_only}
                    for m in self.mounts
                ],
                **self.more,
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """How a small command inside a container ended and what it said."""

    code: int
    out: bytes
    err: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a container's main process ended, or that it runs still. `code` is None where nobody knows it."""

    runs: bool
    code: int | None
    out_of_memory: bool = False
    error: str = ""  # why it could not be started, in the engine's words
    seconds: float | None = None  # that it ran, by the engine's clock; None while it runs
