"""An engine on a socket of this machine, asked by the standard library: loading the SDK takes longer than a command.

The engine's API is JSON over HTTP/1.1 (docs.docker.com/reference/api/engine); what is spoken here is a request and its
answer, a tar that is sent in pieces, and the upgrade to a raw stream. Everything else (TLS, ssh, contexts, builds,
pulls) is the SDK's.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable, Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

USUAL = "/var/run/docker.sock"
UPGRADE = {"Connection": "Upgrade", "Upgrade": "tcp"}


class Refused(Exception):
    """The engine answered with an error: its status and its words."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


class _Connection(HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Local:
    """The line to one socket. Each question has a connection of its own, so that it may be put from any thread."""

    def __init__(self, path: str, *, first: float, timeout: float) -> None:
        """Ask the engine for its version. Raises `OSError` where none answers within `first` seconds."""
        self.path = path
        self._timeout = timeout
        self._version = ""
        self._version = self.ping(first)

    def ping(self, within: float) -> str:
        """Return the prefix of the engine's own version of the API."""
        connection, answer = self._put("GET", "/_ping", timeout=within)
        try:
            answer.read()
        finally:
            connection.close()
        version = answer.headers.get("Api-Version")
        return f"/v{version}" if version else ""

    def ask(self, method: str, route: str, query: Mapping[str, str], body: object = None) -> Any:
        """Return what the engine answers, parsed; None where that is nothing. Raises `Refused` and `OSError`."""
        connection, answer = self._put(method, route, query, body)
        try:
            data = answer.read()
        except HTTPException as error:
            raise OSError(f"the engine broke off: {error!r}") from error
        finally:
            connection.close()
        return parsed(answer.status, data)

    def there(self, route: str, query: Mapping[str, str]) -> bool:
        """Return whether the engine has what is asked for."""
        connection, answer = self._put("HEAD", route, query)
        connection.close()
        return answer.status < 400

    def send(
        self, route: str, query: Mapping[str, str], tar: bytes | Iterable[bytes], timeout: float
    ) -> None:
        """Send a tar, in pieces as they come. Raises `Refused` and `OSError`."""
        connection = _Connection(self.path, timeout)
        try:
            try:
                connection.request("PUT", self._to(route, query), tar, {"Content-Type": "application/x-tar"})
            except (BrokenPipeError, ConnectionResetError):
                # An engine that has no room says so, and hears no more; what it said comes before the end.
                answer = HTTPResponse(connection.sock)
                answer.begin()
            else:
                answer = connection.getresponse()
            parsed(answer.status, answer.read())
        except HTTPException as error:
            raise OSError(f"the engine broke off: {error!r}") from error
        finally:
            connection.close()

    def upgrade(self, route: str, body: object) -> tuple[HTTPConnection, HTTPResponse]:
        """Return a connection that has become a raw stream, and the answer whose buffer holds its beginning."""
        connection, answer = self._put("POST", route, body=body, headers=UPGRADE)
        if answer.status >= 400:
            try:
                parsed(answer.status, answer.read())
            finally:
                connection.close()
        return connection, answer

    def _to(self, route: str, query: Mapping[str, str]) -> str:
        return self._version + route + (f"?{urlencode(query)}" if query else "")

    def _put(
        self,
        method: str,
        route: str,
        query: Mapping[str, str] | None = None,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> tuple[HTTPConnection, HTTPResponse]:
        connection = _Connection(self.path, timeout or self._timeout)
        url = self._to(route, query or {})
        try:
            if body is None:
                connection.request(method, url, headers=dict(headers or {}))
            else:
                kind = {"Content-Type": "application/json", **(headers or {})}
                connection.request(method, url, json.dumps(body).encode(), kind)
            return connection, connection.getresponse()
        except HTTPException as error:
            connection.close()
            raise OSError(f"the engine broke off: {error!r}") from error
        except OSError:
            connection.close()
            raise


def parsed(status: int, data: bytes) -> Any:
    """Return an answer, parsed; None where it is empty. Raises `Refused` where it is an error."""
    try:
        found = json.loads(data) if data.strip() else None
    except ValueError:
        found = data.decode("utf-8", "replace")
    if status >= 400:
        words = found.get("message") if isinstance(found, dict) else found
        raise Refused(status, str(words or f"status {status}").strip())
    return found


def chosen(environ: Mapping[str, str]) -> str | None:
    """Return the socket that the user means, None where only the SDK knows how to get to the engine."""
    host = environ.get("DOCKER_HOST")
    if host:
        return host.removeprefix("unix://") if host.startswith("unix:///") else None
    folder = Path(environ.get("DOCKER_CONFIG") or Path(environ.get("HOME", "/")) / ".docker")
    try:
        config = json.loads((folder / "config.json").read_bytes())
    except FileNotFoundError:
        config = {}
    except (OSError, ValueError):
        return None
    if not isinstance(config, dict) or config.get("HttpHeaders"):
        return None
    context = environ.get("DOCKER_CONTEXT") or config.get("currentContext") or "default"
    return USUAL if context == "default" else None
