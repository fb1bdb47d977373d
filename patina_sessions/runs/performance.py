"""The performance of `build`, `test` or `exec`: engine, image, workspace, run. What the command line calls."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import field, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from patina_sessions.errors import PatinaError
from patina_sessions.frozen import dataclass
from patina_sessions.paths import Layout
from patina_sessions.runs import image, project, request, run, workspace
from patina_sessions.runs.attached import Hear
from patina_sessions.runs.image import Build, Wish
from patina_sessions.runs.project import Dockerfile, Project
from patina_sessions.runs.run import Done, Order, Tell
from patina_sessions.runs.workspace import Wanted, Workspace
from patina_sessions.runs.yolo import orphans
from patina_sessions.settings import Settings
from patina_sessions.system import docker, terminal
from patina_sessions.system.docker import Engine

log = logging.getLogger(__name__)
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the user stands: the worktree, the folder in it, the settings."""

    layout: Layout
    folder: Path
    settings: Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the user typed. `interactive`: the command's terminal shall be the user's."""

    kind: Literal["build", "test", "exec"]
    extra: tuple[str, ...] = ()
    image: str | None = None
    timeout: float = 0.0
    variables: tuple[str, ...] = ()
    wish: Wish = field(default_factory=Wish)
    interactive: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Voices:
    """Who hears what: `show` the command's raw bytes, `say` Patina's own words, `tell` what is to be recorded."""

    show: Hear
    say: Say
    tell: Tell


def look(place: Place, asked: Asked) -> tuple[Project, tuple[str, ...]]:
    """Return what was found of the project and the command that would be run; without an engine."""
    found = project.find(place.layout.top, place.settings, image=asked.image)
    if asked.kind == "exec":
        return found, asked.extra
    return found, request.of_kind(found, asked.kind, asked.extra)


def perform(place: Place, asked: Asked, now: datetime, voices: Voices) -> Done | None:
    """Do it, and return the finished run; None where a `build` had an image to build and nothing else."""
    found, command = look(place, asked)
    if not command and not (asked.kind == "build" and found.dockerfile is not None):
        raise PatinaError(
            f"this project does not say how to {asked.kind} it",
            f'Say it in .patina/config.toml: commands.{asked.kind} = "make {asked.kind}"',
        )
    variables = {name: terminal.variable(request.variable(name)) for name in asked.variables}
    with opened(place, found, asked.wish, say=voices.say, around=_recorded(place, now, voices)) as (
        engine,
        wanted,
    ):
        run.sweep(engine, place.layout, wanted.user)
        orphans.end(engine, place.layout)
        if not command:
            return None
        where = _ready(engine, place, wanted, now, voices)
        folder = place.folder if place.folder.is_relative_to(place.layout.top) else place.layout.top
        tty = asked.interactive and terminal.both_ends()
        order = Order(
            kind=asked.kind,
            command=command,
            folder=folder,
            environment=variables,
            timeout=asked.timeout or place.settings.number("runs.timeout"),
            tty=tty,
            stdin=tty or (asked.kind == "exec" and not terminal.is_terminal(terminal.INPUT)),
            junit=found.junit if asked.kind == "test" and not where.copied else "",
        )
        return run.execute(
            engine,
            where,
            order,
            layout=place.layout,
            settings=place.settings,
            now=now,
            show=voices.show,
            tell=voices.tell,
        )


def _recorded(place: Place, now: datetime, voices: Voices) -> Callable[[Dockerfile, str, Build], None]:
    """Return what does a build of an image as a run of its own."""

    def around(dockerfile: Dockerfile, name: str, build: Build) -> None:
        from patina_sessions.runs import building

        building.recorded(
            dockerfile,
            name,
            build,
            layout=place.layout,
            settings=place.settings,
            now=now,
            say=voices.say,
            tell=voices.tell,
        )

    return around


@contextmanager
def opened(
    place: Place,
    found: Project,
    wish: Wish,
    *,
    say: Say,
    around: Callable[[Dockerfile, str, Build], None] | None = None,
) -> Iterator[tuple[Engine, Wanted]]:
    """Give the engine, and what a workspace there shall be, with its image built, by `around` where that is given."""
    with docker.connect() as engine:
        layout = place.layout
        wish = replace(wish, network=wish.network or place.settings.text("docker.build_network"))
        name, identity = image.ready(engine, layout.top, layout.key, found, say=say, wish=wish, around=around)
        yield (
            engine,
            Wanted(
                layout=layout,
                settings=place.settings,
                project=found,
                image=name,
                identity=identity,
                user=workspace.owner(layout.top, rootless=engine.rootless()),
            ),
        )


def _ready(engine: Engine, place: Place, wanted: Wanted, now: datetime, voices: Voices) -> Workspace:
    def make(configured: str) -> Workspace:
        from patina_sessions.runs import furnish

        return furnish.make(engine, wanted, configured, say=voices.say, setup=setup)

    def setup(made: Workspace) -> None:
        if made.copied:
            from patina_sessions.runs import copied

            copied.bring(engine, place.layout, made, say=voices.say)
        if wanted.project.setup:
            _set_up(engine, place, wanted, made, now, voices)

    found = workspace.ready(engine, wanted, make)
    if found.copied and not found.fresh:
        from patina_sessions.runs import copied

        copied.bring(engine, place.layout, found, say=voices.say)
    return found


def _set_up(
    engine: Engine, place: Place, wanted: Wanted, made: Workspace, now: datetime, voices: Voices
) -> None:
    """Run the project's setup, once, as a run of its own."""
    command = request.command(wanted.project.setup, ())
    order = Order(kind="build", command=command, folder=place.layout.top)
    voices.say(f"Setting it up: {order.words}")
    done = run.execute(
        engine,
        made,
        order,
        layout=place.layout,
        settings=place.settings,
        now=now,
        show=voices.show,
        tell=voices.tell,
    )
    if done.code:
        raise PatinaError(
            f"the setup of the workspace {done.data.outcome}: {order.words}",
            f"See: patina runs show {done.data.run}. Another setup: commands.setup in .patina/config.toml",
        )
