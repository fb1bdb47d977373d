"""`patina init` and `patina uninstall`: what is about to be done is a plan, shown by `--dry-run`, then carried out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from patina_sessions.cli import print_json, where
from patina_sessions.cli.where import json_option, place

if TYPE_CHECKING:
    from patina_sessions.setup.plan import Plan
    from patina_sessions.system.repository import Repository


def _print_plan(plan: Plan, command: str, *, as_json: bool, done: bool, lines: tuple[str, ...] = ()) -> None:
    from patina_sessions import safe
    from patina_sessions.setup.plan import shown

    if as_json:
        steps = [{"what": s.what, "path": shown(s.path, plan.repository), "why": s.why} for s in plan.steps]
        notes = [{"about": n.about, "text": n.text} for n in plan.notes]
        print_json(command, {"done": done, "steps": steps, "notes": notes})
        return
    if not done and not plan.steps:
        click.echo("There is nothing to change.")
    for step in plan.steps if not done else ():
        what = " ".join((step.path.name, *step.argv[1:])) if step.argv else shown(step.path, plan.repository)
        click.echo(f"would {step.what} {safe.line(what, limit=400)}: {step.why}")
    for line in "\n".join(lines).splitlines():
        click.echo(safe.visible(line))
    for note in plan.notes:
        click.echo(f"{safe.line(note.about)}: {note.text}")


@click.command(epilog="Example: patina init --dry-run; patina init --agent claude")
@click.option("--claude-md", is_flag=True, help="Let CLAUDE.md (or AGENTS.md) import the last session.")
@click.option(
    "--agent",
    "agents",
    multiple=True,
    type=click.Choice(["claude", "codex", "gemini", "opencode", "auto"]),
    help="Record what this coding agent does, too; may be repeated.",
)
@click.option("--project", is_flag=True, help="Put its hooks into the project's settings, to be shared.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@json_option
def init(claude_md: bool, agents: tuple[str, ...], project: bool, dry_run: bool, as_json: bool) -> None:
    """Set Patina up in this repository, or bring it up to this version. `patina uninstall` undoes it."""
    from patina_sessions.setup import init as doer
    from patina_sessions.system import clock

    if project and not agents:
        raise click.UsageError("--project says where the hooks of --agent go")
    repository = where.repository()
    plan = doer.plan(repository, memory=claude_md)
    heard = _agents(repository, agents, project=project)
    found = _found(repository)
    if dry_run:
        _print_plan(_both(plan, heard), "init", as_json=as_json, done=False, lines=found)
        return
    done = doer.apply(plan, clock.now())
    lines = done.lines + found
    if heard is not None:
        heard, more = _set_up(heard)
        lines += more
    _print_plan(_both(done.plan, heard), "init", as_json=as_json, done=True, lines=lines)


def _both(plan: Plan, heard: Plan | None) -> Plan:
    if heard is None:
        return plan
    return replace(plan, steps=plan.steps + heard.steps, notes=plan.notes + heard.notes)


def _found(repository: Repository) -> tuple[str, ...]:
    """Say what `build` and `test` would run in Docker, where something was found."""
    from patina_sessions.runs import project
    from patina_sessions.system import configured

    found = project.find(repository.top, configured.load(repository.top, git=repository.git_dir))
    known = found.test or found.build
    return tuple(f"In Docker, {line}" for line in found.lines()) if known else ()


def _agents(repository: Repository, agents: tuple[str, ...], *, project: bool) -> Plan | None:
    import os

    from patina_sessions.setup import agents as doer

    return doer.plan(repository, agents, os.environ, project=project) if agents else None


def _set_up(heard: Plan) -> tuple[Plan, tuple[str, ...]]:
    import os

    from patina_sessions.session import ahead
    from patina_sessions.setup import agent_checks, agent_places
    from patina_sessions.setup import agents as doer

    done = doer.apply(heard, os.environ)
    ahead.write(place())
    if not done.steps:
        return done, ("The agents are set up already; there is nothing to change.",)
    places = agent_checks.places(heard.repository, os.environ)
    names = dict.fromkeys(agent_places.NAMES[p.agent] for p in places if p.ours)
    said = f"What {', '.join(names)} does here is told in the journal from now on."
    return done, (said,) if names else ()


@click.command(epilog="Example: patina uninstall --dry-run")
@click.option("--purge", is_flag=True, help="Remove what was recorded in the git directory, too; not tags.")
@click.option("--lose-session", is_flag=True, help="With --purge: even a session in progress, and its notes.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@json_option
def uninstall(purge: bool, lose_session: bool, dry_run: bool, as_json: bool) -> None:
    """Take Patina out of this repository: every hook and file as it was; journals and knowledge stay."""
    from patina_sessions.setup import uninstall as doer

    if lose_session and not purge:
        raise click.UsageError("--lose-session is for --purge: without it no session is lost")
    plan = doer.plan(where.repository(), purge=purge, lose_session=lose_session)
    if dry_run:
        _print_plan(plan, "uninstall", as_json=as_json, done=False)
        return
    done = doer.apply(plan)
    _print_plan(done.plan, "uninstall", as_json=as_json, done=True, lines=done.lines)
