"""The watcher's process: `python -E -P -m patina_sessions.sources.watcher <top> <git dir> <common dir> <key> <since>`.

One of the boundaries: whatever goes wrong stands in its log, and nobody else feels it.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

from patina_sessions.errors import PatinaError
from patina_sessions.paths import Common, Layout
from patina_sessions.sources.watcher import process, signals
from patina_sessions.sources.watcher.loop import Watcher
from patina_sessions.system import configured, files, processes
from patina_sessions.system import repository as repositories

LOG_BYTES = 1_000_000

log = logging.getLogger("patina_sessions.sources.watcher")


def main(argv: list[str]) -> None:
    """Watch one worktree until there is nothing more to watch for."""
    top, git, common = (Path(word) for word in argv[:3])
    layout = Layout(top=top, git=git, common=Common(git=common), key=argv[3])
    os.chdir("/")  # a folder that somebody stands in cannot be unmounted
    processes.forget_git()
    if not layout.common.consent.exists():
        return
    try:
        _open_log(layout)
    except (PatinaError, OSError):
        pass  # on a full disk it watches without a log
    try:
        held = process.take(layout)
        if held is None or repositories.off(layout) is not None:  # `off` came between our start and the lock
            return
        watcher = Watcher(layout, configured.load(layout.top, git=layout.git))
        with signals.listening(watcher) as wake:
            log.info("begins, pid %d", os.getpid())
            log.info("ends: %s", watcher.run(wake, since=float(argv[4])))
    except Exception:  # the boundary: nobody waits for it, so its log must say why
        log.exception("the watcher gave up")


def _open_log(layout: Layout) -> None:
    path = layout.state / "watcher.log"
    files.make_folder(path.parent)
    seen = files.signature(path)
    if seen is not None and seen[2] > LOG_BYTES:
        files.move(path, path.with_suffix(".old.log"))
    logging.basicConfig(filename=path, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")


if __name__ == "__main__":
    main(sys.argv[1:])
