"""`patina mcp`: a server for agents that speak the Model Context Protocol; a client starts it, nobody types it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from patina_sessions.errors import PatinaError


@click.command(epilog="Example: claude mcp add patina -- patina mcp")
def mcp() -> None:
    """Serve the record to an agent over MCP, on standard input and output: search, show, note, goals, test.

    It needs the extra `mcp`: pip install 'patina-sessions[mcp]'.
    """
    from patina_sessions.system import processes

    if sys.stdin is None or sys.stdin.isatty():
        raise PatinaError(
            "nobody speaks MCP on standard input",
            "Let a client start it: claude mcp add patina -- patina mcp",
        )
    try:
        from patina_sessions.server import protocol
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("anyio", "mcp"):
            raise
        hint = "Install it: pip install 'patina-sessions[mcp]'"
        raise PatinaError("the package mcp is not installed", hint) from error
    processes.forget_git()
    protocol.serve(Path.cwd())
