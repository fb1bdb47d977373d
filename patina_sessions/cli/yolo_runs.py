"""`patina yolo list | logs | stop | show | diff | rm | recover`: the autonomous runs that are, and that were."""

from __future__ import annotations

import codecs
import sys
from typing import TYPE_CHECKING, Any

import click

from patina_sessions.cli import print_json
from patina_sessions.cli.run import ours, run_json
from patina_sessions.cli.where import json_option, place
from patina_sessions.cli.yolo import place_of, voices_of, yolo
from patina_sessions.cli.yolo_words import say
from patina_sessions.errors import PatinaError

if TYPE_CHECKING:
    from patina_sessions.runs.yolo.roster import Row
    from patina_sessions.session.active import Here

which = click.argument("run", metavar="ID", default="last")


def _here() -> Here:
    """Return where we are, with runs that were killed finished in the log."""
    from patina_sessions.recorder import drain
    from patina_sessions.runs import living
    from patina_sessions.system import clock

    here = place()
    if living.dead(here.layout):
        drain.drain(here.layout, here.settings, clock.now())
    return here


@yolo.command(name="list", epilog="Example: patina yolo list")
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many are listed."
)
@json_option
def list_(limit: int, as_json: bool) -> None:
    """List the autonomous runs of this worktree, the newest first."""
    from itertools import islice

    from patina_sessions import safe
    from patina_sessions.runs.yolo import roster

    found = list(islice(roster.rows(_here().layout), limit))
    if as_json:
        print_json("yolo.list", {"runs": [_json(row) for row in found]})
        return
    if not found:
        click.echo("No autonomous run yet. Next: patina yolo run -- COMMAND")
    for row in found:
        branch = f"  {row.branches[0]}" if row.branches else ""
        click.echo(f"{row.run}  {row.state:<14}  {safe.line(row.name or row.command, limit=60)}{branch}")


def _json(row: Row) -> dict[str, Any]:
    waits = row.ticket is not None and row.ticket.running and not row.alive
    return {
        "id": row.run,
        "name": row.name or None,
        "started": row.started,
        "command": row.command,
        "state": row.state,
        "branches": list(row.branches),
        "recover": f"patina yolo recover {row.run}" if waits else None,
    }


@yolo.command(epilog="Example: patina yolo show last")
@which
@json_option
def show(run: str, as_json: bool) -> None:
    """Print the report of a run."""
    from patina_sessions import safe
    from patina_sessions.runs.yolo import roster

    row = roster.one(_here().layout, run)
    if as_json:
        print_json("yolo.show", {**_json(row), "run": run_json(row.ended) if row.ended else None})
        return
    click.echo(f"YOLO run {row.run}: {row.state}")
    click.echo(f"Command: {safe.line(row.command, limit=500)}")
    if row.ended is not None:
        click.echo(f"Image: {safe.line(row.ended.image)}, {safe.line(row.ended.where)}")
        code = f", exit code {row.ended.exit_code}" if row.ended.exit_code is not None else ""
        click.echo(f"Took: {row.ended.seconds:.1f} s{code}")
        for detail in row.ended.details:
            click.echo(f"- {safe.line(detail, limit=400)}")
    if _json(row)["recover"]:
        what = "A rest of its work" if row.ticket is not None and row.ticket.rest else "Its work"
        click.echo(f"{what} is not home: patina yolo recover {row.run}")


@yolo.command(epilog="Example: patina yolo logs -f last")
@which
@click.option(
    "-f",
    "--follow",
    is_flag=True,
    help="Go on until the run is over. The last kilobyte waits for more, or the end: a secret may be in it.",
)
def logs(run: str, follow: bool) -> None:
    """Print what a run wrote, without what would steer a terminal."""
    from patina_sessions import safe
    from patina_sessions.runs.yolo import roster, ticket
    from patina_sessions.system import clock

    layout = _here().layout
    found, at = roster.one(layout, run), 0
    decoder = codecs.getincrementaldecoder("utf-8")("replace")  # a look may end in the middle of a character
    while True:
        goes_on = ticket.alive(layout, found.run)  # before the look: what comes at the end is then seen
        data = roster.log(layout, found.run, at)
        at += len(data)
        over = not follow or not goes_on
        click.echo(safe.visible(decoder.decode(data, over)), nl=False)
        sys.stdout.flush()
        if over:
            return
        clock.sleep(0.2)


@yolo.command(epilog="Example: patina yolo diff last --stat")
@which
@click.option("--stat", is_flag=True, help="Only the files, with their lines.")
def diff(run: str, stat: bool) -> None:
    """Print what a run changed, with what hides made visible."""
    from patina_sessions import safe
    from patina_sessions.runs.yolo import roster

    layout = _here().layout
    words = ("--stat=100",) if stat else ()
    for piece in roster.difference(layout, roster.one(layout, run), words=words):
        click.echo(safe.visible(piece), nl=False)


@yolo.command(epilog="Example: patina yolo stop last")
@which
@json_option
def stop(run: str, as_json: bool) -> None:
    """Stop a run; what it did until then comes back as always."""
    from patina_sessions.runs.yolo import roster, ticket
    from patina_sessions.system import docker

    here = _here()
    found = roster.one(here.layout, run)
    one = ticket.one(here.layout, found.run)
    roster.stop(here.layout, one.run)
    with docker.connect() as engine:
        engine.stop(one.container, grace=5)
    alive = ticket.alive(here.layout, one.run)
    if as_json:
        print_json(
            "yolo.stop", {"id": one.run, "recover": None if alive else f"patina yolo recover {one.run}"}
        )
        return
    click.echo(f"Stopped: {one.run}")
    if not alive:
        click.echo(f"Its work is kept: patina yolo recover {one.run}")


@yolo.command(epilog="Example: patina yolo rm last")
@which
@click.option("--force", is_flag=True, help="Even where its work is not home: it is lost then.")
@click.option("--branch", is_flag=True, help="Its branches, too.")
@json_option
def rm(run: str, force: bool, branch: bool, as_json: bool) -> None:
    """Remove what is left of a run in the engine, and with --branch what it brought home."""
    from patina_sessions.runs.yolo import homecoming, roster
    from patina_sessions.system import docker

    here = _here()
    found = roster.one(here.layout, run)
    if found.ticket is not None:
        if found.alive:
            raise PatinaError(f"the run {found.run} goes on", f"Stop it first: patina yolo stop {found.run}")
        if found.ticket.running and not found.ticket.rest and not force:
            raise PatinaError(
                f"the work of {found.run} is not home",
                f"Bring it home: patina yolo recover {found.run}. Or lose it: --force",
            )
        with docker.connect() as engine:
            homecoming.clear(engine, here.layout, found.ticket)
    gone = roster.drop_branches(here.layout, found) if branch else ()
    if as_json:
        print_json("yolo.rm", {"id": found.run, "branches": [name for name, _ in gone]})
        return
    click.echo(f"Removed: {found.run}")
    for name, stood in gone:
        click.echo(f"Deleted branch {name} (was {stood[:10]})")


@yolo.command(epilog="Example: patina yolo recover last")
@which
@click.option("--max-size", metavar="SIZE", default="", help="Take so much, if it is more than is usual.")
@click.option("--max-file", metavar="SIZE", default="", help="Take files as large as this.")
@json_option
def recover(run: str, max_size: str, max_file: str, as_json: bool) -> None:
    """Bring home the work of a run whose patina was killed, whose engine was lost, or that was too large."""
    from patina_sessions.runs.yolo import recovery

    with ours():
        here = _here()
        voices = voices_of(here, raw=False, as_json=as_json)
        waiting = recovery.named(here.layout, run)
        done = recovery.recover(place_of(here), waiting, voices, max_size=max_size, max_file=max_file)
    if as_json:
        branches = [tip.ref.removeprefix("refs/heads/") for tip in done.tips]
        print_json("yolo.recover", {"id": done.run, "branches": branches, "details": list(done.lines)})
        return
    say(f"The work of {done.run} is home")
    for line in done.lines:
        say(f"  {line}")
