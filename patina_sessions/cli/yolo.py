"""`patina yolo`: an autonomous program works on a clone in a container, and its work comes back as a branch."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from patina_sessions.cli import print_json, yolo_words
from patina_sessions.cli.run import ours, recorder
from patina_sessions.cli.where import json_option, place
from patina_sessions.cli.yolo_words import say

if TYPE_CHECKING:
    from patina_sessions.model import AgentEvent
    from patina_sessions.runs.yolo.order import Order
    from patina_sessions.runs.yolo.performance import Done
    from patina_sessions.runs.yolo.stage import Place, Voices
    from patina_sessions.session.active import Here
    from patina_sessions.system.background import Background, Foreground

_WORDS = (
    "It works on a clone, as an ordinary user without any capability, in a container with nothing of this machine"
    " in it; what it did comes back as the branch yolo/ID. This protects against accidents and careless agents: a"
    " container is no boundary against malware that has an exploit for the kernel."
)


class Yolo(click.Group):
    """A group whose unknown command is a task, if it has more than one word."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is meant: `patina yolo "two words"` is `patina yolo run "two words"`."""
        if args and " " in args[0].strip():
            return "run", run, args
        return super().resolve_command(ctx, args)


class Run(click.Command):
    """A command whose words after `--` are a program's, and those before it its own."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Set the program aside before click drops the mark."""
        if "--" in args:
            at = args.index("--")
            ctx.meta["program"] = tuple(args[at + 1 :])
            args = args[:at]
        return super().parse_args(ctx, args)


@click.group(
    cls=Yolo,
    epilog='Example: patina yolo "fix the flaky test"; patina yolo run -- ./fix-everything.sh',
    help=_WORDS,
)
def yolo() -> None:
    """Let an autonomous program work where it can hurt nothing."""


@yolo.command(
    cls=Run, epilog="Example: patina yolo run --timeout 30m -- ./fix-everything.sh", help=f"Run it. {_WORDS}"
)
@click.argument("task", nargs=-1)
@click.option("--agent", metavar="NAME", default="", help="The agent that gets the task; else yolo.agent.")
@click.option(
    "--from", "reference", metavar="REF", default="", help="Begin from this commit instead of HEAD."
)
@click.option("--with-changes", is_flag=True, help="Take uncommitted work along, as a commit of its own.")
@click.option("--image", metavar="NAME", default="", help="Run in this image.")
@click.option(
    "--network",
    metavar="WHOM",
    default="",
    help="Whom it may reach: none, agent, open, or hosts with commas between. [none; a task: agent]",
)
@click.option(
    "--env", "variables", multiple=True, metavar="NAME", help="Hand on a variable; may be repeated."
)
@click.option("--secret", "secrets", multiple=True, metavar="NAME=FILE", help="Hand on what is in a file.")
@click.option("--cpus", type=click.FloatRange(min=0), default=0.0, help="The most processors.")
@click.option("--memory", metavar="SIZE", default="", help="The most memory: 512m, 4g.")
@click.option("--timeout", metavar="TIME", help="End it after so long: 90, 5m, 1h.")
@click.option("--name", metavar="NAME", default="", help="What to call it by.")
@click.option("--raw", is_flag=True, help="Show its output with its escapes, at a terminal.")
@click.option("--detach", is_flag=True, help="Print its id and return once it runs; it goes on by itself.")
@click.option("--dry-run", is_flag=True, help="Only say what would be run.")
@json_option
@click.pass_context
def run(
    ctx: click.Context,
    /,
    task: tuple[str, ...],
    raw: bool,
    detach: bool,
    dry_run: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Run it."""
    program: tuple[str, ...] = ctx.meta.get("program", ())
    if bool(task) == bool(program):
        raise click.UsageError('give a task, or a program: patina yolo "fix it", patina yolo run -- CMD…')
    twin: Background | None = None
    if detach and not dry_run:
        from patina_sessions.system import background

        parted = background.part()
        if isinstance(parted, background.Foreground):
            return _detached(parted, as_json=as_json)
        twin = parted
    with ours():
        here = place()
        where, order = place_of(here), _order(here, " ".join(task), program, **given)
        if dry_run:
            return yolo_words.dry_run(where, order, as_json=as_json)
        done = _performed(here, where, order, twin, raw=raw and sys.stdout.isatty(), as_json=as_json)
    if done.unrecorded:
        say(
            f"How it ended is not recorded yet: {done.unrecorded}. The next command does it, once there is room."
        )
    if as_json:
        print_json("yolo.run", yolo_words.done_json(done))
    else:
        yolo_words.sum_up(done)
    yolo_words.complain(done, never_began=twin is not None and not twin.left)
    return done.code


def _performed(
    here: Here, where: Place, order: Order, twin: Background | None, *, raw: bool, as_json: bool
) -> Done:
    from patina_sessions.runs.run import new_id
    from patina_sessions.runs.yolo import performance
    from patina_sessions.system import clock

    now, voices = clock.now(), voices_of(here, raw=raw, as_json=as_json)
    run = new_id(now)
    if twin is not None:
        voices = replace(voices, begun=lambda: twin.leave(f"{run} {order.name}".encode()))
    return performance.perform(where, order, run, now, voices)


def _detached(parted: Foreground, *, as_json: bool) -> int:
    """Say which run goes on; where none does, the twin has said why."""
    if not parted.word:
        return parted.code
    run, _, name = parted.word.decode().partition(" ")
    if as_json:
        print_json("yolo.detach", {"id": run, "name": name or None})
        return 0
    click.echo(run)
    short = name or run
    say(f"It runs, and is watched to its end: patina yolo logs -f {short}, patina yolo stop {short}")
    return 0


def voices_of(here: Here, *, raw: bool, as_json: bool) -> Voices:
    """Return who hears what of a run."""
    from patina_sessions.recorder.drain import recording
    from patina_sessions.runs.yolo.stage import Voices
    from patina_sessions.system import clock

    def heard(events: Sequence[AgentEvent]) -> None:
        with recording(here.layout, here.settings, clock.now()) as r:
            r.take(*events)

    return Voices(show=_show(raw=raw, as_json=as_json), say=say, tell=recorder(here), heard=heard)


def place_of(here: Here) -> Place:
    """Return where a run begins from."""
    from patina_sessions.runs.yolo.stage import Place

    return Place(repository=here.repository, layout=here.layout, settings=here.settings)


def _order(here: Here, task: str, program: tuple[str, ...], *, timeout: str | None, **given: Any) -> Order:
    from patina_sessions.runs import request
    from patina_sessions.runs.yolo import agents, network, order

    settings = here.settings
    agent = agents.chosen(settings, given["agent"]) if task or given["agent"] else None
    reach = network.read(given["network"] or ("agent" if task else "none"), agent.hosts if agent else None)
    told = order.told(given["variables"], given["secrets"])
    if agent is not None:
        told = {**order.there(agent.variables), **told}
    return order.Order(
        command=agent.words(task) if agent and task else program,
        reference=given["reference"],
        with_changes=given["with_changes"],
        image=given["image"],
        reach=reach,
        agent=agent,
        environment=dict(agent.environment) if agent else {},
        told=told,
        limits=order.limits(settings, memory=given["memory"], cpus=given["cpus"]),
        timeout=request.seconds(timeout) if timeout else settings.number("yolo.timeout"),
        limit=request.size(settings.text("yolo.max_size")),
        largest=request.size(settings.text("yolo.max_file")),
        name=order.named(given["name"]),
        loosened=(*reach.loosened, *order.handed_on(told)),
    )


def _show(*, raw: bool, as_json: bool) -> Callable[[int, bytes], None]:
    """Return what shows the program's output: without what would steer a terminal, unless its user asked for that."""
    from patina_sessions.runs.plain import Plain

    plain = {1: Plain(), 2: Plain()}

    def show(stream: int, data: bytes) -> None:
        out = sys.stderr if stream == 2 or as_json else sys.stdout
        out.buffer.write(data if raw else plain[stream].feed(data).encode("utf-8", "replace"))
        out.buffer.flush()

    return show
