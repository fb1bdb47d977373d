"""The recorder, called by a hook: `python -E -P -m patina_sessions.recorder <common>/patina <folder> <GIT_DIR>`.

One of the three boundaries. It waits for its lock (one that goes home because somebody is at work already loses the
ring that came after the other's last look), sits out the burst that rang, takes the ring down, then drains every
worktree once and is done. A ring after the removal calls anew; a ring before it is covered by the drain.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

from patina_sessions.errors import PatinaError
from patina_sessions.paths import Common, Layout
from patina_sessions.recorder import drain, opening, removed
from patina_sessions.system import clock, configured, consent, files, processes
from patina_sessions.system import repository as repositories

PAUSE = 0.15  # seconds
LOOK = 0.05  # seconds between two looks at a rebase
LEASE = 2.0  # seconds for which hooks take it that somebody sits here; a shell may compare whole seconds
STILL = 1.0  # seconds after which a rebase that does not move waits for a person, or for a test that it runs
LONGEST = 60.0  # seconds that the commits of other worktrees may have to wait for a rebase
LOG_BYTES = 1_000_000

log = logging.getLogger("patina_sessions.recorder")


def main(argv: list[str]) -> None:
    """Record what is unrecorded in all worktrees of a repository; never fail towards whoever called."""
    home, folder, git_dir = Path(argv[0]), Path(argv[1]), (argv[2] or None) if len(argv) > 2 else None
    _detach()
    processes.forget_git()
    common = Common(git=home.parent)
    if not home.is_dir() or not _allowed(common):
        return
    try:
        with files.locked(common.lock):
            # Where `uninstall` had the lock before us, nothing of ours is to come back.
            if consent.version(common) is None:
                consent.withdraw(common, common.lock)
                return
            if not _allowed(common):
                return
            _open_log(common)
            try:
                _sit_out(common)
            finally:
                files.remove(common.lease)  # before the ring, since a hook that sees it does not ring
            files.remove(common.rung)
            files.remove(common.marks)
            _drain_all(common, folder, git_dir)
    except Exception:  # the boundary: whoever rang must not feel it
        log.exception("the recorder gave up")


def _detach() -> None:
    try:
        os.setsid()
    except OSError:
        pass  # it leads a session already
    os.closerange(3, 1024)


def _allowed(common: Common) -> bool:
    return files.signature(common.off) is None and consent.given(common)


def _open_log(common: Common) -> None:
    files.make_folder(common.log.parent)
    seen = files.signature(common.log)
    if seen is not None and seen[2] > LOG_BYTES:
        files.move(common.log, common.log.with_suffix(".old.log"))
    logging.basicConfig(
        filename=common.log, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )


def _sit_out(common: Common) -> None:
    """Wait until what rang is likely to be over: a burst of commits is one call, and so is a rebase while it moves.

    The marks go, since they count the rings that nobody answers: the 64th would call another of us. The lease is
    renewed at every look and runs out by itself, so that one of us who is killed keeps no hook silent for long.
    """
    files.remove(common.marks)
    _lease(common)
    clock.sleep(PAUSE)
    deadline = clock.monotonic() + LONGEST
    while _rebase_moves(common) and clock.monotonic() < deadline:
        files.remove(common.marks)
        _lease(common)
        clock.sleep(LOOK)


def _lease(common: Common) -> None:
    """Tell hooks that somebody sits here. Where that cannot be written they ring as ever, at a process each."""
    try:
        files.set_time(common.lease, clock.wall() + LEASE)
    except PatinaError as error:
        log.info("no lease: %s", error.message)


def _rebase_moves(common: Common) -> bool:
    """Tell whether git replays commits just now, in any worktree: it makes files in its folder with each of them."""
    git_dirs = [common.git, *(common.git / "worktrees").glob("*")]
    folders = (files.signature(g / name) for g in git_dirs for name in ("rebase-merge", "rebase-apply"))
    return any(seen is not None and clock.wall() - seen[3] / 1e9 < STILL for seen in folders)


def _drain_all(common: Common, folder: Path, git_dir: str | None) -> None:
    for layout in layouts(common, folder, git_dir):
        if repositories.off(layout) is not None:
            continue
        try:
            settings = configured.load(layout.top, git=layout.git)
            if opening.due(layout, settings):
                opening.open_session(layout)
            events = drain.drain(layout, settings, clock.now())
            log.info("worktree %s: %d events", layout.key, len(events))
        except Exception:  # one worktree's trouble is not another's
            log.exception("worktree %s was not recorded", layout.key)
    _finish_removed(common, folder)


def _finish_removed(common: Common, folder: Path) -> None:
    """Have the sessions of worktrees that are gone ended, by a process: that room comes later."""
    due = removed.due(common)
    if not due:
        return
    # What rang may have been the last commit in a worktree that went right after it.
    others = repositories.worktrees(common.git).values()
    tops = (repositories.top_of(directory, common.git) for directory in others)
    here = next((top for top in (folder, *tops) if top is not None and top.is_dir()), None)
    if here is not None:
        argv = [*processes.PYTHON, "patina_sessions", "hook", "removed"]
        done = processes.run(argv, cwd=here)
        log.info("worktrees that are gone: %d", done.code)
        removed.tried(common, due)


def layouts(common: Common, folder: Path, git_dir: str | None) -> list[Layout]:
    """Return the paths of all worktrees that have state, the one that rang first (it gets its state now)."""
    found: dict[str, Layout] = {}
    try:
        ringing = repositories.layout(repositories.discover(folder, git_dir))
        if ringing is not None and ringing.common.git == common.git.resolve():
            found[ringing.key] = ringing
    except PatinaError as error:
        log.info("the folder that rang is no worktree: %s", error.message)
    for key, directory in repositories.worktrees(common.git).items():
        top = repositories.top_of(directory, common.git)
        if key not in found and top is not None:
            found[key] = Layout(top=top, git=directory, common=common, key=key)
    return list(found.values())


if __name__ == "__main__":
    main(sys.argv[1:])
