"""`patina workspace status | stop | rm`, and `patina clean`: what Patina has in the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from patina_sessions.cli import print_json
from patina_sessions.cli.where import json_option, place
from patina_sessions.errors import PatinaError

if TYPE_CHECKING:
    from patina_sessions.runs.cleaning import Thing


@click.group(epilog="Example: patina workspace status")
def workspace() -> None:
    """The container in which this worktree's commands run."""


@workspace.command(epilog="Example: patina workspace status --json")
@json_option
def status(as_json: bool) -> None:
    """Say what the workspace is, and what the engine holds it to."""
    from patina_sessions.runs import cleaning
    from patina_sessions.system import docker

    here = place()
    with docker.connect() as engine:
        found = cleaning.workspaces(engine, here.layout)
        report = cleaning.engine_report(engine, here.layout)
    if as_json:
        things = [{"name": t.name, "state": t.state, "tree": t.tree or None} for t in found]
        print_json(
            "workspace.status",
            {
                "workspaces": things,
                "endpoint": report.endpoint,
                "version": report.version,
                "rootless": report.rootless,
                "limits": list(report.enforced),
                "not_enforced": list(report.not_enforced),
                "inside": list(report.inside),
            },
        )
        return
    for thing in found:
        click.echo(f"{thing.name}: {thing.state}, the tree {thing.tree}")
    if not found:
        click.echo("No workspace; the next patina test, build or exec makes one")
    click.echo(
        f"{report.product} {report.version} at {report.endpoint}{', rootless' if report.rootless else ''}"
    )
    click.echo(f"Limits that it can enforce: {', '.join(report.enforced) or 'none'}")
    if report.not_enforced:
        click.echo(f"Limits that it cannot enforce: {', '.join(report.not_enforced)}")
    if report.inside:
        click.echo(f"Seen from inside: {', '.join(report.inside)}")


@workspace.command(epilog="Example: patina workspace stop")
@click.option("--force", is_flag=True, help="Even while something runs in it.")
@json_option
def stop(force: bool, as_json: bool) -> None:
    """Stop the workspace; the next command wakes it."""
    _change("stop", force=force, as_json=as_json)


@workspace.command(epilog="Example: patina workspace rm")
@click.option("--force", is_flag=True, help="Even while something runs in it.")
@json_option
def rm(force: bool, as_json: bool) -> None:
    """Remove the workspace; the next command makes a new one."""
    _change("rm", force=force, as_json=as_json)


def _change(what: str, *, force: bool, as_json: bool) -> None:
    from patina_sessions.runs import cleaning
    from patina_sessions.system import docker

    here = place()
    with docker.connect() as engine:
        found = cleaning.workspaces(engine, here.layout)
        busy = cleaning.busy(here.layout)
        if not force and any(thing.id in busy for thing in found):
            raise PatinaError("something runs in the workspace", "Wait for it, or use --force: patina runs")
        for thing in found:
            if what == "stop":
                engine.stop(thing.id)
            else:
                engine.remove(thing.id)
    _tell(f"workspace.{what}", found, "stopped" if what == "stop" else "removed", as_json=as_json)


@click.command(epilog="Example: patina clean --dry-run; patina clean --all")
@click.option("--all", "all_", is_flag=True, help="What was made for other worktrees and repositories, too.")
@click.option("--force", is_flag=True, help="Even while something runs in it.")
@click.option("--lose-work", is_flag=True, help="Even the work of autonomous runs that is not home.")
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@json_option
def clean(all_: bool, force: bool, lose_work: bool, dry_run: bool, as_json: bool) -> None:
    """Remove what Patina made in the engine, and nothing that does not carry its label.

    The work of an autonomous run that is not home stays, and is named.
    """
    from patina_sessions.runs import cleaning
    from patina_sessions.system import docker

    here = place()
    with docker.connect() as engine:
        busy = set() if force else cleaning.busy(here.layout)
        found = [
            thing
            for thing in cleaning.everything(engine)
            if (all_ or thing.worktree == here.layout.key) and thing.id not in busy
        ]
        kept = [thing for thing in found if not lose_work and cleaning.holds_work(here.layout, thing)]
        found = [thing for thing in found if thing not in kept]
        if not dry_run:
            for thing in found:
                cleaning.remove(engine, thing)
    _tell("clean", found, "would be removed" if dry_run else "removed", as_json=as_json, kept=kept)


def _tell(
    command: str, found: list[Thing], done: str, *, as_json: bool, kept: list[Thing] | None = None
) -> None:
    from patina_sessions import safe

    if as_json:
        things = [{"kind": t.kind, "name": t.name, "state": t.state, "top": t.top or None} for t in found]
        waiting = {} if kept is None else {"kept": sorted({thing.run for thing in kept})}
        print_json(command, {"things": things, "done": done, **waiting})
        return
    for thing in found:
        click.echo(f"{done}: {thing.kind} {safe.line(thing.name)} ({thing.state}), of {safe.line(thing.top)}")
    for run in sorted({thing.run for thing in kept or ()}):
        click.echo(
            f"kept: the work of {safe.line(run)}, which is not home: patina yolo recover, or yolo rm --force"
        )
    if not found:
        click.echo("There is nothing of Patina's in the engine here")
