"""`patina gc`, `rebuild` and `forget`: what is kept, what is made anew of it, and what is not to be kept at all."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from patina_sessions.cli import print_json
from patina_sessions.cli.completion import session_ids
from patina_sessions.cli.where import json_option, place
from patina_sessions.paths import shown

if TYPE_CHECKING:
    from patina_sessions.session.active import Here
    from patina_sessions.session.forget import Forgotten


def _shown(here: Here, path: Path) -> str:
    return shown(path, here.layout.top)


@click.command(epilog="Example: patina gc --dry-run")
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@json_option
def gc(dry_run: bool, as_json: bool) -> None:
    """Remove logs of old runs, and events of sessions archived long ago. Never a journal.

    `patina session end` does it at most once a day. How long things are kept: the settings `gc.*`.
    """
    from patina_sessions import safe
    from patina_sessions.recorder import words
    from patina_sessions.session import expiry
    from patina_sessions.system import clock

    here = place()
    done = expiry.collect(here.layout.common, here.settings, clock.now(), dry_run=dry_run)
    size = sum(one.size for one in done.removed)
    if as_json:
        rows = [{"path": _shown(here, o.path), "bytes": o.size, "why": o.why} for o in done.removed]
        print_json("gc", {"done": not dry_run, "removed": rows, "bytes": size, "busy": list(done.busy)})
        return
    for one in done.removed:
        verb = "would remove" if dry_run else "removed"
        where = safe.visible(_shown(here, one.path))
        click.echo(f"{verb} {where} ({words.size(one.size)}): {one.why}")
    for key in done.busy:
        click.echo(f"worktree {key} is being recorded and was passed over", err=True)
    if not done.removed:
        click.echo("There is nothing to remove.")
    else:
        click.echo(f"{words.size(size)} in all; journals are kept")


@click.command(epilog="Example: patina rebuild 20261125-0931")
@click.argument("session", metavar="ID", shell_complete=session_ids)
@json_option
def rebuild(session: str, as_json: bool) -> None:
    """Write a session's journal anew from its events, beside the one that is there, which is not touched.

    What a person wrote into the journal is in no event: compare the two.
    """
    from patina_sessions import safe
    from patina_sessions.session import rebuild as doer

    here = place()
    done = doer.rebuild(here, session)
    old = None if done.old is None else _shown(here, done.old)
    if as_json:
        print_json("rebuild", {"id": done.session, "path": done.path, "old": old, "same": done.same})
        return
    said = "There is no other to compare it with."
    if done.old is not None:
        look = shlex.join(["diff", os.path.relpath(done.old), os.path.relpath(done.path)])
        said = f"It says the same as {old}." if done.same else f"It differs from {old}: {look}"
    click.echo(safe.visible(f"Written: {done.path}. {said}"))


@click.command(
    epilog="Example: patina forget --dry-run 'the secret'; printf %s \"$SECRET\" | patina forget -"
)
@click.argument("what", metavar="ID|TEXT", shell_complete=session_ids)
@click.option("--text", "as_text", is_flag=True, help="A text, though it looks like the id of a session.")
@click.option("--dry-run", is_flag=True, help="Only say where it stands.")
@json_option
def forget(what: str, as_text: bool, dry_run: bool, as_json: bool) -> None:
    """Take a session (its whole id), or every place of a text, out of journals, log, mirrors and index.

    With `-` the text is read from standard input, so that no shell keeps it. Commits and indexes of git that hold it
    in a message, in the name of a file or in a file of Patina's are named and left; your own files are not looked into.
    """
    from patina_sessions.cli.where import text_or_stdin
    from patina_sessions.session import forget as doer
    from patina_sessions.system import clock

    here = place()
    done = doer.forget(here, text_or_stdin((what,)), clock.now(), dry_run=dry_run, as_text=as_text)
    if as_json:
        rows = [
            {"path": _shown(here, c.path), "count": c.count, "removed": c.after is None} for c in done.changes
        ]
        print_json(
            "forget",
            {
                "done": not dry_run,
                "session": done.session,
                "changes": rows,
                "commits": [{"id": h.commit, "path": h.path, "name": h.name} for h in done.commits],
                "staged": [_shown(here, one.top / one.path) for one in done.staged],
                "whole": done.whole,
                "packed": [_shown(here, path) for path in done.packed],
                "tags": list(done.tags),
                "mentions": [_shown(here, path) for path in done.mentions],
            },
        )
        return
    _say_forgotten(here, done, dry_run=dry_run)


def _say_forgotten(here: Here, done: Forgotten, *, dry_run: bool) -> None:
    from patina_sessions import safe
    from patina_sessions.recorder.words import plural

    for change in done.changes:
        what = "remove" if change.after is None else f"take it out {plural(change.count, 'time')} of"
        verb = (
            f"would {what}"
            if dry_run
            else {"remove": "removed"}.get(what, f"taken out {plural(change.count, 'time')} of")
        )
        click.echo(f"{verb} {safe.visible(_shown(here, change.path))}")
    if not done.changes:
        click.echo("Patina keeps it nowhere.")
    for one in done.staged:
        elsewhere = [] if one.top == here.layout.top else ["-C", str(one.top)]
        command = safe.visible(shlex.join(["git", *elsewhere, "add", one.path]))
        where = safe.visible(_shown(here, one.top / one.path))
        click.echo(f"still in git's index: {where}; when the file is without it: {command}")
    for holder in done.commits:
        where = f"in {safe.path(holder.path)}" if holder.path else "in its message"
        where = f"in the name of {safe.path(holder.path)}" if holder.path and holder.name else where
        click.echo(f"still held by commit {holder.commit[:10]}, {where}")
    if done.commits:
        click.echo("Commits are git's: to take it out of those, rewrite the history (git filter-repo).")
    if any(holder.name for holder in done.commits):
        click.echo(
            "The name of a file that a session changed comes into its journal again when the session ends."
        )
    if done.session is None:
        click.echo("Your own files are not looked into, here or in commits: git log --all -S TEXT")
    if not done.whole:
        click.echo("Not all contents of commits are in this partial clone: look for it in a whole one, too.")
    for path in done.packed:
        run = safe.visible(path.stem)
        click.echo(
            f"may hold it: {safe.visible(_shown(here, path))}; bring that work home or give it up:"
            f" patina yolo recover {run}, patina yolo rm {run}"
        )
    for path in done.mentions:
        click.echo(f"named in {safe.visible(_shown(here, path))}")
    if done.tags:
        click.echo(f"its tags stay: git tag -d {' '.join(map(safe.visible, done.tags))}")
