"""`patina statusline`: what an agent shows below its prompt, read from a file that was written ahead."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command(epilog="Example: patina statusline; patina statusline ccusage statusline")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def statusline(command: tuple[str, ...]) -> None:
    """Print the session in a few words, behind the line of COMMAND, which is given the same input.

    Silent where Patina has nothing to say: an agent shows whatever stands here.
    """
    from patina_sessions.errors import PatinaError
    from patina_sessions.system import files, processes, repository

    data = b"" if sys.stdin is None or sys.stdin.isatty() else sys.stdin.buffer.read()
    own = processes.run(command, data=data).out.decode("utf-8", "replace").rstrip("\n") if command else ""
    try:
        layout = repository.layout(repository.discover(Path.cwd()), make=False)
        ours = (files.read(layout.line) or b"").decode("utf-8", "replace").strip() if layout else ""
    except (PatinaError, OSError):
        ours = ""
    for line in filter(None, (own, ours)):
        click.echo(line)
