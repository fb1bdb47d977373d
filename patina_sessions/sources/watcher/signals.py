"""How a watcher is spoken to: SIGUSR1 has it tell at once, SIGTERM has it tell and end."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from patina_sessions.sources.watcher.loop import Watcher

_WORDS = {signal.SIGUSR1: "tell", signal.SIGTERM: "stop"}


@contextmanager
def listening(watcher: Watcher) -> Iterator[int]:
    """Let signals speak to the watcher; give the descriptor that can be read when one came."""
    wake, ring = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(ring, False)

    def take(number: int, _frame: FrameType | None) -> None:
        if watcher.asked_to != "stop":
            watcher.asked_to = _WORDS[signal.Signals(number)]

    before = {number: signal.signal(number, take) for number in _WORDS}
    told = signal.set_wakeup_fd(ring, warn_on_full_buffer=False)
    try:
        yield wake
    finally:
        signal.set_wakeup_fd(told)
        for number, old in before.items():
            signal.signal(number, old)
        os.close(wake)
        os.close(ring)
