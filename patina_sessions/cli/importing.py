"""`patina import`: a memory on the first day."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from patina_sessions.cli import print_json
from patina_sessions.cli.session import json_option, place


@click.command(
    name="import", epilog="Example: patina import --git --dry-run; patina import ~/old/layer/sessions"
)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE|FOLDER]…")
@click.option("--git", "from_git", is_flag=True, help="Make journals of the past out of git's history.")
@click.option("--gap", type=click.FloatRange(min=0.1), default=4.0, show_default=True, metavar="HOURS")
@click.option("--dry-run", is_flag=True, help="Only say what would come in.")
@json_option
def import_(paths: tuple[Path, ...], from_git: bool, gap: float, dry_run: bool, as_json: bool) -> None:
    """Take in journals of any generation, or with --git one for each stretch of work in the history.

    They go into git's own directory, not into the working tree, and nothing is written over. With --git the commits of
    one author with no longer a gap between them are a session, marked as reconstructed.
    """
    from patina_sessions.session import importing as doer

    if from_git == bool(paths):
        raise click.UsageError("give files or folders of journals, or --git")
    here = place()
    taken = (
        doer.from_history(here, gap=gap, dry_run=dry_run)
        if from_git
        else doer.journals(here, paths, dry_run=dry_run)
    )
    rows = []
    progress = sys.stderr.isatty() and not as_json
    for number, one in enumerate(taken, 1):
        rows.append(one)
        if progress and number % 50 == 0:
            click.echo(f"\r{number} journals", err=True, nl=False)
    if progress and len(rows) >= 50:
        click.echo("\r\033[K", err=True, nl=False)
    new = [one for one in rows if not one.known]
    if as_json:
        listed = [{"id": o.id, "source": o.source, "known": o.known} for o in rows]
        print_json("import", {"dry_run": dry_run, "journals": listed})
        return
    for one in new if dry_run else ():
        click.echo(f"would take {one.id} from {one.source}")
    verb = "would come in" if dry_run else "came in"
    known = f", {len(rows) - len(new)} were here already" if len(rows) > len(new) else ""
    click.echo(f"{len(new)} journals {verb}{known}")
