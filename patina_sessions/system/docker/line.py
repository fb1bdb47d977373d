"""The line to an engine: its connections, and the words that its failures become.

What a warm command asks goes through `_ask`: over the socket itself where there is one (`local`), else by the SDK.
What is asked seldom goes through `api`, the SDK, loaded at its first use: that takes 100 ms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from patina_sessions.errors import EngineUnavailable, PatinaError
from patina_sessions.system.docker import words
from patina_sessions.system.docker.containers import Gone
from patina_sessions.system.docker.local import Local, Refused, parsed


class Line:
    """One engine, spoken to. A context manager: leaving it closes the connections.

    `load` gives the SDK's client, which is Any: the published types lack half of what it has.
    """

    def __init__(self, endpoint: str, load: Callable[[], Any], straight: Local | None = None) -> None:
        self.endpoint = endpoint
        self._straight = straight
        self._load = load
        self._loaded: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loaded is not None:
            self._loaded.close()

    @property
    def api(self) -> Any:
        """The SDK's client."""
        if self._loaded is None:
            self._loaded = self._load()
        return self._loaded

    @property
    def local(self) -> bool:
        """Whether the engine is spoken to over a socket of this machine."""
        return self.endpoint.startswith("unix://")

    @property
    def _errors(self) -> Any:
        from docker import errors

        return errors

    def _ask(
        self, method: str, route: str, query: Mapping[str, str] | None = None, body: object = None
    ) -> Any:
        """Return the engine's answer, parsed. The route is quoted. Raises `Refused` and what `_told` translates."""
        if self._straight is not None:
            return self._straight.ask(method, route, query or {}, body)
        api = self.api
        url = api._url(route)  # noqa: SLF001 - its public methods know each answer's shape, and would be a second way
        if method == "GET":
            answer = api._get(url, params=query)  # noqa: SLF001
        elif method == "DELETE":
            answer = api._delete(url, params=query)  # noqa: SLF001
        elif body is None:
            answer = api._post(url, params=query)  # noqa: SLF001
        else:
            answer = api._post_json(url, data=body, params=query)  # noqa: SLF001
        return parsed(answer.status_code, answer.content)

    def _found(self, route: str) -> dict[str, Any] | None:
        """Return what the engine knows of one thing, None where it does not know it."""
        try:
            return dict(self._ask("GET", route))
        except Refused as error:
            if error.status != 404:
                raise
            return None

    def _unless(
        self, statuses: tuple[int, ...], method: str, route: str, query: Mapping[str, str] | None = None
    ) -> None:
        """Ask for something; an answer with one of these statuses says that it is so already."""
        try:
            self._ask(method, route, query)
        except Refused as error:
            if error.status not in statuses:
                raise

    @contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        try:
            yield
        except Refused as error:
            kind = Gone if error.status == 404 else PatinaError
            raise kind(*words.failure(doing, error.words, error.status)) from error
        except self._kinds() as error:
            raise self._translated(doing, error) from error
        except OSError as error:
            raise EngineUnavailable(*words.silence(self.endpoint, error)) from error

    def _kinds(self) -> tuple[type[Exception], ...]:
        """Return what the SDK raises; nothing of it where it was not loaded."""
        if self._loaded is None:
            return ()
        import requests

        return requests.RequestException, self._errors.DockerException

    def _translated(self, doing: str, error: Any) -> PatinaError:
        if isinstance(error, self._errors.APIError):
            kind = Gone if isinstance(error, self._errors.NotFound) else PatinaError
            explanation = str(error.explanation or error).strip()
            return kind(*words.failure(doing, explanation, error.status_code))
        return EngineUnavailable(*words.silence(self.endpoint, error))
