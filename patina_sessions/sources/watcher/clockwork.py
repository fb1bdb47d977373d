"""When what is due, in seconds of the clock that nobody sets."""

from __future__ import annotations

from dataclasses import dataclass

from patina_sessions.system import clock

QUIET = 1.0  # seconds without an event after which a save is over
LONGEST = 5.0  # seconds until it is told all the same
AT_ONCE = 60.0  # the same while git is at work in the tree, or very much comes at once: that is one fact
CHECK = 300.0  # seconds between two looks whether all is well
AGAIN = 30.0  # seconds until what could not be told is tried again: the disk is full, or git does not answer


@dataclass(slots=True)
class Clockwork:
    """What has happened when, and what follows from it."""

    idle: float  # seconds without an event after which it is over
    first: float | None = None  # of the events that are pending
    last: float = 0.0
    look: float | None = None  # the next look at `git status`, where events fail
    check: float = 0.0  # of zero: it has not begun
    retry: float | None = None
    active: float = 0.0

    def begin(self) -> None:
        """Note that it sees everything from now on."""
        self.checked()
        self.active = clock.monotonic()

    def touched(self, *, pending: bool) -> bool:
        """Note that something happened; return whether it is the first that is pending."""
        now = clock.monotonic()
        self.last = self.active = now
        if not pending or self.first is not None:
            return False
        self.first = now
        return True

    def checked(self) -> None:
        """Have the next look whether all is well a while later."""
        self.check = clock.monotonic() + min(CHECK, max(1.0, self.idle))

    def failed(self) -> bool:
        """Have what could not be told tried again; return whether it is the first time."""
        first = self.retry is None
        self.retry = clock.monotonic() + AGAIN
        return first

    def is_idle(self, now: float) -> bool:
        """Tell whether nothing has happened for so long that it is over."""
        return now - self.active > self.idle

    def is_quiet(self) -> bool:
        """Tell whether nothing has happened for a while, so that a look can be compared with what events told."""
        return self.first is None and clock.monotonic() - self.last > QUIET

    def tell_at(self, *, many: bool) -> float | None:
        """Return when what is pending is to be told; `many` at once are one thing, which takes its time."""
        if self.retry is not None:
            return self.retry
        if self.first is None:
            return None
        return min(self.last + QUIET, self.first + (AT_ONCE if many else LONGEST))
