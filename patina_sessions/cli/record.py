"""`patina record`: the recorder, by hand and in the foreground."""

from __future__ import annotations

import click

from patina_sessions.cli import print_json
from patina_sessions.cli.where import json_option, place


@click.command(epilog="Example: patina record --json")
@json_option
def record(as_json: bool) -> None:
    """Record now what is unrecorded in this worktree. Hooks do this by themselves."""
    from patina_sessions.events import codec
    from patina_sessions.recorder import drain, removed
    from patina_sessions.recorder.words import plural
    from patina_sessions.session import active
    from patina_sessions.system import clock

    here = place()
    active.heard(here)
    events = drain.drain(here.layout, here.settings, clock.now())
    if removed.waiting(here.layout.common):
        from patina_sessions.session import removed as doer

        doer.finish_all(here, clock.now())
    if as_json:
        rows = [{"seq": e.seq, "type": codec.type_of(e.data), "time": e.time.isoformat()} for e in events]
        print_json("record", {"events": rows})
        return
    click.echo(f"{plural(len(events), 'event')} recorded" if events else "Nothing was unrecorded")
