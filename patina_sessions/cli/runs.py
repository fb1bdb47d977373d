"""`patina runs`: the runs of this worktree, the log of one, the difference of two."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from patina_sessions.cli import print_json
from patina_sessions.cli.run import counts, run_json
from patina_sessions.cli.where import json_option, place
from patina_sessions.errors import PatinaError

if TYPE_CHECKING:
    from patina_sessions.runs.history import Run


@click.group(invoke_without_command=True, epilog="Example: patina runs; patina runs show last")
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many are listed."
)
@json_option
@click.pass_context
def runs(ctx: click.Context, limit: int, as_json: bool) -> None:
    """List the runs of this worktree, the newest first."""
    if ctx.invoked_subcommand is not None:
        return
    from itertools import islice

    from patina_sessions.runs import history

    found = list(islice(history.runs(_recorded()), limit))
    if as_json:
        print_json("runs", {"runs": [_json(run) for run in found]})
        return
    if not found:
        click.echo("No run yet. Next: patina test, or patina exec -- COMMAND")
    for run in found:
        click.echo(_line(run))


def _recorded() -> Any:
    """Return the layout, with runs that were killed finished in the log."""
    from patina_sessions.recorder import drain
    from patina_sessions.runs import living
    from patina_sessions.system import clock

    here = place()
    if living.dead(here.layout):
        try:
            drain.drain(here.layout, here.settings, clock.now())
        except PatinaError:
            return here.layout  # no room for it; what is read from the runs' own files needs none
    return here.layout


def _json(run: Run) -> dict[str, Any]:
    if run.ended is not None:
        return {**run_json(run.ended), "started": run.started.isoformat()}
    begun = run.begun
    assert begun is not None
    names = run_json_names()
    return {
        **dict.fromkeys(names),
        "id": begun.run,
        "kind": begun.kind,
        "command": begun.command,
        "image": begun.image or None,
        "where": begun.where or None,
        "outcome": None,
        "started": run.started.isoformat(),
    }


def run_json_names() -> list[str]:
    """Return the names of the fields that every run has in JSON."""
    from patina_sessions.model import RunFinished

    return list(run_json(RunFinished(run="", kind="exec", command="", outcome="")))


def _line(run: Run) -> str:
    from patina_sessions import safe

    known = run.ended or run.begun
    assert known is not None
    outcome = run.ended.outcome if run.ended else "running"
    seconds = f"{run.ended.seconds:8.1f} s" if run.ended else " " * 10
    numbers = counts(run.ended) if run.ended else ""
    when = run.started.strftime("%Y-%m-%d %H:%M")
    return (
        f"{run.id}  {when}  {known.kind:<5}  {outcome:<13}{seconds}  {safe.line(known.command, limit=60)}"
        f"{f'  ({numbers})' if numbers else ''}"
    )


@runs.command(epilog="Example: patina runs show last | less")
@click.argument("run", metavar="ID", default="last")
@json_option
def show(run: str, as_json: bool) -> None:
    """Print the log of a run: ID, its beginning or end, or `last`."""
    from patina_sessions import safe
    from patina_sessions.runs import history

    layout = _recorded()
    found = history.one(layout, run)
    data = history.output(layout, found)
    if as_json:
        text = None if data is None else data.decode("utf-8", "replace")
        print_json("runs.show", {**_json(found), "log": text})
        return
    if data is None:
        raise PatinaError(
            f"the run {found.id} has no log", "It wrote nothing, or its log is not kept any more."
        )
    text = data.decode("utf-8", "replace")
    click.echo(safe.visible(text) if sys.stdout.isatty() else text, nl=False)


@runs.command(epilog="Example: patina runs compare; patina runs compare 3f2a 91bc")
@click.argument("first", metavar="[ID", required=False)
@click.argument("second", metavar="ID]", required=False)
@json_option
def compare(first: str | None, second: str | None, as_json: bool) -> None:
    """Say what differs between two runs; without IDs, between the last one and the same command before it."""
    from patina_sessions import safe
    from patina_sessions.runs import history

    found = history.compare(_recorded(), first, second)
    old, new = found.before.ended, found.after.ended
    assert old is not None
    assert new is not None
    if as_json:
        fields = {"began_to_fail": list(found.began), "ceased_to_fail": list(found.ceased)}
        print_json("runs.compare", {"before": _json(found.before), "after": _json(found.after), **fields})
        return
    click.echo(f"before: {_line(found.before)}")
    click.echo(f"after:  {_line(found.after)}")
    if old.outcome != new.outcome:
        click.echo(f"outcome: {old.outcome} → {new.outcome}")
    click.echo(f"time: {old.seconds:.1f} s → {new.seconds:.1f} s")
    if old.image != new.image:
        click.echo(f"image: {safe.line(old.image)} → {safe.line(new.image)}")
    for title, names in (("began to fail", found.began), ("ceased to fail", found.ceased)):
        for name in names:
            click.echo(f"{title}: {safe.line(name, limit=300)}")
