"""The watcher at work: it sleeps until something happened or is due, and holds nothing but what it has not told yet.

One thread. Idle, it wakes every five minutes to see whether it is still wanted.
"""

from __future__ import annotations

import logging
import os
import secrets
import select
from collections.abc import Callable
from dataclasses import dataclass, replace

from patina_sessions.errors import PatinaError
from patina_sessions.model import Data, Fact, FilesChanged, FilesGap
from patina_sessions.paths import Layout
from patina_sessions.settings import Settings
from patina_sessions.sources.watcher import contents, process, spool
from patina_sessions.sources.watcher.batch import BULK, Teller
from patina_sessions.sources.watcher.bells import Bells
from patina_sessions.sources.watcher.git import Asked
from patina_sessions.sources.watcher.gitwork import GitWork
from patina_sessions.sources.watcher.look import Look
from patina_sessions.sources.watcher.pending import Pending
from patina_sessions.sources.watcher.process import Report
from patina_sessions.sources.watcher.view import View
from patina_sessions.system import clock

log = logging.getLogger(__name__)

BREATH = 0.02  # seconds in which events gather: waking for each of 10,000 saves takes three times the CPU
QUIET = 1.0  # seconds without an event after which a save is over
LONGEST = 5.0  # seconds until it is told all the same
AT_ONCE = 60.0  # the same while git is at work in the tree, or very much comes at once: that is one fact
CHECK = 300.0  # seconds between two looks whether all is well
FULL_DISK = 30.0  # seconds until a fact that could not be set aside is tried again
BATCHES = 32  # batches that may wait for the next wake; then the recorder is called for their sake


@dataclass(slots=True)
class Clockwork:
    """When what is due, on the clock that nobody sets."""

    first: float | None = None  # of the events that are pending
    last: float = 0.0
    look: float | None = None  # the next look at `git status`, where events fail
    check: float = 0.0
    retry: float = 0.0
    active: float = 0.0


class Watcher:
    """One worktree's watcher. `hear` is called with each batch, for who watches it work."""

    def __init__(
        self, layout: Layout, settings: Settings, hear: Callable[[Data], None] | None = None
    ) -> None:
        self._layout = layout
        self._idle = settings.number("session.idle_hours") * 3600
        self._every = min(CHECK, max(1.0, self._idle))
        self._hear = hear
        self._asked = Asked(layout.top, layout.git)
        self._teller = Teller(top=layout.top, asked=self._asked)
        self._look = Look(self._asked, layout.top)
        self._git = GitWork(layout, self._asked)
        self._bells = Bells(layout=layout)
        self._view = View(layout, settings, self._asked, self._bells)
        self._pending = Pending()
        self._since = clock.now()
        self._clock = Clockwork()
        self._report = Report(pid=os.getpid(), since=clock.now().isoformat(), seen=clock.wall())
        self._facts: list[Fact] = []  # told, and not set aside yet: the disk was full
        self._name = f"{int(clock.wall() * 1e9):020d}"
        self._batches = 0
        self.asked_to: str = ""  # "tell" or "stop", by a signal

    def run(self, wake: int, *, since: float | None) -> str:
        """Watch until it is over and return why. `wake` can be read when a signal came; `since` is when nobody watched.

        The lock must be held.
        """
        before = process.report(self._layout)
        self._say()
        try:
            self._begin(before, since)
            while not self._bells.over:
                self._wait(wake)
                self._turn()
        except KeyboardInterrupt:
            self._bells.over = "interrupted"
        finally:
            self._close()
        return self._bells.over or ""

    def _close(self) -> None:
        try:
            if self._layout.common.consent.exists() and self._layout.top.is_dir():
                self._tell()
                self._say(ended=self._bells.over or "it failed; its log says why")
        except PatinaError as error:
            log.warning("the last facts could not be set aside: %s", error.message)
        finally:
            self._view.close()

    def _begin(self, before: Report, since: float | None) -> None:
        self._bells.check()
        if self._bells.over:
            return
        began = contents.long_ago()
        died = not before.ended and bool(before.backend) and before.seen > 0
        self._view.begin()
        found = self._look.begin(before.seen if died else since)
        if died:
            self._gap("the watcher was killed, and has looked what was saved meanwhile", at=before.seen)
        self._teller.begin(self._look.shown, before=began, pending=found.saves)
        self._merge(found)
        self._git.moved()
        now = clock.monotonic()
        self._clock.check, self._clock.active = now + self._every, now
        self._fall_back()
        self._bells.soon()  # a ring may be up that nobody answered
        self._say()

    def _fall_back(self) -> None:
        """Look at `git status` from now on, where events fail, and say so once."""
        why = self._view.why_not
        if why and why != self._report.why:
            self._gap(f"{why}: files are looked at by git status")
            self._report = replace(self._report, why=why)
        self._clock.look = clock.monotonic() + self._look.pause if why else None

    # ------------------------------------------------------------------------------------------------- a turn

    def _wait(self, wake: int) -> None:
        now = clock.monotonic()
        due = [self._clock.check, self._bells.due, self._clock.look, self._tell_at()]
        timeout = max(0.0, min(d for d in due if d is not None) - now)
        if self._view.between:
            timeout = min(timeout, 0.05)
        fds = [wake] if self._view.fd is None else [wake, self._view.fd]
        ready, _, _ = select.select(fds, [], [], timeout)
        if wake in ready:
            os.read(wake, 512)
        if self._view.fd in ready:
            if self._view.read(self._pending):
                self._touched()
                clock.sleep(BREATH)
        elif self._view.between:
            self._view.settle(self._pending)
            self._touched()

    def _touched(self) -> None:
        now = clock.monotonic()
        if self._pending and self._clock.first is None:
            self._clock.first, self._since = now, clock.now()
        self._clock.last = self._clock.active = now

    def _tell_at(self) -> float | None:
        if self._clock.retry:
            return self._clock.retry
        if self._clock.first is None:
            return None
        many = len(self._pending.saves) >= BULK or self._git.at_work()
        longest = AT_ONCE if many else LONGEST
        return min(self._clock.last + QUIET, self._clock.first + longest)

    def _turn(self) -> None:
        now = clock.monotonic()
        at = self._tell_at()
        git_is_done = self._bells.git_moved and not self._git.at_work()
        if (at is not None and now >= at) or self.asked_to or git_is_done:
            self._bells.git_moved = False
            self._tell_or_wait()
        if self._bells.due is not None and now >= self._bells.due:
            self._bells.answer(waiting=spool.waiting(self._layout) >= BATCHES)
        if self._clock.look is not None and now >= self._clock.look:
            self._merge(self._look.again())
            self._clock.look = clock.monotonic() + self._look.pause
        if now >= self._clock.check:
            self._check(now)
        if self._view.gone:
            self._bells.over = "the worktree is gone, or has another name"
        if self.asked_to == "stop":
            self._bells.over = "it was told to stop"
        elif self.asked_to:
            self.asked_to = ""
            self._say(answered=1)

    def _check(self, now: float) -> None:
        self._clock.check = now + self._every
        self._bells.check()
        if now - self._clock.active > self._idle:
            self._bells.over = "nothing happened for so long (session.idle_hours)"
        if self._clock.first is None and self._clock.look is None:
            self._doubt()
        self._say()

    def _doubt(self) -> None:
        """Look whether the kernel told everything: on some file systems it tells nothing, and does not say so."""
        if now_quiet(self._clock):
            missed = self._look.again()
            if missed:
                self._view.why_not = "this file system does not tell of changes"
                self._merge(missed)
                self._fall_back()

    # ---------------------------------------------------------------------------------------------- what is told

    def _merge(self, found: Pending) -> None:
        for path, saves in found.saves.items():
            self._pending.touch(path, saves)
        if found:
            self._touched()

    def _tell_or_wait(self) -> None:
        try:
            self._tell()
            self._clock.retry = 0.0
        except PatinaError as error:
            if not self._clock.retry:
                log.warning("facts wait in memory: %s", error.message)
            self._clock.retry = clock.monotonic() + FULL_DISK

    def _tell(self) -> None:
        """Set aside what is pending. Raises `PatinaError` where that cannot be; then it stays pending."""
        if self._view.fd is not None and self._view.read(self._pending):
            self._touched()  # what came while events gathered belongs to what is told now
        if self._view.overflown:
            self._view.begin_again()
            self._merge(self._look.again())
            self._gap("the kernel's queue overflowed, and git status was looked at", at=None)
        if self._view.rules_changed():
            self._teller.forget()
            self._view.begin_again()
        self._view.settle(self._pending)
        by_git = self._git.moved()
        if by_git is not None:
            self._teller.forget()
        pending, self._pending = self._pending, Pending()
        self._clock.first = None
        if pending:
            told = self._teller.facts(
                pending, since=self._since.isoformat(), by_git=by_git, midway=self._git.midway()
            )
            self._look.told(pending.saves)
            for data in told:
                self._fact(data)
        elif by_git is not None:
            self._teller.after(by_git)
        if self._view.why_not and self._view.why_not != self._report.why:
            self._fall_back()
        self._set_aside()

    def _fact(self, data: FilesChanged | FilesGap) -> None:
        self._facts.append(Fact(time=clock.now(), data=data, key=secrets.token_hex(12)))
        if isinstance(data, FilesChanged):
            self._report = replace(self._report, told=self._report.told + data.count)
        if self._hear is not None:
            self._hear(data)

    def _gap(self, reason: str, at: float | None = None) -> None:
        since = clock.local(int(at)).isoformat() if at else self._since.isoformat()
        self._report = replace(self._report, gaps=self._report.gaps + 1, missed=reason)
        self._fact(FilesGap(reason=reason, since=since))

    def _set_aside(self) -> None:
        if not self._facts:
            return
        spool.write(self._layout, f"{self._name}-{self._batches:08d}", self._facts)
        self._batches += 1
        self._facts = []
        self._say()
        if spool.waiting(self._layout) >= BATCHES:
            self._bells.soon()

    def _say(self, *, answered: int = 0, ended: str = "") -> None:
        began = self._clock.check > 0
        self._report = replace(
            self._report,
            backend=("poll" if self._report.why else "kernel") if began else "",
            folders=self._view.folders,
            seen=clock.wall(),
            answers=self._report.answers + answered,
            ended=ended,
        )
        try:
            process.write_report(self._layout, self._report)
        except PatinaError as error:
            log.warning("the report could not be written: %s", error.message)


def now_quiet(times: Clockwork) -> bool:
    """Tell whether nothing has happened for a while, so that a look can be compared with what events told."""
    return times.first is None and clock.monotonic() - times.last > QUIET
