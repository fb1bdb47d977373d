"""`patina import`: a memory on the first day."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from patina_sessions import safe
from patina_sessions.cli import print_json
from patina_sessions.cli.where import json_option, place

if TYPE_CHECKING:
    from patina_sessions.session.importing import Taken

_PATH = click.Path(path_type=Path)


@click.command(
    name="import", epilog="Example: patina import --git --dry-run; patina import ~/old/layer/sessions"
)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE|FOLDER]…")
@click.option("--git", "from_git", is_flag=True, help="Make journals of the past out of git's history.")
@click.option(
    "--gap",
    type=click.FloatRange(min=0.1),
    default=4.0,
    show_default=True,
    metavar="HOURS",
    help="With --git: a longer pause between commits begins another session.",
)
@click.option("--claude", type=_PATH, multiple=True, metavar="FILE|DIR", help="Transcripts of Claude Code.")
@click.option("--codex", type=_PATH, multiple=True, metavar="FILE|DIR", help="Transcripts of Codex.")
@click.option("--dry-run", is_flag=True, help="Only say what would come in.")
@json_option
def import_(
    paths: tuple[Path, ...],
    from_git: bool,
    gap: float,
    claude: tuple[Path, ...],
    codex: tuple[Path, ...],
    dry_run: bool,
    as_json: bool,
) -> None:
    """Take in journals of any generation, or make them: of git's history, of the transcripts that assistants keep.

    They go into git's own directory, not into the working tree, and nothing is written over. With --git the commits of
    one author with no longer a gap between them are a session, marked as reconstructed. Of a folder of transcripts
    those are taken that worked in this repository, of each the prompts, answers, tools and files in short.
    """
    from itertools import chain

    from patina_sessions.session import importing as doer

    if not (paths or from_git or claude or codex):
        raise click.UsageError("give files or folders of journals, --git, --claude or --codex")
    here = place()
    taken = chain(
        doer.journals(here, paths, dry_run=dry_run),
        doer.from_history(here, gap=gap, dry_run=dry_run) if from_git else (),
        doer.transcripts(here, "claude", claude, dry_run=dry_run),
        doer.transcripts(here, "codex", codex, dry_run=dry_run),
    )
    _print(_counted(taken, shown=sys.stderr.isatty() and not as_json), dry_run=dry_run, as_json=as_json)


def _counted(taken: Iterable[Taken], *, shown: bool) -> list[Taken]:
    """Return what is taken, once it is; a person who waits sees how far it is."""
    rows = []
    for number, one in enumerate(taken, 1):
        rows.append(one)
        if shown and number % 50 == 0:
            click.echo(f"\r{number} journals", err=True, nl=False)
    if shown and len(rows) >= 50:
        click.echo("\r\033[K", err=True, nl=False)
    return rows


def _print(rows: list[Taken], *, dry_run: bool, as_json: bool) -> None:
    from patina_sessions.readers import listing
    from patina_sessions.recorder.words import plural

    new = [one for one in rows if not one.known]
    if as_json:
        listed = [
            {"id": o.id, "source": listing.plain(o.source), "known": o.known, "passed": o.passed}
            for o in rows
        ]
        print_json("import", {"dry_run": dry_run, "journals": listed})
        return
    for one in new if dry_run else ():
        click.echo(f"would take {one.id} from {safe.line(one.source)}")
    verb = "would come in" if dry_run else "came in"
    old = len(rows) - len(new)
    known = f", {old} {'was' if old == 1 else 'were'} here already" if old else ""
    click.echo(f"{plural(len(new), 'journal')} {verb}{known}")
    if passed := sum(one.passed for one in rows):
        click.echo(f"{passed} lines of transcripts were not understood and passed over", err=True)
