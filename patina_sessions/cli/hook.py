"""`patina hook …`: what the recorder starts as a process, since a room is not to import one that comes after it."""

from __future__ import annotations

import click

from patina_sessions.cli.where import place


@click.group(hidden=True, epilog="Example: patina hook ahead")
def hook() -> None:
    """Work that Patina's own processes ask for."""


@hook.command(name="open", epilog="Example: patina hook open")
def open_() -> None:
    """Start the session that an agent's waiting prompt asks for, and record what waits."""
    from patina_sessions.session import agent
    from patina_sessions.system import clock

    agent.open_session(place(remind=False), clock.now())


@hook.command(epilog="Example: patina hook removed")
def removed() -> None:
    """End the sessions of worktrees that were removed."""
    from patina_sessions.session import removed as doer
    from patina_sessions.system import clock

    doer.finish_all(place(remind=False), clock.now())


@hook.command(epilog="Example: patina hook ahead")
def ahead() -> None:
    """Write anew what an agent's start hook and a statusline show."""
    from patina_sessions.session import ahead as doer

    doer.write(place(remind=False))
