"""`patina explain`: why a line, a file, a commit or a range is as it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from patina_sessions.cli import print_json
from patina_sessions.cli.completion import files
from patina_sessions.cli.where import json_option, place

if TYPE_CHECKING:
    from patina_sessions.readers.explain import Told

_HOW = {
    "id": "",
    "rewritten": "rewritten since",
    "patch": "the same change as",
    "squash": "all of its commits in one, up to",
    "tree": "the same files as",
}


@click.command(
    epilog="Example: patina explain HEAD~2; patina explain src/parser.py:14; patina explain v1.0..main"
)
@click.argument("what", metavar="COMMIT|RANGE|FILE[:LINE]", shell_complete=files)
@json_option
def explain(what: str, as_json: bool) -> None:
    """Say which session made it, what was asked and decided then, what proved it, and what came after.

    Found through amends, rebases, squashes and cherry-picks; what is not known is said to be unknown.
    """
    from patina_sessions.errors import PatinaError
    from patina_sessions.readers import explain as doer
    from patina_sessions.readers import gather
    from patina_sessions.recorder.drain import drain, peek
    from patina_sessions.system import clock
    from patina_sessions.system.git import Git

    here = place()
    try:
        drain(here.layout, here.settings, clock.now())
    except PatinaError as error:
        click.echo(f"Warning: nothing can be recorded now: {error.message}", err=True)
    with Git(here.layout.git, here.layout.top) as git:
        wanted = doer.commits(git, what, top=here.layout.top, folder=Path.cwd())
        state = peek(here.layout, here.settings)
        active = None
        if state.session is not None:
            active = doer.Active(
                session=state.session.id, path=here.layout.journal, made=frozenset(state.made)
            )
        sources = gather.repository(here.layout)
        told = doer.explain(git, wanted, sources, active=active, at=here.layout.common.index)
    if as_json:
        print_json("explain", {"commits": [_as_json(t) for t in told]})
        return
    for number, one in enumerate(told):
        if number:
            click.echo()
        _print(one)


def _print(told: Told) -> None:
    from patina_sessions import safe
    from patina_sessions.readers.explain import moment

    commit = told.commit
    day = moment(commit.authored).strftime("%Y-%m-%d")
    click.echo(f"{commit.id[:10]} {safe.line(commit.subject)} ({safe.line(commit.author)}, {day})")
    if told.tie is None:
        click.echo("  Session: unknown")
        return
    words = _HOW[told.tie.how]
    by = f" ({words} {told.tie.commit[:10]})" if words else ""
    click.echo(f"  Session: {told.tie.session}, {safe.line(told.title)}{by}")
    for name, texts in (
        ("Asked for", told.goals),
        ("Decided", told.decisions),
        ("Noted", told.notes),
        ("Proved by", told.runs),
        ("Taken back by", told.reverted_by),
        ("Later on the same files", [f"{session}, {title}" for session, title in told.later]),
    ):
        for text in texts:
            click.echo(f"  {name}: {safe.line(text, limit=300)}")


def _as_json(told: Told) -> dict[str, Any]:
    tie = told.tie
    return {
        "commit": told.commit.id,
        "subject": told.commit.subject,
        "session": tie.session if tie else None,
        "tie": tie.how if tie else None,
        "as": tie.commit if tie else None,
        "title": told.title or None,
        "author": told.author or None,
        "goals": list(told.goals),
        "decisions": list(told.decisions),
        "notes": list(told.notes),
        "runs": list(told.runs),
        "reverted_by": list(told.reverted_by),
        "later": [{"id": session, "title": title} for session, title in told.later],
    }
