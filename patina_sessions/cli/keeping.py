"""`patina gc`, `rebuild` and `forget`: what is kept, what is made anew of it, and what is not to be kept at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from patina_sessions.cli import print_json
from patina_sessions.cli.session import json_option, place

if TYPE_CHECKING:
    from patina_sessions.session.active import Here


def _shown(here: Here, path: Path) -> str:
    top = here.layout.top
    return path.relative_to(top).as_posix() if path.is_relative_to(top) else str(path)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


@click.command(epilog="Example: patina gc --dry-run")
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@json_option
def gc(dry_run: bool, as_json: bool) -> None:
    """Remove logs of old runs, and events of sessions archived long ago. Never a journal.

    `patina session end` does it at most once a day. How long things are kept: the settings `gc.*`.
    """
    from patina_sessions import safe
    from patina_sessions.session import expiry
    from patina_sessions.system import clock

    here = place()
    done = expiry.collect(here.layout.common, here.settings, clock.now(), dry_run=dry_run)
    size = sum(one.size for one in done.removed)
    if as_json:
        rows = [{"path": _shown(here, o.path), "bytes": o.size, "why": o.why} for o in done.removed]
        print_json("gc", {"done": not dry_run, "removed": rows, "bytes": size, "busy": list(done.busy)})
        return
    for one in done.removed:
        verb = "would remove" if dry_run else "removed"
        where = safe.visible(_shown(here, one.path))
        click.echo(f"{verb} {where} ({_megabytes(one.size)}): {one.why}")
    for key in done.busy:
        click.echo(f"worktree {key} is being recorded and was passed over", err=True)
    if not done.removed:
        click.echo("There is nothing to remove.")
    else:
        click.echo(f"{_megabytes(size)} in all; journals are kept")
