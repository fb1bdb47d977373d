"""How a container's main process ended is the engine's word, however late the engine says it."""

from __future__ import annotations

from typing import Any

import pytest

from patina_sessions.runs import attached
from patina_sessions.runs.attached import Watch
from patina_sessions.runs.outcome import Ended
from patina_sessions.runs.yolo.agent import Followed, Whole
from patina_sessions.system.docker import Ending


class _Engine:
    """One that calls a container ended only when it is asked for the third time, and then says how long it ran."""

    def __init__(self, seconds: float) -> None:
        self.asked = 0
        self.seconds = seconds

    def answers(self) -> bool:
        return True

    def ending(self, _container: str) -> Ending:
        self.asked += 1
        if self.asked < 3:
            return Ending(runs=True, code=None)
        return Ending(runs=False, code=0, seconds=self.seconds)


class _Stream:
    """A terminal's stream, which ends at once and whole."""

    tty = True

    def read(self) -> bytes:
        return b""

    def close(self) -> None:
        """Do nothing."""


def _ended(seconds: float, monkeypatch: pytest.MonkeyPatch) -> Ended:
    monkeypatch.setattr(attached, "EARLY", 0.0)
    engine: Any = _Engine(seconds)
    stream: Any = _Stream()
    return Followed(
        engine=engine,
        container="box",
        run="r1",
        tree=Whole(engine=engine, container="box", run="r1", user=""),
        command="",
        stream=stream,
        watch=Watch(),
        hear=lambda _number, _data: None,
    ).follow()


def test_a_busy_engine_that_calls_it_ended_late_has_cut_nothing_off(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _ended(0.0, monkeypatch) == Ended(code=0)


def test_a_stream_that_ends_while_the_program_goes_on_is_not_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not _ended(60.0, monkeypatch).whole
