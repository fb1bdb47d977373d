"""What an engine is asked about images. Nothing is pulled or removed that the caller did not name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from patina_sessions.errors import PatinaError
from patina_sessions.system.docker import words
from patina_sessions.system.docker.line import Line


class Images(Line):
    """The images of an engine."""

    def image(self, name: str) -> dict[str, Any] | None:
        """Return an image that the engine has, None where it has not; nothing is pulled."""
        with self._told(f"look at the image {name}"):
            return self._found(f"/images/{quote(name, safe='/:')}/json")

    def images(self, labels: Iterable[str]) -> list[dict[str, Any]]:
        """Return the images that carry all these labels."""
        with self._told("list images"):
            return list(self.api.images(filters={"label": list(labels)}))

    def remove_image(self, name: str) -> None:
        """Remove one image, if it is there."""
        with self._told(f"remove the image {name}"):
            try:
                self.api.remove_image(name)
            except self._errors.ImageNotFound:
                pass

    def pull(self, name: str) -> Iterator[dict[str, Any]]:
        """Pull an image and yield the engine's words on the way. Raises where one of them is an error."""
        with self._told(f"pull {name}"):
            repository, tag = _tagged(name)
            for line in self.api.pull(repository, tag=tag, stream=True, decode=True):
                yield _without_error(line, f"pulling {name}")

    def build(
        self,
        context: Path,
        *,
        dockerfile: str,
        tag: str,
        labels: Mapping[str, str],
        fresh: bool,
        arguments: Mapping[str, str],
        network: str,
    ) -> Iterator[dict[str, Any]]:
        """Build an image by the classic builder and yield the engine's words on the way."""
        with self._told(f"build {tag}"):
            lines = self.api.build(
                path=str(context),
                dockerfile=dockerfile,
                tag=tag,
                labels=dict(labels),
                nocache=fresh,
                buildargs=dict(arguments),
                network_mode=network or None,
                rm=True,
                forcerm=True,
                decode=True,
                use_config_proxy=False,
            )
            for line in lines:
                yield _without_error(line, "the build")


def _tagged(name: str) -> tuple[str, str | None]:
    repository, _, tag = name.rpartition(":")
    return (name, None if "@" in name else "latest") if not repository or "/" in tag else (repository, tag)


def _without_error(line: dict[str, Any], doing: str) -> dict[str, Any]:
    """Return the line, unless it is an error: the status was 200 long before it came (a full disk shows as 404)."""
    if "error" in line or "errorDetail" in line:
        said = str((line.get("errorDetail") or {}).get("message") or line.get("error"))
        raise PatinaError(*words.failure(doing, said, 0))
    return line
