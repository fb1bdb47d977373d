"""`patina off` and `patina on`."""

from __future__ import annotations

import click

from patina_sessions.cli import print_json
from patina_sessions.cli.where import json_option, place


def _where(everywhere: bool) -> str:
    return "in all worktrees of this repository" if everywhere else "in this worktree"


@click.command(epilog="Example: patina off; patina on")
@click.option("--all", "everywhere", is_flag=True, help="In all worktrees of the repository.")
@json_option
def off(everywhere: bool, as_json: bool) -> None:
    """Do nothing by itself in this worktree: hooks, recorder, watcher and agents are silent until `patina on`.

    What you type is still done; git's reflog goes on, so commits made meanwhile are told later, once.
    """
    from patina_sessions.session import switch as doer
    from patina_sessions.system import clock

    changed = doer.off(place().layout, clock.now(), everywhere=everywhere)
    if as_json:
        print_json("off", {"changed": changed, "all": everywhere})
        return
    click.echo(f"Patina is off {_where(everywhere)}; nothing happens by itself until: patina on")


@click.command(epilog="Example: patina on")
@click.option("--all", "everywhere", is_flag=True, help="In all worktrees of the repository.")
@json_option
def on(everywhere: bool, as_json: bool) -> None:
    """Switch Patina on again here, whatever switched it off, and record what was committed meanwhile."""
    from patina_sessions.recorder import drain
    from patina_sessions.recorder.words import plural
    from patina_sessions.session import switch as doer
    from patina_sessions.system import clock

    here = place()
    done = doer.on(here.layout, everywhere=everywhere)
    silent = doer.why(here.layout)
    events = drain.drain(here.layout, here.settings, clock.now())
    if as_json:
        print_json("on", {"changed": done.changed, "all": done.everywhere, "silent": silent})
        return
    others = f" but {done.still_off}, switched off by itself" if done.everywhere and done.still_off else ""
    told = f"; {plural(len(events), 'event')} recorded" if events else ""
    click.echo(f"Patina is on {_where(done.everywhere)}{others}{told}")
    if silent:
        click.echo(f"It is silent all the same: {silent}")
