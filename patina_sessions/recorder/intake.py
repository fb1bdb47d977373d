"""What all sources have found since the last wake, in the order in which it happened, with their new positions."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from patina_sessions.events import log
from patina_sessions.frozen import dataclass
from patina_sessions.model import AgentEvent, Fact, FilesChanged, Id, Moved, Position, Rebased
from patina_sessions.paths import Layout
from patina_sessions.recorder.known import Known
from patina_sessions.recorder.state import State
from patina_sessions.recorder.turns import GONE
from patina_sessions.runs import living
from patina_sessions.sources import agent_spool, pushes, reflog, reflog_map, rewrites
from patina_sessions.sources.agents import Keep
from patina_sessions.sources.watcher import spool
from patina_sessions.system import clock, files, refs
from patina_sessions.system.git import Git

_REPLAYS = ("rebase-merge", "rebase-apply")
_PATIENCE = 2.0  # seconds: git's folder outlives its last hook for a moment
_STALE = 600.0  # seconds after which a map that nobody claims is anybody's


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Facts for the log, records that go into the same write, and files to be removed once both are there."""

    facts: tuple[Fact, ...]
    records: tuple[log.Record, ...]
    used: tuple[Path, ...]
    # Files that may go as soon as the facts are in the log: no entry waits for them.
    logged: tuple[Path, ...] = ()
    # Positions that only say when was looked last: the snapshot has them, and the log can do without.
    looked: tuple[Position, ...] = ()


def read(layout: Layout, state: State, *, now: datetime, keep: Keep) -> Found:
    """Ask every source. Without anything new this starts no process and reads one block."""
    known = Known(layout, state)
    spooled = rewrites.read(layout.common.spool, now=now)
    with Git(layout.git, layout.top) as git:
        reading = reflog.read(
            git,
            layout,
            state.positions.get("HEAD") or _first(layout),
            since=state.session.started if state.session else state.ended_at or _begun(layout),
            known=known.made,
            elsewhere=known.elsewhere,
            counted=known.counted,
            rewrites=rewrites.replaced(spooled.facts),
            now=now,
        )
        fresh = {f.data.commit.id for f in reading.facts if isinstance(f.data, Rebased) and f.data.commit}
        told = pushes.read(
            git, layout.common.git, state.positions, mine=lambda i: i in fresh or known.here(i), now=now
        )
    maps, used = _mine(spooled, state, fresh)
    seen, batches = spool.read(layout)
    died, ended = living.ends(layout)
    heard = agent_spool.read(layout.common.spool, layout.git, keep)
    agents = (*heard.facts, *_gone(state, heard.facts, now))
    moved = [p for p in (reading.position, *told.positions) if state.positions.get(p.source) != p]
    looked = (
        ()
        if reading.facts or told.facts or not refs.has_reftable(layout.git)
        else tuple(p for p in moved if _is_where_it_was(p, state.positions.get(p.source)))
    )
    return Found(
        facts=_in_time(reading.facts, (*seen, *told.facts, *died), maps, agents),
        records=tuple(log.position_record(p) for p in moved if p not in looked),
        used=(*used, *ended),
        logged=(*batches, *heard.files),
        looked=looked,
    )


def _is_where_it_was(position: Position, before: Position | None) -> bool:
    """Tell whether nothing was read: in reftables every ref that changes gives all reflogs another time."""
    return before is not None and (
        position.source == pushes.ALL or replace(position, offset=before.offset) == before
    )


def _gone(state: State, heard: tuple[Fact, ...], now: datetime) -> list[Fact]:
    """Return the ends of agents' sessions that no client told of: a turn is open, and its process is no more."""
    speaking = {f.data.agent_session for f in heard if isinstance(f.data, AgentEvent)}
    return [
        Fact(
            time=now,
            data=AgentEvent(what="ended", agent=t.agent, agent_session=t.session, source=GONE),
            key=f"gone {t.agent} {t.session} {t.seq}",
        )
        for t in state.carry.turns.open
        if t.session not in speaking and agent_spool.dead(t.owner)
    ]


def beginning(layout: Layout, *, now: datetime) -> tuple[log.Record, ...]:
    """Return the positions at which recording begins: the end of what is there. What was before is not told."""
    with Git(layout.git, layout.top) as git:
        start = reflog.read(
            git,
            layout,
            None,
            since=None,
            known=lambda _: False,
            elsewhere=lambda _: False,
            counted=lambda _: False,
            now=now,
        )
        told = pushes.read(git, layout.common.git, {}, mine=lambda _: False, now=now)
    return tuple(log.position_record(p) for p in (start.position, *told.positions))


def _in_time(
    reading: tuple[Fact, ...], told: tuple[Fact, ...], maps: tuple[Fact, ...], agents: tuple[Fact, ...]
) -> tuple[Fact, ...]:
    """Merge what has its own order by time; a rewrite map goes right behind the rebase that it closes."""
    merged = list(reading)
    for fact in maps:
        merged.insert(_place(fact, merged), fact)
    # In one second a commit comes before the push of it.
    ranked = [(fact.time, _rank(fact), fact) for fact in (*merged, *told)] + _in_turn(agents)
    if not (told or agents):
        return tuple(merged)
    return tuple(fact for _, _, fact in sorted(ranked, key=lambda r: r[:2]))


def _rank(fact: Fact) -> int:
    # In one second a file was worked on before its commit, not after it.
    return 1 if isinstance(fact.data, FilesChanged) else 2


def _in_turn(agents: tuple[Fact, ...]) -> list[tuple[datetime, int, Fact]]:
    """Give agents' facts their place within a second: a prompt before what was done for it, an answer after it.

    Their own order stays as it was.
    """
    placed: list[tuple[datetime, int, Fact]] = []
    for fact in agents:
        first = isinstance(fact.data, AgentEvent) and fact.data.what in ("started", "prompt")
        after = placed[-1][1] if placed and placed[-1][0] == fact.time else 0
        placed.append((fact.time, max(after, 0 if first else 3), fact))
    return placed


def _place(fact: Fact, facts: list[Fact]) -> int:
    """Return where a map belongs: behind the last step of its rebase, in front of all when that was logged before."""
    assert isinstance(fact.data, Rebased)
    news = {new for _, new in fact.data.rewrites}
    place, inside = 0, True  # a rebase that began in an earlier wake may end in this one
    for number, one in enumerate(facts):
        data = one.data
        if not isinstance(data, Rebased):
            continue
        if data.phase == "start":
            inside = False
        if data.commit is not None and data.commit.id in news:
            inside = True
        if inside:
            place = number + 1
        if data.phase in ("finish", "abort") and inside and place:
            return place
    return place


def _first(layout: Layout) -> Position | None:
    begun = _begun(layout)
    return reflog.first(layout, begun) if begun is not None else None


def _begun(layout: Layout) -> datetime | None:
    """Return when Patina was set up in this repository."""
    raw = files.read(layout.common.consent)
    try:
        return datetime.fromisoformat(json.loads(raw or b"{}")["consent"])
    except (ValueError, KeyError, TypeError):
        return None


def _mine(
    spooled: rewrites.Spooled, state: State, fresh: set[str]
) -> tuple[tuple[Fact, ...], tuple[Path, ...]]:
    """Return the maps of this worktree's rebases: a map does not say whose it is, but its new ids do."""
    replayed = {
        e.data.commit.id
        for e in state.carry.replay
        if isinstance(e.data, Rebased) and e.data.commit is not None
    }
    facts, used = [], []
    for path, fact in spooled.by_file:
        if fact is None:
            used.append(path)
            continue
        assert isinstance(fact.data, Rebased)
        news = {new for _, new in fact.data.rewrites}
        seen = files.signature(path)
        stale = seen is not None and clock.wall() - seen[3] / 1e9 > _STALE
        if news & fresh or news & replayed or news & state.made.keys() or stale:
            facts.append(fact)
            used.append(path)
    return tuple(facts), tuple(used)


def closed(layout: Layout, state: State, *, now: datetime) -> Fact | None:
    """Return the fact that a rebase is over, where one is open in the log and git's folders are gone.

    The last hook of a rebase is called before git takes its folder away; a detached rebase writes no finishing line.
    """
    if not state.carry.replay:
        return None
    deadline = clock.monotonic() + (_PATIENCE if _finished(state) else 0.0)
    while any(files.signature(layout.git / name) is not None for name in _REPLAYS):
        if clock.monotonic() > deadline:
            return None
        clock.sleep(0.05)
    last = state.carry.replay[-1]
    pairs = _detached(layout, [e.data for e in state.carry.replay if isinstance(e.data, Rebased)])
    return Fact(
        time=max(last.time, now), data=Rebased(phase="closed", rewrites=pairs), key=f"closed {last.id}"
    )


def _detached(layout: Layout, steps: list[Rebased]) -> reflog_map.Pairs:
    """Return what a rebase of a detached HEAD made of what: it ends without a line."""
    first, picks = steps[0], [s for s in steps if s.phase == "pick"]
    on_branch = any(s.branch for s in steps)  # given up by `--quit`: its branch stands where it stood
    if first.phase != "start" or not picks or on_branch or any(s.rewrites for s in steps):
        return ()
    assert first.old is not None
    assert first.new is not None
    assert picks[-1].new is not None
    with Git(layout.git, layout.top) as git:
        old = git.rev_list([first.old], [first.new], limit=reflog_map.MOST)
        new = git.rev_list([picks[-1].new], [first.new], limit=reflog_map.MOST)
        steps_made = ((s.old, s.new, False) for s in picks if s.old and s.new)
        return reflog_map.of(git, old, new, reflog_map.in_place(git, steps_made))


def drops(facts: Iterable[Fact]) -> bool:
    """Tell whether commits that were made may have lost every branch by one of these facts."""
    for fact in facts:
        match fact.data:
            case Rebased(phase="finish" | "abort" | "map" | "closed") | Moved(how="reset" | "moved"):
                return True
    return False


def standing(layout: Layout, ids: Iterable[Id]) -> set[Id]:
    """Return those of the commits that a branch still has."""
    with Git(layout.git, layout.top) as git:
        return git.reachable(ids)


def _finished(state: State) -> bool:
    return any(isinstance(e.data, Rebased) and e.data.phase == "finish" for e in state.carry.replay)
