"""`patina completion SHELL`: what to put into a shell's start-up file; and session ids for whoever completes."""

from __future__ import annotations

from pathlib import Path

import click
from click.shell_completion import CompletionItem, get_completion_class

from patina_sessions.errors import PatinaError

_WHERE = {
    "bash": 'eval "$(patina completion bash)"   # in ~/.bashrc',
    "zsh": 'eval "$(patina completion zsh)"    # in ~/.zshrc',
    "fish": "patina completion fish > ~/.config/fish/completions/patina.fish",
}


@click.command(epilog=f"Example: {_WHERE['bash']}")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion for a shell; it knows commands, options and session ids."""
    from patina_sessions.cli import patina

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(patina, {}, "patina", "_PATINA_COMPLETE").source())


def session_ids(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the ids that begin so, the latest first, with their titles where the shell shows those."""
    from patina_sessions.readers import listing
    from patina_sessions.session import active

    try:
        rows = listing.rows(active.here(Path.cwd()).layout, everything=True)
    except (PatinaError, OSError):
        return []
    return [
        CompletionItem(row.facts.id, help=row.facts.title)
        for row in rows
        if row.facts.id.startswith(incomplete)
    ]
