"""What the user wants of an autonomous run, with what the settings say where he does not."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from patina_sessions.errors import PatinaError
from patina_sessions.frozen import dataclass
from patina_sessions.redact import redact
from patina_sessions.runs import request
from patina_sessions.runs.request import size
from patina_sessions.runs.yolo.agents import Agent
from patina_sessions.runs.yolo.network import Reach
from patina_sessions.runs.yolo.sandbox import Limits
from patina_sessions.settings import Settings
from patina_sessions.system import files, terminal

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
SECRET = 1_000_000  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One run that is wanted. `told` holds values that never stand in a command, a label or a log."""

    command: tuple[str, ...]
    reference: str = ""
    with_changes: bool = False
    image: str = ""
    reach: Reach = field(default_factory=Reach)
    environment: Mapping[str, str] = field(default_factory=dict)  # what anybody may see
    told: Mapping[str, str] = field(default_factory=dict)
    agent: Agent | None = None  # where a task is given to one
    limits: Limits = field(default_factory=Limits)
    timeout: float = 0.0
    limit: int = 0  # bytes that may come out
    largest: int = 0  # bytes of a file
    name: str = ""
    loosened: tuple[str, ...] = ()

    @property
    def speaks(self) -> bool:
        """Whether something goes in over standard input before the program starts."""
        return bool(self.told or (self.agent and self.agent.hooks))

    @property
    def words(self) -> str:
        """Return the command as the journal shows it."""
        return redact(shlex.join(self.command))


def named(name: str) -> str:
    """Return a name for a run. Raises where it is none that a person could type without quotes."""
    if name and not _NAME.fullmatch(name):
        raise PatinaError(
            f"{name} is no name for a run", "Give small letters, digits and dashes: --name fix-parser"
        )
    return name


def limits(settings: Settings, *, memory: str, cpus: float) -> Limits:
    """Return what the container is held to."""
    found = Limits(
        memory=memory or settings.text("yolo.memory"),
        cpus=cpus or settings.number("yolo.cpus"),
        pids=int(settings.number("yolo.pids")),
        scratch=settings.text("yolo.scratch"),
    )
    size(found.memory)
    size(found.scratch)
    return found


def told(variables: tuple[str, ...], secrets: tuple[str, ...]) -> dict[str, str]:
    """Return the values that `--env NAME` and `--secret NAME=FILE` give: by name or file, never on a command line."""
    values = {name: terminal.variable(request.variable(name)) for name in variables}
    for given in secrets:
        name, separator, path = given.partition("=")
        if not separator or not path:
            raise PatinaError(
                "--secret takes NAME=FILE", "Write it into a file of yours: --secret TOKEN=~/.token"
            )
        data = files.read(Path(path).expanduser())
        if data is None:
            raise PatinaError(
                f"there is no file {path}", "Give the file that holds the secret: --secret NAME=FILE"
            )
        if len(data) > SECRET or b"\0" in data:
            raise PatinaError(f"{path} is no secret: it is too large, or no text", None)
        values[request.variable(name)] = data.decode("utf-8", "surrogateescape").removesuffix("\n")
    return values


def there(names: tuple[str, ...]) -> dict[str, str]:
    """Return those of an agent's variables that the user has."""
    return {name: terminal.variable(name) for name in names if terminal.has(name)}


def handed_on(values: Mapping[str, str]) -> tuple[str, ...]:
    """Return what the report says of values that go in: their names."""
    return (f"handed on: {', '.join(values)}",) if values else ()
