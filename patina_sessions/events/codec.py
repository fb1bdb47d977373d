"""Payloads of `model` to lines of the event log and back: CloudEvents 1.0, one JSON object a line. Pure.

A stored type name never changes. What a newer Patina wrote becomes `Unknown` and keeps its bytes.
"""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import datetime
from typing import Any, assert_never

from patina_sessions import model

_TYPES: dict[str, type[Any]] = {
    "session.started": model.Started,
    "session.updated": model.Updated,
    "session.noted": model.Noted,
    "session.renamed": model.Renamed,
    "session.ended": model.Ended,
    "session.discarded": model.Discarded,
    "goal.added": model.GoalAdded,
    "goal.done": model.GoalDone,
    "git.rebase": model.Rebased,
    "git.push": model.Pushed,
    "files.changed": model.FilesChanged,
    "files.gap": model.FilesGap,
    "run.started": model.RunStarted,
    "run.finished": model.RunFinished,
    **{f"git.{how}": model.Made for how in ("commit", "amend", "cherry-pick", "revert", "am")},
    **{f"git.{how}": model.Moved for how in ("reset", "checkout", "moved")},
    **{
        f"agent.{what}": model.AgentEvent
        for what in ("started", "prompt", "tool", "turn", "compacted", "interrupted", "ended")
    },
}

_WITH_COMMIT = (model.Made, model.Rebased)  # elsewhere `commit` is an id


def type_of(data: model.Data) -> str:
    """Return the stored type name of a payload."""
    match data:
        case model.Made() | model.Moved():
            return f"git.{data.how}"
        case model.AgentEvent():
            return f"agent.{data.what}"
        case model.Unknown():
            return data.type
        case (
            model.Started()
            | model.Updated()
            | model.Noted()
            | model.Renamed()
            | model.Ended()
            | model.Discarded()
            | model.GoalAdded()
            | model.GoalDone()
            | model.Rebased()
            | model.Pushed()
            | model.FilesChanged()
            | model.FilesGap()
            | model.RunStarted()
            | model.RunFinished()
        ):
            return next(name for name, cls in _TYPES.items() if cls is type(data))
        case _:
            assert_never(data)


def subject_of(data: model.Data) -> str | None:
    """Return what an event is about, in CloudEvents' sense: a commit, a session, a run."""
    match data:
        case model.Made():
            return data.commit.id
        case model.Started() | model.Ended() | model.Discarded():
            return data.session
        case model.Moved() | model.Rebased() | model.Pushed():
            return data.new
        case model.RunStarted() | model.RunFinished():
            return data.run
        case model.AgentEvent():
            return data.agent_session
        case _:
            return None


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    if hasattr(value, "__dataclass_fields__"):
        return as_json(value)
    return value


def as_json(data: Any) -> dict[str, Any]:
    """Return a payload as a dictionary of JSON's own types, without what has its default value."""
    plain = {}
    for f in fields(data):
        value = getattr(data, f.name)
        if value != f.default:
            plain[f.name] = _plain(value)
    return plain


def from_json(cls: type[Any], plain: dict[str, Any]) -> Any:
    """Return the payload that `as_json` made this of; fields that this version does not know are passed over."""
    known = {}
    for f in fields(cls):
        if f.name not in plain:
            continue
        value = plain[f.name]
        if f.name == "commit" and value is not None and cls in _WITH_COMMIT:
            value = from_json(model.Commit, value)
        elif f.name == "files" and isinstance(value, list):
            value = tuple(from_json(model.FileChange, v) for v in value)
        elif isinstance(value, list):
            value = tuple(tuple(v) if isinstance(v, list) else v for v in value)
        known[f.name] = value
    return cls(**known)


def dump(record: dict[str, Any]) -> bytes:
    """Return one line of the log. Readable UTF-8, except where a text holds bytes that are not."""
    try:
        text = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    except UnicodeEncodeError:
        text = json.dumps(record, separators=(",", ":")).encode("ascii")
    return text + b"\n"


def encode(event: model.Event) -> bytes:
    """Return an event as one line of the log."""
    if isinstance(event.data, model.Unknown):
        return event.data.raw.encode("utf-8", "surrogateescape") + b"\n"
    record: dict[str, Any] = {
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": type_of(event.data),
        "time": event.time.isoformat(),
    }
    subject = subject_of(event.data)
    if subject is not None:
        record["subject"] = subject
    return dump({**record, "seq": event.seq, "data": as_json(event.data)})


def decode(record: dict[str, Any], raw: bytes) -> model.Event:
    """Return the event that a parsed line holds. Raises KeyError, TypeError or ValueError on one that holds none."""
    name, plain = record["type"], record["data"]
    cls = _TYPES.get(name)
    if name == "git.merge":
        cls = model.Made if "commit" in plain else model.Moved
    data: model.Data
    if cls is None:
        data = model.Unknown(type=name, raw=raw.decode("utf-8", "surrogateescape").rstrip("\n"))
    else:
        data = from_json(cls, plain)
    return model.Event(
        seq=int(record["seq"]),
        id=record["id"],
        time=datetime.fromisoformat(record["time"]),
        source=record["source"],
        data=data,
    )
