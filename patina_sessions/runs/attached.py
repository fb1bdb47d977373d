"""One command in a container from start to end: its bytes on, time and signals watched, its processes seen to be gone.

Whatever happens it comes to an end that can be told: the stream is cut, never ends, or ends early; the command takes
too long, the user interrupts it, the container is stopped, the engine dies or hangs.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Literal

from patina_sessions.errors import PatinaError
from patina_sessions.runs.outcome import INTERRUPTED, KILLED, Ended
from patina_sessions.runs.tree import Tree
from patina_sessions.system import clock
from patina_sessions.system.docker import Engine, EngineStream, Gone
from patina_sessions.system.docker.frames import Frames

log = logging.getLogger(__name__)

TICK = 0.25  # seconds between two looks at what is not the stream
SOON = 0.004  # the same just after the stream has ended
GRACE = 5.0  # seconds between asking to stop and killing
TWICE = 2.0  # seconds within which a second Ctrl-C means it
LOOK = 2.0  # seconds of silence after which the engine is asked
LATE = 3.0  # seconds that a stream may take to end after its command
EARLY = 1.0  # seconds by which a stream may end before its command
SETTLING = 1.5  # seconds: until a container whose processes were killed is seen to be stopped
ANNOUNCE = 5.0  # seconds after which the journal shows that it runs
PIECES = 32  # read ahead, of 64 kB each

Hear = Callable[[int, bytes], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What a run is held to. `passes` is for an interactive command: a first Ctrl-C is the program's own."""

    timeout: float = 0.0
    passes: bool = False
    announce: Callable[[], None] = lambda: None


@dataclass(slots=True, kw_only=True)
class Attached:
    """A started command. `hear` gets its bytes; `interrupt` may be called from a signal handler or another thread."""

    engine: Engine
    container: str
    run: str
    tree: Tree
    command: str  # the engine's id of it
    stream: EngineStream
    watch: Watch
    hear: Hear
    details: list[str] = field(default_factory=list)
    stopped: Literal["", "timed out", "interrupted"] = ""
    _queue: SimpleQueue[bytes | OSError | None] = field(default_factory=SimpleQueue)
    _room: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(PIECES))
    _frames: Frames = field(default_factory=Frames)
    _interrupts: list[float] = field(default_factory=list)
    _handled: int = 0
    _began: float = 0.0
    _heard: float = 0.0
    _looked: float = 0.0
    _kill_at: float = 0.0
    _stream_over: float = 0.0  # when it ended, 0 while it goes on
    _command_over: float = 0.0
    _whole: bool = True
    _answers: bool = True
    _misses: int = 0
    _code: int | None = None
    _announced: bool = False

    @property
    def asked(self) -> bool:
        """Whether the user wants it to stop."""
        return bool(self._interrupts)

    def interrupt(self) -> None:
        """Note that the user wants it to stop."""
        self._interrupts.append(clock.monotonic())
        self._queue.put(b"")  # wakes the loop

    def follow(self) -> Ended:
        """Return how it ended, once it has."""
        self._began = self._heard = self._looked = clock.monotonic()
        reader = threading.Thread(target=self._read, name="engine stream", daemon=True)
        reader.start()
        try:
            while not self._over():
                self._take()
                self._act()
        except BaseException:  # nobody reads what is shown, for one
            self._give_up()
            raise
        finally:
            self.stream.close()
        if self.stopped and self._answers:
            self._kill()
        return self._ended()

    def _read(self) -> None:
        while True:
            self._room.acquire()
            try:
                data = self.stream.read()
            except OSError as error:
                self._queue.put(error)
                return
            self._queue.put(data or None)
            if not data:
                return

    def _over(self) -> bool:
        now = clock.monotonic()
        if not self._answers:
            return True
        if self._command_over and self._stream_over:
            return True
        return bool(self._command_over) and now - max(self._command_over, self._heard) > LATE

    def _take(self) -> None:
        # dockerd notes the exit code some milliseconds after the stream's end; a warm command waits for that alone.
        soon = self._stream_over and clock.monotonic() - self._stream_over < 2 * TICK
        pause = SOON if soon else TICK
        try:
            piece = self._queue.get(timeout=pause)
        except Empty:
            return
        if piece is None or isinstance(piece, OSError):
            self._stream_over = clock.monotonic()
            self._whole = self._whole and piece is None and (self.stream.tty or self._frames.whole)
            self._look()
        elif piece:
            self._room.release()
            self._heard = clock.monotonic()
            for number, data in [(1, piece)] if self.stream.tty else self._frames.feed(piece):
                self.hear(number, data)
            if self._frames.broken:
                self._whole, self._stream_over = False, clock.monotonic()

    def _act(self) -> None:
        now = clock.monotonic()
        while self._handled < len(self._interrupts):
            self._handled += 1
            self._interrupted()
        if self.watch.timeout and now - self._began > self.watch.timeout and not self.stopped:
            self._stop("timed out", "TERM")
        if self._kill_at and now > self._kill_at:
            self._kill()
        if not self._announced and now - self._began > ANNOUNCE:
            self._announced = True
            self.watch.announce()
        waiting = min(LOOK / 4, (now - self._stream_over) / 2) if self._stream_over else LOOK / 4
        if now - self._looked > (waiting if self._stream_over or self.stopped else LOOK) and (
            self._stream_over or now - self._heard > LOOK or self.stopped
        ):
            self._look()

    def _interrupted(self) -> None:
        times = self._interrupts[: self._handled]
        again = len(times) > 1 and times[-1] - times[-2] < TWICE
        if self.stopped or (self.watch.passes and again):
            self.stopped = self.stopped or "interrupted"
            self._kill()
        elif not self.watch.passes:
            # With a terminal the program has had its Ctrl-C from there; a second one would cut short its last words.
            self._stop("interrupted", None if self.stream.tty else "INT")

    def _stop(self, why: Literal["timed out", "interrupted"], name: Literal["INT", "TERM"] | None) -> None:
        self.stopped = why
        self._kill_at = clock.monotonic() + GRACE
        if name is not None:
            try:
                self.tree.signal(name)
            except PatinaError as error:
                log.info("run %s could not be asked to stop: %s", self.run, error.message)

    def _kill(self) -> None:
        self._kill_at = 0.0
        try:
            if self.tree.end():
                return
            self.engine.kill(self.container)
            self.details.append(
                "Its processes could not be ended by themselves: the workspace was, warm state and all"
            )
        except PatinaError as error:
            if self.engine.answers():
                log.info("run %s: %s", self.run, error.message)
            else:
                self._lose()

    def _give_up(self) -> None:
        self.stopped = self.stopped or "interrupted"
        self._kill()

    def _look(self) -> None:
        """Ask the engine, over another connection, whether the command still runs."""
        self._looked = clock.monotonic()
        if self._command_over:
            return
        if not self._stream_over and not self.engine.answers():
            self._misses += 1
            if self._misses > 1:
                self._lose()
            return
        self._misses = 0
        try:
            running, code = self._state()
        except Gone:
            self._command_over = clock.monotonic()
            return
        except PatinaError:
            self._lose()
            return
        if not running and code is not None:
            self._command_over, self._code = clock.monotonic(), code

    def _state(self) -> tuple[bool, int | None]:
        return self.engine.state(self.command)

    def _ran_on(self) -> float:
        """Return the seconds by which the command outlived its stream, as far as can be told."""
        return self._command_over - self._stream_over

    def _lose(self) -> None:
        if self._answers:
            self._answers = False
            self.details.append(f"The engine did not answer any more; {self._what()} may run on")

    def _what(self) -> str:
        return "what runs in the workspace"

    def _ended(self) -> Ended:
        over = bool(self._stream_over and self._command_over)
        early = over and self._ran_on() > EARLY and not self.stopped
        if early:
            self.details.append("The stream of its output ended before the command did")
        if self._code == INTERRUPTED and self._interrupts and not self.stopped:
            self.stopped = "interrupted"
        if self._answers and not self.stopped and self._code in (None, KILLED, 143) and self._is_stopped():
            self.stopped = "interrupted"
            self.details.append("The workspace was stopped while it ran")
        return Ended(
            code=self._code,
            stopped=self.stopped,
            whole=self._whole and not early,
            answered=self._answers,
        )

    def _is_stopped(self) -> bool:
        """Tell whether the workspace is gone or going: the engine calls it running for a moment after its processes."""
        deadline = clock.monotonic() + SETTLING
        while True:
            try:
                seen = self.engine.inspect(self.container)
            except PatinaError:
                return False
            if seen is None or not seen["State"]["Running"]:
                return True
            if clock.monotonic() > deadline:
                return False
            clock.sleep(0.1)
