"""`patina check`: what is wrong with finished journals, for a hook of pre-commit and for CI."""

from __future__ import annotations

import os
from pathlib import Path

import click

from patina_sessions.cli import print_json
from patina_sessions.cli.where import json_option, repository


def _sessions() -> Path:
    """Return the folder of the finished journals of this repository, wherever in it we are."""
    return Path(os.path.relpath(repository().top)) / "layer/sessions"


@click.command(
    epilog="Example: patina check; patina check layer/sessions; patina check layer/sessions/20261125-093100.md"
)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE|FOLDER]...")
@json_option
@click.pass_context
def check(ctx: click.Context, paths: tuple[Path, ...], as_json: bool) -> None:
    """Refuse journals that hold what looks like a secret, or that no reader would understand.

    Of a folder, all of its `*.md`; without any, those of layer/sessions. The exit code is 1 where something is wrong.
    Nothing is changed.
    """
    from patina_sessions import safe
    from patina_sessions.readers import faults

    found = faults.of_files(list(paths) or sorted(_sessions().glob("*.md")))
    if as_json:
        rows = [{"path": f.path, "line": f.line, "words": f.words} for f in found]
        print_json("check", {"wrong": bool(found), "faults": rows})
    for fault in found if not as_json else ():
        line = "" if fault.line is None else f":{fault.line}"
        click.echo(f"{safe.visible(fault.path)}{line}: {safe.visible(fault.words)}")
    ctx.exit(1 if found else 0)
