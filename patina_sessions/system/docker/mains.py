"""A container's main process: its streams from before it starts, its signals, its end; and what is read out, capped.

Unlike a command inside a container, a main process can be killed, and its exit code and want of memory are the engine's
own word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from patina_sessions.errors import EngineUnavailable, PatinaError
from patina_sessions.system.docker.commands import Commands
from patina_sessions.system.docker.containers import Ending
from patina_sessions.system.docker.frames import Frames
from patina_sessions.system.docker.local import UPGRADE
from patina_sessions.system.docker.stream import EngineStream


class Mains(Commands):
    """The main processes of an engine's containers."""

    def attach(self, container: str, *, stdin: bool = False) -> EngineStream:
        """Return the streams of a container without a terminal. Before its start, so that nothing of them is missed."""
        route = f"/containers/{container}/attach?stream=1&stdin={int(stdin)}&stdout=1&stderr=1&logs=0"
        with self._told("attach to the container"):
            if self._straight is not None:
                connection, answer = self._straight.upgrade(route, None)
                return EngineStream(answer, tty=False, connection=connection)
            api = self.api
            response = api._post(api._url(route), headers=UPGRADE, stream=True)  # noqa: SLF001 - as in `begin`
            api._raise_for_status(response)  # noqa: SLF001
            return EngineStream(response, tty=False)

    def has(self, container: str, paths: Iterable[str]) -> bool:
        """Return whether one of these files is in a container, which need not run for that."""
        with self._told("look into the container"):
            if self._straight is not None:
                route = f"/containers/{container}/archive"
                return any(self._straight.there(route, {"path": path}) for path in paths)
            url = self.api._url("/containers/{0}/archive", container)  # noqa: SLF001 - there is no public HEAD
            return any(self.api.head(url, params={"path": path}, timeout=60).ok for path in paths)

    def signal(self, container: str, name: str) -> None:
        """Send a signal to the main process, if it is there."""
        with self._told("signal the container"):
            self._unless((404, 409), "POST", f"/containers/{container}/kill", {"signal": name})

    def ending(self, container: str) -> Ending:
        """Return how the main process ended, or that it runs. Raises `Gone`."""
        with self._told("look at the container"):
            state = self._ask("GET", f"/containers/{container}/json")["State"]
        code = state.get("ExitCode")
        over = state.get("Status") in ("exited", "dead")
        return Ending(
            runs=bool(state.get("Running")),
            code=code if over and isinstance(code, int) else None,
            out_of_memory=bool(state.get("OOMKilled")),
            error=str(state.get("Error") or ""),
            seconds=_between(state.get("StartedAt"), state.get("FinishedAt")) if over else None,
        )

    def said_so_far(self, container: str, *, last: int) -> bytes:
        """Return the end of what a container's main process wrote, as the engine kept it."""
        with self._told("read what the container said"):
            kept: bytes = self.api.logs(container, stdout=True, stderr=True, tail=last)
            return kept

    def read_out(
        self, container: str, command: Sequence[str], *, user: str = "", limit: int
    ) -> Iterator[bytes]:
        """Yield the standard output of a command, at most `limit` bytes of it.

        Raises `TooMuch` where there is more, and `PatinaError` where it fails: what was yielded is then worth nothing.
        """
        name = self.prepare(container, command, user=user)
        stream, frames, words, size = self.begin(name), Frames(), bytearray(), 0
        try:
            while data := stream.read():
                for number, piece in frames.feed(data):
                    if number == 2:
                        words += piece[: 4000 - len(words)]
                        continue
                    size += len(piece)
                    if size > limit:
                        raise TooMuch(f"more than {limit:,} bytes were to come out of the container", None)
                    yield piece
        except OSError as error:
            raise EngineUnavailable(f"the engine at {self.endpoint} broke off", None) from error
        finally:
            stream.close()
        code = self.exit_code(name)
        if code != 0 or not frames.whole:
            raise PatinaError(words.decode("utf-8", "replace").strip() or f"exit code {code}", None)


class TooMuch(PatinaError):
    """More came out of a container than was to be taken."""


def _between(started: object, finished: object) -> float | None:
    """Return the seconds between two moments of an engine's; None where one of them is none."""
    try:
        return (datetime.fromisoformat(str(finished)) - datetime.fromisoformat(str(started))).total_seconds()
    except ValueError:
        return None
