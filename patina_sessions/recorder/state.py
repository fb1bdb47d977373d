"""What the event log amounts to: a fold over its lines, kept beside it as a snapshot so that a wake reads its tail.

The snapshot is a cache: where it is missing, stale or of another version, the log is folded from its beginning.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from patina_sessions import model
from patina_sessions.events import codec, log
from patina_sessions.model import Entry, Event, Id, Position, Session
from patina_sessions.paths import Layout
from patina_sessions.recorder import carried, projection, replaced
from patina_sessions.recorder.projection import Carry
from patina_sessions.system import files

VERSION = 4
Signature = tuple[int, int, int, int, int]


@dataclass(slots=True, kw_only=True)
class State:
    """The fold. Changed in place by `apply` alone: a copy a line would make a long session slow."""

    named_files: int  # how many files of a commit an entry names
    mark: log.Mark = field(default_factory=log.Mark)
    seq: int = 0
    session: Session | None = None
    ended: str | None = None  # the last finished session
    ended_at: datetime | None = None
    ending: datetime | None = None  # `end` has begun and has not come to its commit point
    positions: dict[str, Position] = field(default_factory=dict)
    carry: Carry = field(default_factory=Carry)
    due: dict[int, Entry] = field(default_factory=dict)  # entries that have to be put
    # Entries that stand in the journal, in the order of the file.
    put: dict[int, None] = field(default_factory=dict)
    # Entries that an old buffer took away: to be put again.
    lost: dict[int, None] = field(default_factory=dict)
    # Made since the session's start (or the last end) -> 1 if counted.
    made: dict[Id, int] = field(default_factory=dict)
    # By an amend or a rebase, and by what: they do not count while that stands.
    replaced: dict[Id, Id] = field(default_factory=dict)
    gone: dict[Id, None] = field(default_factory=dict)  # made, and below no branch when that was last asked
    own: dict[Id, None] = field(default_factory=dict)  # commits that Patina made itself, of a journal
    outside: int = 0  # commits made since the last session's end, with no session active
    # Ids of events after the last position: a torn write is read again.
    recent: list[str] = field(default_factory=list)
    signature: Signature | None = None  # of the journal as it was after the last good pass
    still: str | None = None  # what the sources looked like when they were last asked

    def apply(self, line: log.Line) -> None:
        """Take one line of the log."""
        if line.event is not None:
            self._event(line.event)
        elif line.record is not None:
            self._record(line.record)

    def _record(self, record: log.Record) -> None:
        match record.get("record"):
            case "position":
                fields = {k: v for k, v in record.items() if k != "record"}
                position = codec.from_json(Position, fields)
                self.positions[position.source] = position
                self.recent.clear()
            case "put":
                self.put.update(dict.fromkeys(record["in"]))
                for n in record["gone"]:
                    self.put.pop(n, None)
                for n in (*record["in"], *record["gone"]):
                    self.due.pop(n, None)
                    self.lost.pop(n, None)
            case "out":
                for n in record["seqs"]:
                    self.put.pop(n, None)
                    self.lost[n] = None
            case "gone":
                self.gone = dict.fromkeys(record["ids"])
            case "own":
                self.own[record["id"]] = None
            case "ending":
                self.ending = datetime.fromisoformat(record["time"])

    def _event(self, event: Event) -> None:
        self.seq = max(self.seq, event.seq)
        self.recent.append(event.id)
        self._count(event)
        match event.data:
            case model.Started():
                self._start(event, event.data)
            case model.Ended() | model.Discarded():
                self._end(event, event.data.session)
        self.carry, entries = projection.step(self.carry, event, files=self.named_files)
        if self.session is not None:
            self.due.update((e.seq, e) for e in entries)

    def current(self) -> Session | None:
        """Return the active session with its commits counted: made here, and neither replaced nor thrown away."""
        if self.session is None:
            return None
        return replace(self.session, commits=len(self.counted()))

    def counted(self) -> set[Id]:
        """Return the commits that count as the session's, as they stand now."""
        ids = {i for i, n in self.made.items() if n and i not in self.gone}
        return replaced.standing(ids, self.replaced.items(), self.gone)

    def _count(self, event: Event) -> None:
        data = event.data
        made = None
        if isinstance(data, model.Made):
            made = data.commit.id
            if data.how == "amend" and data.old:
                self.replaced[data.old] = made
        elif isinstance(data, model.Rebased):
            made = data.commit.id if data.commit is not None else None
            self.replaced.update((old, new) for old, new in data.rewrites if new != old)
        if made is not None and not isinstance(data, model.Unknown):
            self.made[made] = int(getattr(data, "counted", True))
            self.outside += self.session is None and isinstance(data, model.Made) and made not in self.own
        if self.session is None:
            return
        s = self.session
        self.session = replace(
            s,
            last_event=max(s.last_event, event.time),
            last_update=event.time if isinstance(data, model.Updated) else s.last_update,
            updates=s.updates + isinstance(data, model.Updated),
            notes=s.notes + isinstance(data, model.Noted),
            runs=s.runs + isinstance(data, model.RunFinished),
            title=data.title if isinstance(data, model.Renamed) else s.title,
        )

    def _start(self, event: Event, data: model.Started) -> None:
        self.session = Session(
            id=data.session,
            seq=event.seq,
            title=data.title,
            started=event.time,
            llm=data.llm,
            branch=data.branch,
            commit=data.commit,
            tag=data.tag,
            author=data.author,
            by=data.by,
            goals=data.goals,
            last_event=event.time,
            last_update=event.time,
        )
        self._forget()

    def _end(self, event: Event, session: str) -> None:
        self.session = None
        self.ended, self.ended_at = session, event.time
        self._forget()

    def _forget(self) -> None:
        self.due, self.put, self.lost, self.made, self.own = {}, {}, {}, {}, {}
        self.replaced, self.gone = {}, {}
        self.outside, self.signature, self.ending = 0, None, None


def load(layout: Layout, *, named_files: int) -> State:
    """Return the state of a worktree: the snapshot and the log's tail, or the whole log where that does not fit."""
    state = _from_snapshot(layout, named_files)
    if state is None:
        state = State(named_files=named_files)
    lines, state.mark, _ = log.read(layout, state.mark)
    for line in lines:
        state.apply(line)
    if state.session is None and lines and _ended_last(lines):
        state.mark = log.cut(state.mark)
    return state


def _ended_last(lines: list[log.Line]) -> bool:
    events = [line.event for line in lines if line.event is not None]
    return bool(events) and isinstance(events[-1].data, model.Ended | model.Discarded)


def all_entries(layout: Layout, session_seq: int, *, named_files: int) -> dict[int, Entry]:
    """Return every entry of the active session by its number, from the whole log: to write lost ones again."""
    # From the beginning: an agent's turn may have begun before the session in which it ends.
    _, entries = projection.project(log.events(layout), files=named_files)
    return {e.seq: e for e in entries if e.seq > session_seq}


# ------------------------------------------------------------------------------------------------------- the snapshot


def save(layout: Layout, state: State) -> None:
    """Keep the state beside the log. Not durable: after a crash the log is there to be folded again."""
    plain = {
        "version": VERSION,
        "named_files": state.named_files,
        "mark": [state.mark.segment, state.mark.offset, state.mark.check],
        "seq": state.seq,
        "session": _session_out(state.session),
        "ended": state.ended,
        "ended_at": _time_out(state.ended_at),
        "ending": _time_out(state.ending),
        "positions": [codec.as_json(p) for p in state.positions.values()],
        "carry": carried.to_json(state.carry),
        "due": [_entry_out(e) for e in state.due.values()],
        "put": list(state.put),
        "lost": list(state.lost),
        "own": list(state.own),
        "replaced": " ".join(f"{old}:{new}" for old, new in state.replaced.items()),
        "gone": " ".join(state.gone),
        "made": " ".join(f"{i}{'' if counted else '-'}" for i, counted in state.made.items()),
        "outside": state.outside,
        "recent": state.recent,
        "signature": state.signature,
        "still": state.still,
    }
    files.write(layout.snapshot, json.dumps(plain).encode("ascii"), durable=False)


def _from_snapshot(layout: Layout, named_files: int) -> State | None:
    raw = files.read(layout.snapshot)
    if raw is None:
        return None
    try:
        plain = json.loads(raw)
        if plain["version"] != VERSION or plain["named_files"] != named_files:
            return None
        state = _state_in(plain)
    except (ValueError, KeyError, TypeError):
        return None
    return state if log.fits(layout, state.mark) else None


def _state_in(plain: dict[str, Any]) -> State:
    segment, offset, check = plain["mark"]
    ids = plain["made"].split()
    return State(
        named_files=plain["named_files"],
        mark=log.Mark(segment=segment, offset=offset, check=check),
        seq=plain["seq"],
        session=_session_in(plain["session"]),
        ended=plain["ended"],
        ended_at=_time_in(plain["ended_at"]),
        ending=_time_in(plain["ending"]),
        positions={p["source"]: codec.from_json(Position, p) for p in plain["positions"]},
        carry=carried.from_json(plain["carry"]),
        due={e["seq"]: _entry_in(e) for e in plain["due"]},
        put=dict.fromkeys(plain["put"]),
        lost=dict.fromkeys(plain["lost"]),
        own=dict.fromkeys(plain["own"]),
        replaced=dict(pair.split(":") for pair in plain["replaced"].split()),
        gone=dict.fromkeys(plain["gone"].split()),
        made={i.rstrip("-"): int(not i.endswith("-")) for i in ids},
        outside=plain["outside"],
        recent=plain["recent"],
        signature=tuple(plain["signature"]) if plain["signature"] else None,
        still=plain.get("still"),
    )


def _time_out(time: datetime | None) -> str | None:
    return time.isoformat() if time else None


def _time_in(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _entry_out(entry: Entry) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "time": entry.time.isoformat(),
        "what": entry.what,
        "body": entry.body,
        "dated": entry.dated,
    }


def _entry_in(plain: dict[str, Any]) -> Entry:
    return Entry(**{**plain, "time": datetime.fromisoformat(plain["time"])})


def _session_out(session: Session | None) -> dict[str, Any] | None:
    if session is None:
        return None
    plain = codec.as_json(session)
    return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in plain.items()}


def _session_in(plain: dict[str, Any] | None) -> Session | None:
    if plain is None:
        return None
    times = {k: datetime.fromisoformat(plain[k]) for k in ("started", "last_event", "last_update")}
    session: Session = codec.from_json(Session, {**plain, **times})
    return session
