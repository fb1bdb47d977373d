"""`patina list`, `show` and `context`: the journals, for people, programs and assistants."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from patina_sessions.cli import print_json
from patina_sessions.cli.completion import session_ids
from patina_sessions.cli.where import json_option, place, record_first


@click.command(name="list", epilog="Example: patina list --all --json")
@click.option("--all", "everything", is_flag=True, help="Sessions in which nothing happened, too.")
@json_option
def list_(everything: bool, as_json: bool) -> None:
    """List sessions, the latest first."""
    from patina_sessions.readers import listing

    here = place()
    rows = listing.rows(here.layout, everything=everything)
    if as_json:
        print_json("list", {"sessions": [listing.as_json(row) for row in rows]})
        return
    if not rows:
        click.echo("No session yet. Start one: patina session start TITLE", err=True)
    click.echo("".join(f"{line}\n" for line in listing.table(rows, width=_width())), nl=False)


def _width() -> int | None:
    """Return the terminal's width, None where there is no terminal and lines may be long."""
    if not sys.stdout.isatty():
        return None
    import shutil

    return shutil.get_terminal_size().columns


@click.command(epilog="Example: patina show; patina show 20261125-0930 --raw")
@click.argument("session", required=False, metavar="[ID]", shell_complete=session_ids)
@click.option("--raw", is_flag=True, help="The journal's bytes, as they are.")
@json_option
def show(session: str | None, raw: bool, as_json: bool) -> None:
    """Show the active session's journal, or that of ID; the beginning of an id is enough."""
    from patina_sessions.readers import showing

    found = showing.find(place().layout, session)
    if as_json:
        print_json("show", showing.as_json(found))
    elif raw:
        sys.stdout.flush()
        sys.stdout.buffer.write(found.data)
        sys.stdout.buffer.flush()
    else:
        _page(showing.text(found, color=_color()))


def _page(text: str) -> None:
    """Print; where a terminal would scroll it away, through the person's pager, as git does."""
    import os
    import shutil

    long = sys.stdout.isatty() and text.count("\n") >= shutil.get_terminal_size().lines
    if long and os.environ.get("PAGER", "less") not in ("", "cat"):
        os.environ.setdefault("LESS", "FRX")
        click.echo_via_pager(text, color=_color())
    else:
        click.echo(text, nl=False)


def _color() -> bool:
    import os

    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


@click.command(epilog="Example: patina context --max-chars 4000; patina context --max-words 200")
@click.option(
    "--max-chars", type=click.IntRange(min=200), default=9500, show_default=True, help="At most so long."
)
@click.option(
    "--max-words", type=click.IntRange(min=20), metavar="N", help="A brief of the last finished session."
)
@click.option(
    "--from", "file", type=click.Path(path_type=Path), metavar="FILE", help="A brief of this journal."
)
@click.option(
    "--agent",
    type=click.Choice(["claude", "codex", "gemini", "opencode"]),
    help="As this agent's start hook hands it over.",
)
@json_option
def context(
    max_chars: int, max_words: int | None, file: Path | None, agent: str | None, as_json: bool
) -> None:
    """Print what whoever goes on has to know: previous context, open goals, latest entries."""
    from patina_sessions.readers import context as doer

    if agent is not None:
        from patina_sessions.session import ahead

        _context(max_chars, None)  # what is unrecorded is recorded first
        click.echo(ahead.start(place(remind=False)), nl=False)
        return
    if file is not None:
        _print_context(None, doer.of_file(file, max_words=max_words or 200), as_json=as_json)
        return
    session, text = _context(max_chars, max_words)
    _print_context(session, text, as_json=as_json)


def _context(max_chars: int, max_words: int | None) -> tuple[str | None, str]:
    from patina_sessions.readers import context as doer
    from patina_sessions.recorder.drain import peek

    here = place()
    record_first(here)
    active = peek(here.layout, here.settings).session
    session = active.id if active else None
    if max_words is not None:
        return session, doer.of_last(here.layout, max_words=max_words)
    return session, doer.context(here.layout, active=active is not None, max_chars=max_chars)


def _print_context(session: str | None, text: str, *, as_json: bool) -> None:
    if as_json:
        print_json("context", {"session": session, "text": text})
    else:
        click.echo(text)
