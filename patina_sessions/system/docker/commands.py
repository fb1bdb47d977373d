"""Commands inside a running container: made ready, started, looked at; and small ones of ours, run to their end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from patina_sessions.errors import EngineUnavailable
from patina_sessions.system import clock
from patina_sessions.system.docker.containers import Said
from patina_sessions.system.docker.frames import Frames
from patina_sessions.system.docker.line import Line
from patina_sessions.system.docker.local import UPGRADE, Refused
from patina_sessions.system.docker.stream import EngineStream


class Commands(Line):
    """What runs in the containers of an engine."""

    def prepare(
        self,
        container: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        user: str = "",
        folder: str | None = None,
        tty: bool = False,
        stdin: bool = False,
    ) -> str:
        """Make a command ready to be started in a running container and return its id. Raises `Gone`."""
        with self._told("prepare the command"):
            wanted = {
                "Cmd": list(command),
                "Env": [f"{name}={value}" for name, value in (environment or {}).items()],
                "User": user,
                "Tty": tty,
                "AttachStdin": stdin,
                "AttachStdout": True,
                "AttachStderr": True,
                **({"WorkingDir": folder} if folder else {}),
            }
            return str(self._ask("POST", f"/containers/{container}/exec", body=wanted)["Id"])

    def begin(self, command: str, *, tty: bool = False) -> EngineStream:
        """Start what was prepared and return its streams."""
        route, wanted = f"/exec/{command}/start", {"Tty": tty, "Detach": False}
        with self._told("start the command"):
            if self._straight is not None:
                connection, answer = self._straight.upgrade(route, wanted)
                return EngineStream(answer, tty=tty, connection=connection)
            api = self.api
            response = api._post_json(  # noqa: SLF001 - the public way reads the stream by itself, and wrongly
                api._url(route),  # noqa: SLF001
                headers=UPGRADE,
                data=wanted,
                stream=True,
            )
            api._raise_for_status(response)  # noqa: SLF001
            return EngineStream(response, tty=tty)

    def state(self, command: str) -> tuple[bool, int | None]:
        """Return whether a command runs, and its exit code where it has one. Raises `Gone`."""
        with self._told("look at the command"):
            seen = self._ask("GET", f"/exec/{command}/json")
        code = seen.get("ExitCode")
        return bool(seen.get("Running")), code if isinstance(code, int) else None

    def resize(self, command: str, *, rows: int, columns: int) -> bool:
        """Tell a command's terminal its size; False where the engine is not ready for it (404, 409, 500 are usual)."""
        try:
            self._ask("POST", f"/exec/{command}/resize", {"h": str(rows), "w": str(columns)})
        except (Refused, OSError):
            return False
        return True

    def ask(self, container: str, command: Sequence[str], *, user: str = "") -> Said:
        """Run a small command of ours to its end. Not for a user's: what it says is held in memory."""
        name = self.prepare(container, command, user=user)
        stream = self.begin(name)
        out, err, frames = bytearray(), bytearray(), Frames()
        try:
            while data := stream.read():
                for number, piece in frames.feed(data):
                    (err if number == 2 else out).extend(piece)
        except OSError as error:
            raise EngineUnavailable(f"the engine at {self.endpoint} broke off", None) from error
        finally:
            stream.close()
        code = self.exit_code(name)
        return Said(code=-1 if code is None else code, out=bytes(out), err=bytes(err))

    def exit_code(self, command: str) -> int | None:
        """Return a command's exit code once there is one; None where it still runs after a while."""
        for pause in (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 1.0, 2.0):
            clock.sleep(pause)
            running, code = self.state(command)
            if code is not None and not running:
                return code
        return None
