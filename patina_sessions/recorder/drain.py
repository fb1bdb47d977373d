"""One wake: what the sources found goes into the event log, what is due goes into the journal.

Everything happens under the worktree's lock, in an order in which a kill at any instant loses nothing: the facts and
the sources' new positions are one write; only then is the journal touched; only then is the spool emptied.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from patina_sessions.errors import NotSetUp
from patina_sessions.events import log
from patina_sessions.model import Data, Event, Fact
from patina_sessions.paths import Layout
from patina_sessions.recorder import ahead, settle, still
from patina_sessions.recorder import state as states
from patina_sessions.recorder.state import State
from patina_sessions.settings import Settings
from patina_sessions.sources.watcher import process as watcher
from patina_sessions.system import consent, files, untrusted

if TYPE_CHECKING:
    from patina_sessions.sources.agents import Keep


@dataclass(slots=True, kw_only=True)
class Recording:
    """A worktree's log and journal, held by its lock."""

    layout: Layout
    settings: Settings
    now: datetime
    state: State
    fresh: list[Event] = field(default_factory=list)  # what this wake has logged

    def take(
        self, *data: Data, opening: Callable[[tuple[Fact, ...]], tuple[Fact, ...]] | None = None
    ) -> list[Event]:
        """Log what the sources found and then `data`; bring the journal up to it. Return the events of `data`.

        `opening` may put the start of a session among what was found.
        """
        if not data and opening is None and still.holds(self.layout, self.state):
            return []
        from patina_sessions.recorder import intake

        if self.state.session is None and leaves_a_journal(self.layout, self.state):
            from patina_sessions.recorder import lost

            keep = keeping(self.layout, self.settings)
            taken_up = lost.take_up(self.layout, self.state, now=self.now, keep=keep)
            self.fresh += taken_up
            opening = None if taken_up else opening
        before = still.token(self.layout)  # what happens while the sources look is for the next wake
        found = intake.read(self.layout, self.state, now=self.now, keep=keeping(self.layout, self.settings))
        facts = [Fact(time=self.now, data=d, key=os.urandom(12).hex()) for d in data]
        seen = found.facts if opening is None else opening(found.facts)
        events = self._log([*seen, *facts], found.records)
        self.state.positions.update((p.source, p) for p in found.looked)
        self.state.still = before
        if opening is not None and self.state.session is not None:
            settle.begin(self.layout, self.state)
        for path in found.logged:
            files.remove(path)
        over = intake.closed(self.layout, self.state, now=self.now)
        if over is not None:
            events += self._log([over], ())
        if intake.drops([*seen, *([over] if over else ())]):
            self.recount()
        self.settle()
        for path in found.used:
            files.remove(path)
        given = set(map(id, data))
        return [e for e in events if id(e.data) in given]

    def begin(self) -> None:
        """Begin to record here, where that has not begun: `init` has just been given the repository."""
        from patina_sessions.recorder import intake

        if "HEAD" not in self.state.positions:
            self._log((), intake.beginning(self.layout, now=self.now))
            states.save(self.layout, self.state)

    def add(self, data: Data, *, time: datetime | None = None) -> Event:
        """Log one event that a command makes, without asking the sources again."""
        return self._log([Fact(time=time or self.now, data=data, key=os.urandom(12).hex())], ())[0]

    def found(self, facts: Sequence[Fact], records: Sequence[log.Record]) -> None:
        """Log what one source found, without asking the others; the journal is left as it is."""
        self._log(facts, records)

    def recount(self) -> None:
        """Ask git which of the session's commits no branch has any more, and log that where it has changed."""
        from patina_sessions.recorder import intake

        made = [i for i, counts in self.state.made.items() if counts]
        if self.state.session is None or not made:
            return
        gone = sorted(set(made) - intake.standing(self.layout, made))
        if gone != sorted(self.state.gone):
            self.note_down({"record": "gone", "ids": gone})

    def note_down(self, *records: log.Record) -> None:
        """Log records that are no events."""
        settle.write(self.layout, self.state, records)

    def settle(self) -> None:
        """Bring the journal up to the log, and keep what was folded."""
        if self.state.session is not None:
            settle.settle(self.layout, self.state)
        else:
            from patina_sessions.recorder import leftover

            leftover.tidy(self.layout, self.state, now=self.now)
        states.save(self.layout, self.state)

    def _log(self, facts: Sequence[Fact], records: Sequence[log.Record]) -> list[Event]:
        state = self.state
        events = log.number_facts(self.layout.key, facts, after=state.seq, seen=set(state.recent))
        if not events and not records:
            return []
        state.mark = log.append(self.layout, state.mark, events, records)
        for event in events:
            state.apply(log.Line(event=event, record=None))
        for record in records:
            state.apply(log.Line(event=None, record=record))
        self.fresh += events
        return events


def leaves_a_journal(layout: Layout, state: State) -> bool:
    """Tell whether there is a journal without a session: one that was saved after its end, a lost or a foreign one."""
    places = (layout.journal, *((layout.mirror,) if state.ended is None else ()))
    return any(untrusted.signature(place) is not None for place in places)


def keeping(layout: Layout, settings: Settings) -> Keep:
    """Return how much is kept of what agents say."""
    from patina_sessions.sources.agents import Keep

    return Keep(
        top=str(layout.top),
        prompts=settings.text("agent.prompts"),
        detail=settings.text("journal.agent_detail"),
    )


@contextmanager
def recording(layout: Layout, settings: Settings, now: datetime) -> Iterator[Recording]:
    """Hold the worktree's lock and give its recording; wait for whoever has it.

    Raises `NotSetUp` where consent is gone by then: whoever had the lock before us was `uninstall`.
    """
    if not layout.state.is_dir():
        consent.require(layout.common)
        files.make_folder(layout.state)
    with files.locked(layout.lock):
        try:
            consent.require(layout.common)
        except NotSetUp:
            consent.withdraw(layout.common, layout.lock)
            raise
        state = states.load(layout, named_files=int(settings.number("journal.files")))
        held = Recording(layout=layout, settings=settings, now=now, state=state)
        yield held
    ahead.refresh(layout, held.fresh)
    if state.session is not None:
        # A reboot or a kill of the watcher is made good by whoever comes next.
        watcher.ensure(layout, settings)


def drain(layout: Layout, settings: Settings, now: datetime) -> list[Event]:
    """Record everything that is unrecorded in a worktree and return the new events."""
    with recording(layout, settings, now) as r:
        r.take()
        return r.fresh


def peek(layout: Layout, settings: Settings) -> State:
    """Return the state without the lock and without recording anything: for those who only look."""
    return states.load(layout, named_files=int(settings.number("journal.files")))
