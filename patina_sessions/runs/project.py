"""What `build`, `test` and `exec` run, and in which image: from the settings, else from what the project itself says.

The order: `[docker]` and `[commands]` in the settings; `devcontainer.json`; a `Dockerfile`; the language's usual image.
A devcontainer's `initializeCommand` runs on the host and comes with a clone: it is never run.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from patina_sessions.errors import PatinaError
from patina_sessions.frozen import dataclass
from patina_sessions.runs import languages
from patina_sessions.settings import Settings
from patina_sessions.system import files, untrusted

_JSONC = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/|,(?=\s*(?://[^\n]*\n\s*)*[}\]])', re.DOTALL)
ASKED = "the command line"
_DEVCONTAINERS = (".devcontainer/devcontainer.json", ".devcontainer.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dockerfile:
    """An image that the project describes: paths below the top."""

    path: str
    context: str = "."
    arguments: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What was found. `why` says of each part where it came from."""

    image: str = ""
    dockerfile: Dockerfile | None = None
    build: str | tuple[str, ...] = ""
    test: str | tuple[str, ...] = ""
    setup: str | tuple[str, ...] = ""
    junit: str = ""
    inputs: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    why: Mapping[str, str] = field(default_factory=dict)

    @property
    def asked(self) -> str:
        """The image that the command line asked for in place of the project's; nothing where it did not."""
        return self.image if self.why.get("image") == ASKED else ""

    def lines(self) -> list[str]:
        """Return what was found, for people."""
        image = f"Dockerfile {self.dockerfile.path}" if self.dockerfile else self.image
        parts = {"image": image, "setup": self.setup, "build": self.build, "test": self.test}
        return [
            f"{name}: {value if isinstance(value, str) else ' '.join(value)} (from {self.why[name]})"
            for name, value in parts.items()
            if value and name in self.why
        ] or ["nothing was found: set docker.image and commands.test in .patina/config.toml"]


def find(top: Path, settings: Settings, *, image: str | None = None) -> Project:
    """Return what this project runs and where; `image` is what the command line asked for."""
    names = frozenset(files.names(top))
    usual = languages.find(names, lambda name: _text(top / name))
    container = _devcontainer(top)
    picture, environment = _image(names, settings, container, usual, image)
    commands, why = _commands(settings, container, usual)
    return Project(
        image=picture[0],
        dockerfile=picture[1],
        junit=settings.text("docker.junit") or (usual.junit if usual else ""),
        inputs=usual.inputs if usual and "setup" in commands and why["setup"] == usual.sign else (),
        environment=environment,
        why={**why, "image": picture[2]},
        **commands,
    )


def _image(
    names: frozenset[str],
    settings: Settings,
    container: dict[str, Any],
    usual: languages.Usual | None,
    asked: str | None,
) -> tuple[tuple[str, Dockerfile | None, str], dict[str, str]]:
    environment = {str(k): str(v) for k, v in _table(container, "containerEnv").items()}
    if asked:
        return (asked, None, ASKED), environment
    if settings.text("docker.image"):
        return (settings.text("docker.image"), None, "docker.image in the settings"), environment
    if settings.text("docker.dockerfile"):
        named = Dockerfile(
            path=settings.text("docker.dockerfile"), context=settings.text("docker.context") or "."
        )
        return ("", named, "docker.dockerfile in the settings"), environment
    where = str(container.get("where", ""))
    if isinstance(container.get("image"), str):
        return (container["image"], None, where), environment
    build = _table(container, "build")
    if isinstance(build.get("dockerfile"), str):
        return ("", _built(where, build), where), environment
    if "Dockerfile" in names:
        return ("", Dockerfile(path="Dockerfile"), "the project"), environment
    if usual is not None:
        return (usual.image, None, usual.sign), environment
    return ("", None, "nothing"), environment


def _built(where: str, build: dict[str, Any]) -> Dockerfile:
    """Return a devcontainer's build; its paths are relative to its own folder."""
    folder = Path(where).parent
    arguments = tuple(sorted((str(k), str(v)) for k, v in _table(build, "args").items()))
    context = str(build.get("context", "."))
    return Dockerfile(
        path=_inside(folder / build["dockerfile"]), context=_inside(folder / context), arguments=arguments
    )


def _inside(path: Path) -> str:
    """Return a path below the top in its shortest form. Raises where it leads out of the project."""
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            if not parts:
                break
            parts.pop()
        elif part != ".":
            parts.append(part)
    else:
        if not path.is_absolute():
            return "/".join(parts) or "."
    raise PatinaError(f"{path} leads out of the project", "Name a path below the top folder.")


def _commands(
    settings: Settings, container: dict[str, Any], usual: languages.Usual | None
) -> tuple[dict[str, Any], dict[str, str]]:
    given = settings.below("commands")
    found: dict[str, Any] = {}
    why: dict[str, str] = {}
    for name in ("build", "test", "setup"):
        value = given.get(name)
        if isinstance(value, str | tuple) and value:
            found[name], why[name] = value, f"commands.{name} in the settings"
        elif name == "setup" and (created := container.get("postCreateCommand")):
            found[name] = created if isinstance(created, str) else tuple(map(str, created))
            why[name] = str(container["where"])
        elif usual is not None and getattr(usual, name) and not (name == "setup" and _own_image(settings)):
            found[name], why[name] = getattr(usual, name), usual.sign
    return found, why


def _own_image(settings: Settings) -> bool:
    """Whether the project chose its image: that has what it needs, so nothing is installed unasked."""
    return bool(settings.text("docker.image") or settings.text("docker.dockerfile"))


def _devcontainer(top: Path) -> dict[str, Any]:
    for name in _DEVCONTAINERS:
        text = _text(top / name)
        if not text:
            continue
        try:
            found = json.loads(_JSONC.sub(lambda m: m[1] or "", text))
        except ValueError as error:
            raise PatinaError(f"{name} is not valid: {error}", "Mend it, or set docker.image.") from error
        return {**found, "where": name} if isinstance(found, dict) else {}
    return {}


def _table(container: dict[str, Any], name: str) -> dict[str, Any]:
    value = container.get(name)
    return value if isinstance(value, dict) else {}


def _text(path: Path) -> str:
    return (untrusted.read(path, links=True) or b"").decode("utf-8", "replace")


def fingerprint(top: Path, names: tuple[str, ...]) -> str:
    """Return a hash of what these files hold; one that is missing counts as missing."""
    whole = hashlib.sha256()
    for name in sorted(names):
        path = top / name
        data = files.read(path) if path.is_file() else None
        whole.update(f"{name}\0{len(data) if data is not None else -1}\0".encode("utf-8", "surrogateescape"))
        whole.update(data or b"")
    return whole.hexdigest()[:16]
