"""`patina watch`: the watcher in the foreground, and a word with the one in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from patina_sessions.cli import print_json
from patina_sessions.cli.session_words import watcher_json
from patina_sessions.cli.where import json_option, place
from patina_sessions.errors import Busy, NoSession, PatinaError

if TYPE_CHECKING:
    from patina_sessions.model import Data
    from patina_sessions.session.active import Here


@click.command(epilog="Example: patina watch --verbose")
@click.option("--verbose", "-v", is_flag=True, help="Show what is seen as it comes.")
@click.option("--status", "ask", is_flag=True, help="Say whether a watcher runs, and what it sees.")
@click.option("--stop", is_flag=True, help="End the one in the background; the next command starts another.")
@json_option
def watch(verbose: bool, ask: bool, stop: bool, as_json: bool) -> None:
    """Watch the files of the active session, until it ends or Ctrl-C.

    `session start` has one running in the background already; this is for looking at it at work.
    """
    from patina_sessions.sources.watcher import process

    if ask and stop:
        raise click.UsageError("give --status or --stop, not both")
    here = place()
    if stop and not process.stop(here.layout.state):
        raise PatinaError("the watcher does not stop", f"Its log: {here.layout.state / 'watcher.log'}")
    if ask or stop or as_json:
        found = process.report(here.layout)
        if as_json:
            print_json("watch", watcher_json(found))
        else:
            click.echo(found.words)
            if stop and process.wanted(here.layout, here.settings):
                click.echo("The next command here starts another; without any: watch.enabled = false")
        return
    _watch(here, verbose=verbose)


def _watch(here: Here, *, verbose: bool) -> None:
    import os

    from patina_sessions.recorder.drain import peek
    from patina_sessions.sources.watcher import process, signals
    from patina_sessions.sources.watcher.loop import Watcher
    from patina_sessions.system import clock

    if peek(here.layout, here.settings).session is None:
        raise NoSession("no session is active", 'Start one: patina session start "what you want to do"')
    held = process.take(here.layout)
    if held is None:
        said = process.report(here.layout)
        raise Busy(f"a watcher is at work here already, process {said.pid}", "End it: patina watch --stop")
    try:
        watcher = Watcher(here.layout, here.settings, _show if verbose else None)
        click.echo("Watching; Ctrl-C ends it")
        with signals.listening(watcher) as wake:
            click.echo(f"Done: {watcher.run(wake, since=clock.wall())}")
    finally:
        os.close(held)


def _show(data: Data) -> None:
    from patina_sessions import model, safe
    from patina_sessions.recorder.words import plural

    if isinstance(data, model.FilesGap):
        click.echo(f"gap: {safe.line(data.reason)}")
    elif isinstance(data, model.FilesChanged):
        if data.bulk is not None:
            click.echo(f"{data.bulk}: {plural(data.count, 'file')}")
        for change in data.files:
            old = f"{safe.path(change.old_path)} → " if change.old_path is not None else ""
            click.echo(f"{change.status} {old}{safe.path(change.path)}")
