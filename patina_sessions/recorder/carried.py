"""What the projection carries, to the snapshot and back."""

from __future__ import annotations

import json
from typing import Any

from patina_sessions.events import codec
from patina_sessions.model import Event
from patina_sessions.recorder.projection import Carry
from patina_sessions.recorder.turns import Turn, Turns
from patina_sessions.recorder.worked import Work


def to_json(carry: Carry) -> dict[str, Any]:
    """Return a carry in JSON's own types."""
    return {
        "day": carry.day,
        "zone": carry.zone,
        "steps": carry.steps,
        "replay": [codec.encode(e).decode("utf-8", "surrogateescape") for e in carry.replay],
        "work": codec.as_json(carry.work),
        "turns": {"open": [codec.as_json(t) for t in carry.turns.open], "seen": list(carry.turns.seen)},
    }


def from_json(plain: dict[str, Any]) -> Carry:
    """Return the carry that `to_json` made this of."""
    return Carry(
        day=plain["day"],
        zone=plain.get("zone", ""),
        steps=plain["steps"],
        replay=tuple(_event(raw) for raw in plain["replay"]),
        work=codec.from_json(Work, plain["work"]),
        turns=Turns(
            open=tuple(codec.from_json(Turn, t) for t in plain["turns"]["open"]),
            seen=tuple(plain["turns"]["seen"]),
        ),
    )


def _event(raw: str) -> Event:
    data = raw.encode("utf-8", "surrogateescape")
    return codec.decode(json.loads(data), data)
