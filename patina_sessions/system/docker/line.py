"""The line to an engine: its connections, and the words that its failures become."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from patina_sessions.errors import EngineUnavailable, PatinaError
from patina_sessions.system.docker import words
from patina_sessions.system.docker.containers import Gone


class Line:
    """One engine, spoken to. A context manager: leaving it closes the connections."""

    def __init__(self, api: Any, endpoint: str) -> None:
        self.api = api  # Any: the published types lack half of what it has
        self.endpoint = endpoint

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.api.close()

    @property
    def local(self) -> bool:
        """Whether the engine is spoken to over a socket of this machine."""
        return self.endpoint.startswith("unix://")

    @property
    def _errors(self) -> Any:
        from docker import errors

        return errors

    @contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        import requests

        try:
            yield
        except self._errors.NotFound as error:
            raise Gone(*words.failure(doing, _explanation(error), 404)) from error
        except self._errors.APIError as error:
            raise PatinaError(*words.failure(doing, _explanation(error), error.status_code)) from error
        except (requests.RequestException, self._errors.DockerException, OSError) as error:
            raise EngineUnavailable(*words.silence(self.endpoint, error)) from error


def _explanation(error: Any) -> str:
    return str(error.explanation or error).strip()
