"""What `patina doctor` says of one thing that it looked at."""

from __future__ import annotations

from typing import Literal

from patina_sessions.frozen import dataclass

Level = Literal["ok", "note", "wrong"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at. `hint` says what to do where something is wrong."""

    name: str
    level: Level
    words: str
    hint: str | None = None
