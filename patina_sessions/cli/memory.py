"""`patina goals` and `patina export`: what is still open, and the record for other programs."""

from __future__ import annotations

import click

from patina_sessions.cli import print_json
from patina_sessions.cli.where import json_option, place


@click.command(epilog="Example: patina goals; patina goals --stale")
@click.option("--stale", is_flag=True, help="Only those that stand for over 30 days, or were dropped.")
@json_option
def goals(stale: bool, as_json: bool) -> None:
    """List the open goals of all sessions, the oldest first."""
    from patina_sessions import redact, safe
    from patina_sessions.readers import goals as doer
    from patina_sessions.system import clock

    now = clock.now()
    found = [g for g in doer.open_goals(place().layout) if not stale or g.stale(now)]
    if as_json:
        rows = [
            {
                "text": g.text,
                "since": g.since.isoformat() if g.since else None,
                "session": g.session,
                "sessions": g.sessions,
                "dropped": g.dropped,
                "stale": g.stale(now),
            }
            for g in found
        ]
        print_json("goals", {"goals": rows})
        return
    if not found:
        click.echo("No open goal", err=True)
    for g in found:
        since = g.since.astimezone().strftime("%Y-%m-%d") if g.since else "unknown"
        carried = f", in {g.sessions} sessions" if g.sessions > 1 else ""
        mark = ", dropped without being done" if g.dropped else ", stale" if g.stale(now) else ""
        click.echo(f"- [ ] {safe.line(redact.redact(g.text), limit=300)} (since {since}{carried}{mark})")


@click.command(
    epilog="Example: patina export events > events.jsonl; patina export sessions | jq .sessions[0]"
)
@click.argument("what", type=click.Choice(["events", "sessions"]))
def export(what: str) -> None:
    """Print events as CloudEvents 1.0, one a line, or all finished sessions as one JSON document."""
    from patina_sessions.readers import exporting as doer

    layout = place().layout
    if what == "events":
        for line in doer.events(layout):
            click.echo(line)
    else:
        print_json("export", {"sessions": doer.sessions(layout)})
