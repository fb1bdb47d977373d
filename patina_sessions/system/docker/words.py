"""What an engine's failures mean for the person in front of it: one line, and one line of what to do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from patina_sessions.system import clock

_START = (
    "Start it (systemctl start docker, or Docker Desktop), or point DOCKER_HOST at one: docker context ls"
)
_JOIN = "Join the group and log in again: sudo usermod -aG docker $USER. Or use a rootless engine."
_OF_THE_ENGINE = (
    (
        ("no space left on device", "disk quota exceeded"),
        "The engine's disk is full: patina clean, then docker system df shows what takes the room.",
    ),
    (
        ("no such image", "manifest unknown", "pull access denied", "not found: manifest"),
        "Pull, build or load it: docker pull NAME, or set docker.image in .patina/config.toml",
    ),
    (
        ("no such host", "i/o timeout", "network is unreachable", "connection refused", "tls handshake"),
        "The engine has no way to the registry. Load the image from a file instead: docker load -i FILE",
    ),
    (("toomanyrequests", "rate limit"), "The registry wants you to log in: docker login"),
)
_HINTS = (
    *_OF_THE_ENGINE,
    (("container-init binary not found",), "Podman's init is missing: install catatonit."),
    (("is not running", "no such container"), "The next run makes a new one."),
    (("port is already allocated",), "Another program has the port."),
    (("invalid mount config", "bind source path does not exist"), "The engine does not see this folder."),
    (("executable file not found", "no such file or directory"), "Is it in the image?"),
)


def endpoint(environ: Mapping[str, str]) -> str | None:
    """Return the endpoint that the environment names, None where a context or the default decides."""
    return environ.get("DOCKER_HOST") or None


def failure(doing: str, words: str, status: int | None) -> tuple[str, str | None]:
    """Return message and hint of what the engine refused."""
    flat = " ".join(words.split()).removeprefix("Error response from daemon: ")
    hint = _hint(flat, _HINTS)
    if hint is None and status == 500:
        hint = "The engine's own log says more: journalctl -u docker"
    return f"cannot {doing}: {flat[:400] or f'the engine answered {status}'}", hint


def advice(said: str) -> str | None:
    """Return what to do about the last words of a builder, None where the engine is not to blame."""
    return _hint(said, _OF_THE_ENGINE)


def _hint(said: str, hints: tuple[tuple[tuple[str, ...], str], ...]) -> str | None:
    low = said.lower()
    return next((hint for signs, hint in hints if any(sign in low for sign in signs)), None)


def silence(where: str, error: BaseException) -> tuple[str, str]:
    """Return message and hint where no engine answered."""
    chain = _chain(error)
    words = " ".join(str(e) for e in chain)
    path = where.removeprefix("unix://")
    if "paramiko" in words:
        return f"an engine at {where} needs a package that is not here", (
            "Install it beside Patina: pip install 'patina-sessions[ssh]'"
        )
    if any(isinstance(e, PermissionError) for e in chain) or "Permission denied" in words:
        return f"you may not use the Docker engine at {where}: permission denied on {path}", _JOIN
    if any(isinstance(e, FileNotFoundError) for e in chain) or "No such file" in words:
        return f"no Docker engine at {where}: there is no such socket", _START
    if any(isinstance(e, ConnectionRefusedError) for e in chain) or "refused" in words:
        return f"no Docker engine answers at {where}: connection refused", _START
    if "timed out" in words or any(isinstance(e, TimeoutError) for e in chain):
        return f"the Docker engine at {where} does not answer", "Is the machine reachable? docker version"
    if "certificate" in words.lower() or "ssl" in words.lower():
        return f"the Docker engine at {where} and we do not trust each other: {_last(chain)}", (
            "Check DOCKER_TLS_VERIFY and DOCKER_CERT_PATH."
        )
    return f"no Docker engine answers at {where}: {_last(chain)}", _START


def _chain(error: BaseException | None) -> list[BaseException]:
    """Return an error with everything that it wraps: requests and urllib3 put causes into `args` and `reason`."""
    found: list[BaseException] = []
    todo: list[object] = [error]
    while todo and len(found) < 50:
        one = todo.pop()
        if isinstance(one, BaseException) and one not in found:
            found.append(one)
            todo += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
    return found


def _last(chain: list[BaseException]) -> str:
    words = " ".join(str(chain[0]).split()) if chain else "no reason given"
    return words[:200]


def rootless(info: Mapping[str, Any]) -> bool:
    """Return whether an engine, by what it says of itself, is a user's own; Podman has a field of its own for that."""
    return bool(info.get("Rootless")) or any("rootless" in str(s) for s in info.get("SecurityOptions") or ())


def powerless(info: Mapping[str, Any]) -> bool:
    """Return whether an engine takes limits and cannot hold anybody to them (containers/podman#21575)."""
    return info.get("CgroupDriver") == "none" or (rootless(info) and str(info.get("CgroupVersion")) == "1")


def product(version: Mapping[str, Any]) -> str:
    """Return what kind of engine it is, by its answer to `/version`."""
    podman = any("Podman" in str(part.get("Name")) for part in version.get("Components") or ())
    return "Podman" if podman else "Docker"


def ahead(system_time: str) -> float:
    """Return by how many seconds the engine's clock is ahead of ours; 0 where it does not tell."""
    try:
        # Nanoseconds, which datetime does not take before Python 3.11; a zone is always there.
        return datetime.fromisoformat(system_time[:19] + "+00:00").timestamp() - clock.wall()
    except ValueError:
        return 0.0
