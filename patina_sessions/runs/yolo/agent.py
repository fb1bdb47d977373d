"""The program of an autonomous run while it runs: the container's main process, followed to its end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from patina_sessions.errors import PatinaError
from patina_sessions.runs.attached import Attached
from patina_sessions.runs.tree import Tree
from patina_sessions.system import clock
from patina_sessions.system.docker import Engine

GONE = 10.0  # seconds until a killed container is seen to be stopped


@dataclass(slots=True, kw_only=True)
class Whole(Tree):
    """All that runs in a container: what its main process starts ends with it."""

    def signal(self, name: Literal["INT", "TERM", "KILL"]) -> int:
        """Send the main process a signal; docker-init hands it on."""
        self.engine.signal(self.container, name)
        return 1

    def end(self) -> bool:
        """Kill the container and return whether nothing of it runs any more."""
        deadline = clock.monotonic() + GONE
        while clock.monotonic() < deadline:
            self.engine.kill(self.container)
            if stopped(self.engine, self.container):
                return True
            clock.sleep(0.05)
        return False


@dataclass(slots=True, kw_only=True)
class Followed(Attached):
    """A main process that is followed: the engine tells its end, and that its container stopped is no wonder."""

    _made: float = field(default_factory=clock.monotonic)  # before the container is started
    _seconds: float | None = None

    def _state(self) -> tuple[bool, int | None]:
        ending = self.engine.ending(self.container)
        self._seconds = ending.seconds
        return ending.runs or ending.code is None, ending.code

    def _ran_on(self) -> float:
        # A busy engine takes seconds to call a container ended whose program is gone, and knows when that was.
        streamed = self._stream_over - self._made
        return super()._ran_on() if self._seconds is None else self._seconds - streamed

    def _is_stopped(self) -> bool:
        return False

    def _what(self) -> str:
        return "its program"


def stopped(engine: Engine, container: str) -> bool:
    """Return whether nothing of a container runs: it has ended, or is gone."""
    try:
        seen = engine.inspect(container)
    except PatinaError:
        return False
    return seen is None or not seen["State"]["Running"]
