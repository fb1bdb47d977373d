"""Where a command runs, and what several of them share: the option `--json`, a text, a look at what is unrecorded."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from patina_sessions.errors import PatinaError

if TYPE_CHECKING:
    from patina_sessions.session.active import Here
    from patina_sessions.system.repository import Repository

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def place(*, remind: bool = True) -> Here:
    """Return where the command runs, with git's own variables taken out of the process."""
    from patina_sessions.session import active
    from patina_sessions.system import processes

    named = processes.forget_git()
    here = active.here(folder(), *named)
    for words, hint in here.settings.wrong:
        click.echo(f"Warning: {words}: it is passed over\nHint: {hint}", err=True)
    if remind:
        _remind(here)
    return here


def repository() -> Repository:
    """Return the repository that the command runs in, set up or not, with git's own variables taken out."""
    from patina_sessions.system import processes
    from patina_sessions.system import repository as repositories

    return repositories.discover(folder(), *processes.forget_git())


def folder() -> Path:
    """Return the folder that the command runs in."""
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise PatinaError("the current folder is gone", "Change to a folder that is there: cd") from error


def _remind(here: Here) -> None:
    """Say, until it is home, that an autonomous run whose patina was killed has left work."""
    from patina_sessions.system import files

    # Only the names are looked at, as long as there is no such run: every command comes this way.
    if not any(name.endswith(".yolo") for name in files.names(here.layout.runs)):
        return
    from patina_sessions.runs.yolo import ticket

    for one in ticket.waiting(here.layout):
        if one.running and not one.rest:
            click.echo(
                f"The work of the YOLO run {one.run} is not home: patina yolo recover {one.run}", err=True
            )


def record_first(here: Here) -> None:
    """Record what is unrecorded, so that a reader shows it; where that cannot be done, say so and go on."""
    from patina_sessions.recorder.drain import drain
    from patina_sessions.session import active
    from patina_sessions.system import clock

    try:
        active.heard(here)
        drain(here.layout, here.settings, clock.now())
    except PatinaError as error:
        click.echo(f"Warning: nothing can be recorded now: {error.message}", err=True)


def text_or_stdin(words: tuple[str, ...]) -> str:
    """Return the words given, or standard input where there are none and it is no terminal."""
    if words and words != ("-",):
        return " ".join(words)
    if sys.stdin is None or sys.stdin.isatty():
        raise click.UsageError("a text is missing")
    return sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
