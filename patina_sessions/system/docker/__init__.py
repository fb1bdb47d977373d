"""The door to a Docker engine, and the only importer of the SDK, which is loaded for what a warm command does not ask.

What goes wrong becomes a `PatinaError` in words, with what to do; where no engine answers, `EngineUnavailable`. Nothing
is pulled, removed or stopped here that the caller did not name. Streams are read by `stream`, never by the SDK.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import Any

from patina_sessions.errors import EngineUnavailable, PatinaError
from patina_sessions.system import clock
from patina_sessions.system.docker import local, words
from patina_sessions.system.docker.containers import Container, Ending, Gone, Mount, Said
from patina_sessions.system.docker.images import Images
from patina_sessions.system.docker.local import Refused
from patina_sessions.system.docker.mains import Mains, TooMuch
from patina_sessions.system.docker.stream import EngineStream
from patina_sessions.system.docker.volumes import Networks, Volumes

__all__ = [
    "Container",
    "Ending",
    "Engine",
    "EngineStream",
    "Gone",
    "Mount",
    "Said",
    "TooMuch",
    "connect",
]

FIRST_ANSWER = 5  # seconds
ANSWER = 60  # a create or a stop may take its time
UNPACKED = 600  # what a tar holds has to reach a disk, which may be a slow one


class Engine(Images, Mains, Volumes, Networks):
    """One engine: itself, its images, its containers and what runs in them, its volumes and networks."""

    def answers(self, *, within: float = FIRST_ANSWER) -> bool:
        """Return whether the engine is still there, asked over a connection of its own."""
        if self._straight is not None:
            try:
                self._straight.ping(within)
            except (OSError, Refused):
                return False
            return True
        import requests

        try:
            return bool(self.api.get(self.api._url("/_ping"), timeout=within).ok)  # noqa: SLF001
        except (requests.RequestException, OSError):
            return False

    def info(self) -> dict[str, Any]:
        """Return what the engine says of itself."""
        with self._told("ask the engine"):
            return dict(self._ask("GET", "/info"))

    def rootless(self) -> bool:
        """Whether the engine is a user's own, in which root is that user. Asked only where its socket looks so."""
        # `info` takes 10 to 20 ms, which every warm command would pay; a user's own engine has a socket of theirs.
        try:
            looks = self.local and os.stat(self.endpoint.removeprefix("unix://")).st_uid != 0
        except OSError:
            looks = False
        return looks and words.rootless(self.info())

    def version(self) -> dict[str, Any]:
        """Return the engine's version."""
        with self._told("ask the engine"):
            return dict(self._ask("GET", "/version"))

    def containers(self, labels: Iterable[str], *, running: bool = False) -> list[dict[str, Any]]:
        """Return the containers that carry all these labels, stopped ones too unless `running`."""
        filters = {"label": list(labels), **({"status": ["running"]} if running else {})}
        with self._told("list containers"):
            return list(
                self._ask("GET", "/containers/json", {"all": "1", "filters": json.dumps(filters)}) or ()
            )

    def create(self, wanted: Container) -> str:
        """Create a container and return its id."""
        with self._told(f"create a container of {wanted.image}"):
            made = self._ask("POST", "/containers/create", {"name": wanted.name}, wanted.asked())
            return str(made["Id"])

    def start(self, container: str) -> None:
        """Start a container."""
        with self._told("start the container"):
            self._ask("POST", f"/containers/{container}/start")

    def stop(self, container: str, *, grace: int = 1) -> None:
        """Stop a container, if it is there."""
        with self._told("stop the container"):
            self._unless((404,), "POST", f"/containers/{container}/stop", {"t": str(grace)})

    def kill(self, container: str) -> None:
        """Kill a container, if it is there and runs."""
        with self._told("kill the container"):
            self._unless((404, 409), "POST", f"/containers/{container}/kill")

    def remove(self, container: str) -> None:
        """Remove a container with its own volumes, running or not, if it is there."""
        with self._told("remove the container"):
            # 409: somebody else is removing it just now.
            self._unless((404, 409), "DELETE", f"/containers/{container}", {"force": "1", "v": "1"})

    def call_it(self, container: str, name: str) -> None:
        """Give a container another name."""
        name_anew = self.api.rename  # no file's, as the check of who writes would think
        with self._told("rename the container"):
            name_anew(container, name)

    def inspect(self, container: str) -> dict[str, Any] | None:
        """Return what the engine knows of a container, None where there is none."""
        with self._told("look at the container"):
            return self._found(f"/containers/{container}/json")

    def put(self, container: str, folder: str, archive: bytes | Iterable[bytes]) -> None:
        """Unpack a tar (bytes, or pieces of it) into a folder of the container."""
        with self._told("copy files into the container"):
            if self._straight is not None:
                self._straight.send(f"/containers/{container}/archive", {"path": folder}, archive, UNPACKED)
            else:
                self.api.put_archive(container, folder, archive)

    def out_of_memory(self, container: str, *, since: float) -> bool | None:
        """Return whether the kernel killed something in the container for want of memory, `since` by our clock.

        None where the engine does not tell: Podman has no such event (4.3).
        """
        if words.product(self.version()) == "Podman":
            return None
        with self._told("ask the engine for its events"):
            ahead = words.ahead(self.api.info().get("SystemTime", ""))
            filters = {"container": container, "event": "oom"}
            start, end = int(since + ahead) - 1, int(clock.wall() + ahead) + 1
            return any(True for _ in self.api.events(since=start, until=end, filters=filters, decode=True))


def connect() -> Engine:
    """Return the engine that the user's `DOCKER_HOST` or Docker context names. Raises `EngineUnavailable`."""
    path = local.chosen(os.environ)
    if path is not None:
        endpoint = f"unix://{path}"
        try:
            straight = local.Local(path, first=FIRST_ANSWER, timeout=ANSWER)
        except OSError as error:
            raise EngineUnavailable(*words.silence(endpoint, error)) from error
        except Refused as error:
            raise PatinaError(*words.failure("ask the engine", error.words, error.status)) from error
        return Engine(endpoint, lambda: _sdk()[0], straight)
    api, endpoint = _sdk()
    engine = Engine(endpoint, lambda: api)
    assert engine.api is api
    return engine


def _sdk() -> tuple[Any, str]:
    """Load the SDK and return its client and the endpoint that this speaks to. Raises `EngineUnavailable`."""
    import requests
    from docker import ContextAPI, DockerClient, errors

    endpoint = words.endpoint(os.environ)
    context = os.environ.get("DOCKER_CONTEXT")
    if (
        context and not endpoint and ContextAPI.get_context(context) is None
    ):  # else the usual engine would be taken
        raise EngineUnavailable(f"there is no Docker context {context}", "See them: docker context ls")
    try:
        client = DockerClient.from_env(timeout=FIRST_ANSWER, use_ssh_client=True)
        api: Any = client.api
        endpoint = endpoint or _endpoint(api)
    except (errors.DockerException, requests.RequestException, OSError, ValueError) as error:
        raise EngineUnavailable(*words.silence(endpoint or "the usual place", error)) from error
    api.timeout = ANSWER
    return api, endpoint


def _endpoint(api: Any) -> str:
    socket_path = getattr(api._custom_adapter, "socket_path", None)  # noqa: SLF001
    return f"unix://{socket_path}" if socket_path else str(api.base_url)
