"""The watcher at work: it sleeps until something happened or is due, and holds nothing but what it has not told yet.

One thread. Idle, it wakes every five minutes to see whether it is still wanted.
"""

from __future__ import annotations

import logging
import os
import select
from collections.abc import Callable

from patina_sessions.errors import PatinaError
from patina_sessions.model import Data, FilesGap
from patina_sessions.paths import Layout
from patina_sessions.settings import Settings
from patina_sessions.sources.watcher import contents, process, spool
from patina_sessions.sources.watcher.batch import BULK, Teller
from patina_sessions.sources.watcher.bells import Bells
from patina_sessions.sources.watcher.clockwork import Clockwork
from patina_sessions.sources.watcher.git import Asked
from patina_sessions.sources.watcher.gitwork import GitWork
from patina_sessions.sources.watcher.look import Look
from patina_sessions.sources.watcher.outbox import Outbox
from patina_sessions.sources.watcher.pending import Pending
from patina_sessions.sources.watcher.process import Report
from patina_sessions.sources.watcher.view import View
from patina_sessions.system import clock

log = logging.getLogger(__name__)

BREATH = 0.02  # seconds in which events gather: waking for each of 10,000 saves takes three times the CPU
REST = 1.0  # seconds, after something failed
DIED = "the watcher was killed or failed"
ON_PURPOSE = {"interrupted", "it was told to stop"}
BATCHES = 32  # batches that may wait for the next wake; then the recorder is called for their sake


class Watcher:
    """One worktree's watcher. `hear` is called with each batch, for who watches it work."""

    def __init__(
        self, layout: Layout, settings: Settings, hear: Callable[[Data], None] | None = None
    ) -> None:
        self._layout = layout
        self._asked = Asked(layout.top, layout.git)
        self._teller = Teller(top=layout.top, asked=self._asked)
        self._look = Look(self._asked, layout.top)
        self._git = GitWork(layout, self._asked)
        self._bells = Bells(layout=layout)
        self._view = View(layout, settings, self._asked, self._bells)
        self._pending = Pending()
        self._by_git: str | None = None  # what git did that is not told yet
        self._since = clock.now()
        self._clock = Clockwork(idle=settings.number("session.idle_hours") * 3600)
        self._out = Outbox(layout, hear)
        self.asked_to: str = ""  # "tell" or "stop", by a signal

    def run(self, wake: int, *, since: float | None) -> str:
        """Watch until it is over and return why. `wake` can be read when a signal came; `since` is when nobody watched.

        The lock must be held.
        """
        before = process.report(self._layout)
        try:
            self._begin(before, since)
            while not self._bells.over:
                self._turn_or_rest(wake)
        except KeyboardInterrupt:
            self._bells.over = "interrupted"
        finally:
            self._close()
        return self._bells.over or ""

    def _close(self) -> None:
        try:
            # Where it failed, or cannot write, its report does not say that it has ended: the next one looks.
            if self._bells.over and self._layout.common.consent.exists() and self._layout.top.is_dir():
                self._tell()
                self._say(ended=self._bells.over)
        except PatinaError as error:
            log.warning("the last facts could not be set aside: %s", error.message)
        finally:
            self._view.close()

    def _begin(self, before: Report, since: float | None) -> None:
        self._bells.check()
        missed = before.seen > 0 and before.session == self._bells.session and before.ended not in ON_PURPOSE
        since = before.seen if missed else since
        self._out.settled(clock.wall() if since is None else since)
        self._say()
        if self._bells.over:
            return
        began = contents.long_ago()
        self._view.begin()
        if since is not None and since > clock.wall():  # the clock was set back: no time tells what is new
            since = 0.0
        found = self._look.begin(since)
        if missed:
            why = before.ended or DIED
            self._gap(f"{why}; what was saved meanwhile was looked up by git status", at=before.seen)
        self._teller.begin(self._look.shown, before=began, pending=found.saves)
        self._merge(found)
        self._git.moved()
        self._clock.begin()
        self._fall_back()
        self._bells.soon()  # a ring may be up that nobody answered
        self._say()

    def _fall_back(self) -> None:
        """Look at `git status` from now on, where events fail, and say so once."""
        why = self._view.why_not
        if why and why != self._out.report.why:
            self._gap(f"{why}: files are looked at by git status")
            self._say(why=why)
        self._clock.look = clock.monotonic() + self._look.pause if why else None

    # ------------------------------------------------------------------------------------------------- a turn

    def _wait(self, wake: int) -> None:
        now, moment = clock.monotonic(), clock.wall()
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
        elif not (self._pending or self._view.lost or self._out or self._clock.look):
            self._out.settled(moment)

    def _turn_or_rest(self, wake: int) -> None:
        """Wait, and do what is due. Where no git can be started, or a file cannot be looked at, rest for a moment."""
        try:
            self._wait(wake)
            self._turn()
        except PatinaError as error:
            log.warning("something is tried again: %s", error.message)
            self._bells.check()
            clock.sleep(REST)

    def _touched(self) -> None:
        if self._clock.touched(pending=bool(self._pending or self._view.lost)):
            self._since = clock.now()

    def _tell_at(self) -> float | None:
        return self._clock.tell_at(many=len(self._pending.saves) >= BULK or self._git.at_work())

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
            self._clock.look = clock.monotonic() + self._look.pause
            self._bells.look()
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
            self._say(answers=self._out.report.answers + 1)

    def _check(self, now: float) -> None:
        self._clock.checked()
        self._bells.check()
        if self._clock.is_idle(now):
            self._bells.over = "nothing happened for so long (session.idle_hours)"
        if self._clock.first is None and self._clock.look is None:
            self._doubt()
        self._say()

    def _doubt(self) -> None:
        """Look whether the kernel told everything: on some file systems it tells nothing, and does not say so."""
        if self._clock.is_quiet():
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
            if self._clock.retry is not None:
                self._clock.retry = None
                self._bells.soon()  # who was called on the full disk could write nothing either
        except PatinaError as error:
            if self._clock.failed():
                log.warning("facts wait in memory: %s", error.message)

    def _tell(self) -> None:
        """Set aside what is pending. Raises `PatinaError` where that cannot be; then it stays pending."""
        begun = clock.wall() if self._clock.look is None else self._look.taken
        if self._view.fd is not None and self._view.read(self._pending):
            self._touched()  # what came while events gathered belongs to what is told now
        # Where the disk is full, no more is made of what is pending: paths are bound in number, facts are not.
        wrote = self._out.set_aside()
        if self._view.lost:
            self._view.begin_again()
            self._merge(self._look.again())
            self._gap(f"{self._view.lost}, and git status was looked at", at=None)
            self._view.lost = ""
        if self._view.rules_changed():
            self._teller.forget()
            self._view.begin_again()
        self._view.settle(self._pending)
        self._make_facts()
        if self._view.why_not and self._view.why_not != self._out.report.why:
            self._fall_back()
        wrote |= self._out.set_aside()
        self._out.settled(begun)
        if wrote:
            self._say()
            if spool.waiting(self._layout) >= BATCHES:
                self._bells.soon()

    def _make_facts(self) -> None:
        """Make facts of what is pending. Raises `PatinaError` where git does not answer; then it stays pending."""
        moved = self._git.moved()
        if self._by_git in (None, "restore"):  # of two untold ones the one that has a reason of its own
            self._by_git = moved or self._by_git
        if self._by_git is not None:
            self._teller.forget()
        pending = self._pending
        if pending:
            told = self._teller.facts(
                pending, since=self._since.isoformat(), by_git=self._by_git, midway=self._git.midway()
            )
            self._look.told(pending.saves)
            for data in told:
                self._out.add(data)
        elif self._by_git is not None:
            self._teller.after(self._by_git)
        self._pending, self._by_git = Pending(), None
        self._clock.first = None

    def _gap(self, reason: str, at: float | None = None) -> None:
        since = clock.local(int(at)).isoformat() if at else self._since.isoformat()
        self._out.add(FilesGap(reason=reason, since=since))

    def _say(self, **changed: object) -> None:
        began = self._clock.check > 0
        backend = ("poll" if changed.get("why") or self._out.report.why else "kernel") if began else ""
        self._out.say(backend=backend, folders=self._view.folders, session=self._bells.session, **changed)
