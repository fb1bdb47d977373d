"""The build of an image as a run: begun in the event log, its words in a log of its own, finished however it ends."""

from __future__ import annotations

import shlex
from datetime import datetime

from patina_sessions.errors import EngineUnavailable, PatinaError
from patina_sessions.model import RunStarted
from patina_sessions.paths import Layout
from patina_sessions.runs import finished, living, run
from patina_sessions.runs.image import Build, Say
from patina_sessions.runs.outcome import Ended
from patina_sessions.runs.project import Dockerfile
from patina_sessions.runs.run import Tell
from patina_sessions.runs.run_log import RunLog
from patina_sessions.settings import Settings
from patina_sessions.system import clock


def recorded(
    dockerfile: Dockerfile,
    image: str,
    build: Build,
    *,
    layout: Layout,
    settings: Settings,
    now: datetime,
    say: Say,
    tell: Tell,
) -> None:
    """Do the build. What it raises is raised, once it is told."""
    command = shlex.join(["docker", "build", "--file", dockerfile.path, dockerfile.context])
    started = RunStarted(run=run.new_id(now), kind="build", command=command, image=image)
    run_log = RunLog(layout.runs / f"{started.run}.log", limit=int(settings.number("runs.max_log")))

    def hear(line: str) -> None:
        run_log.feed(1, f"{line}\n".encode())
        say(line)

    with living.alive(layout, started, now) as alive:
        tell(started)
        alive.over = False
        began = clock.monotonic()
        ended = Ended(code=None, stopped="interrupted")
        try:
            build(hear)
            ended = Ended(code=0)
        except EngineUnavailable:
            ended = Ended(code=None, answered=False)
            raise
        except PatinaError:
            ended = Ended(code=1)
            raise
        finally:
            data, _ = finished.compose(
                started, ended, (), run_log.close(), seconds=clock.monotonic() - began, layout=layout
            )
            alive.finish(data, tell)
    run.prune(layout, int(settings.number("runs.keep")))
