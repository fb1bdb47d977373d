"""`patina report`: the memory as one page to look at, offline."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from patina_sessions.cli import print_json
from patina_sessions.cli.completion import session_ids
from patina_sessions.cli.where import json_option, place, record_first
from patina_sessions.errors import PatinaError

if TYPE_CHECKING:
    from patina_sessions.paths import Layout
    from patina_sessions.readers.report import page
    from patina_sessions.session.active import Here


@click.command(
    epilog="Example: patina report --since 4w --open; patina report --session 20261125 --out it.html"
)
@click.option("--since", metavar="WHEN", help="Sessions from then on: 2026-03-01, or 2w (d, w, m, y).")
@click.option(
    "--session",
    metavar="ID",
    shell_complete=session_ids,
    help="This one alone; the beginning of its id is enough.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help='Where to write it, "-" for standard output; .patina/local/report.html where not given.',
)
@click.option("--open", "opening", is_flag=True, help="Open it in the browser.")
@click.option(
    "--serve", is_flag=True, help="Show it to this machine, live while a session runs, until Ctrl-C."
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="The port of --serve; a free one."
)
@json_option
def report(
    since: str | None,
    session: str | None,
    out: Path | None,
    opening: bool,
    serve: bool,
    port: int,
    as_json: bool,
) -> None:
    """Write one HTML file with all sessions: timeline, hours, files, tests, failures, goals, journals and diffs.

    It works offline and fetches nothing. Secrets that Patina recognises are taken out; diffs are in it, so think before
    you give it away.
    """
    from patina_sessions.readers.report import page
    from patina_sessions.system import clock, files

    if since is not None and session is not None:
        raise click.UsageError("give --since or --session, not both")
    if out == Path("-") and (opening or as_json):
        raise click.UsageError("--out - goes with neither --open nor --json")
    if serve and (out is not None or as_json):
        raise click.UsageError("--serve goes with neither --out nor --json")
    here = place()
    now = clock.now()
    record_first(here)
    asked = page.Asked(since=_since(since, now), session=session)
    if serve:
        _serve(here, asked, port, opening=opening)
        return
    made = page.of(here.layout, asked, now)
    if out == Path("-"):
        for piece in made.pieces:
            click.echo(piece, nl=False)
        return
    try:
        where = out or _ours(here.layout)
        size = files.pour(where, made.pieces)
    except PatinaError as error:
        if out is not None:
            raise
        raise PatinaError(error.message, "Name a file elsewhere: patina report --out FILE") from error
    if as_json:
        fields = {"path": _shown(where, here.layout), "bytes": size, "sessions": made.sessions}
        print_json("report", {**fields, "since": since, "session": session})
    else:
        click.echo(f"Report: {_shown(where, here.layout)} ({_amount(made.sessions, size)})")
    if opening and click.launch(str(where.absolute())):
        raise PatinaError("no browser could be started", f"Open the file yourself: {where}")


def _serve(here: Here, asked: page.Asked, port: int, *, opening: bool) -> None:
    """Show the report until somebody presses Ctrl-C, which is its end and no failure."""
    from patina_sessions.readers.report.live import Live
    from patina_sessions.system import loopback

    live = Live(here.layout, asked, lambda: record_first(here))
    live.pieces()  # what cannot be shown is said now, and not to a browser
    with loopback.served(
        {"": ("html", live.pieces), "version": ("plain", live.version)}, port=port
    ) as server:
        try:
            click.echo(f"Report: {server.url} (Ctrl-C ends it)")
            if opening:
                click.launch(server.url)
            server.serve_forever(poll_interval=0.2)
        except KeyboardInterrupt:
            click.echo("Ended", err=True)


def _since(text: str | None, now: datetime) -> datetime | None:
    from patina_sessions.readers import ago

    if text is None:
        return None
    moment = ago.moment(text, now)
    if moment is None:
        raise PatinaError(f"{text} is no date", f"Write it as {ago.FORMS.format('')}")
    return moment


def _ours(layout: Layout) -> Path:
    """Return where the report lies that nobody gave a name: beside the active journal, where git ignores it."""
    from patina_sessions.system import files

    if not files.is_inside(layout.local, layout.top):
        raise PatinaError(".patina/local leads out of the repository: nothing is written through it")
    files.make_folder(layout.local, 0o755)
    return layout.local / "report.html"


def _shown(path: Path, layout: Layout) -> str:
    """Return a path as it is said: relative to the top level where it lies below it."""
    absolute = path.absolute()
    inside = absolute.is_relative_to(layout.top)
    return absolute.relative_to(layout.top).as_posix() if inside else str(path)


def _amount(sessions: int, size: int) -> str:
    from patina_sessions.recorder import words

    return f"{words.plural(sessions, 'session')}, {words.size(size)}"
