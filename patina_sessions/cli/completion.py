"""`patina completion SHELL`: what to put into a shell's start-up file; and session ids for whoever completes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from patina_sessions.errors import PatinaError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_WHERE = {
    "bash": 'eval "$(patina completion bash)"   # in ~/.bashrc',
    "zsh": 'eval "$(patina completion zsh)"    # in ~/.zshrc',
    "fish": "patina completion fish > ~/.config/fish/completions/patina.fish",
}


# Without it `compdef` is no command, and a person's first line in ~/.zshrc may well be ours.
_BEGIN_ZSH = "(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }"


@click.command(epilog=f"Example: {_WHERE['bash']}")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion for a shell; it knows commands, options and session ids."""
    from click.shell_completion import get_completion_class

    from patina_sessions.cli import patina

    kind = get_completion_class(shell)
    assert kind is not None
    if shell == "zsh":
        click.echo(_BEGIN_ZSH)
    click.echo(kind(patina, {}, "patina", "_PATINA_COMPLETE").source())


def session_ids(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the ids that begin so, the latest first, with their titles where the shell shows those."""
    from click.shell_completion import CompletionItem

    from patina_sessions.readers import columns, listing
    from patina_sessions.session import active

    try:
        rows = listing.rows(active.here(Path.cwd()).layout, everything=True)
    except (PatinaError, OSError):
        return []
    return [
        CompletionItem(row.facts.id, help=columns.cell(row.facts.title, 60))
        for row in rows
        if row.facts.id.startswith(incomplete)
    ]


def first_word(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the ids for an argument of several words of which the first may be one."""
    return [] if ctx.params.get(param.name or "") else session_ids(ctx, param, incomplete)


def files(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Leave it to the shell, which knows files best."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]
