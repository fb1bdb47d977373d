"""What `patina yolo` says of a run: before it, in numbers for a program, and when it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from patina_sessions.cli import print_json
from patina_sessions.cli.run import run_json

if TYPE_CHECKING:
    from patina_sessions.runs.yolo.order import Order
    from patina_sessions.runs.yolo.performance import Done
    from patina_sessions.runs.yolo.stage import Place


def say(words: str) -> None:
    """Say something of ours on standard error."""
    from patina_sessions import safe

    click.echo(safe.visible(words), err=True)


def dry_run(where: Place, order: Order, *, as_json: bool) -> int:
    """Say what would be run, on what, and what would not be taken along."""
    from patina_sessions import safe
    from patina_sessions.runs.yolo import source

    found = source.find(where.repository, reference=order.reference, with_changes=order.with_changes)
    image = order.image or where.settings.text("yolo.image") or None
    limits = order.limits
    if as_json:
        fields = {
            "command": order.words,
            "from": found.start,
            "branch": found.branch,
            "image": image,
            "network": order.reach.words,
            "memory": limits.memory,
            "pids": limits.pids,
            "timeout": order.timeout or None,
            "left_out": list(found.left_out),
        }
        print_json("yolo.dry-run", fields)
        return 0
    click.echo(f"would run: {safe.line(order.words, limit=500)}")
    click.echo(f"on a clone of {found.start[:10]} ({safe.line(found.branch)}), network {order.reach.words}")
    click.echo(f"image: {safe.line(image or 'one of ours, built on first use')}")
    until = f", at most {order.timeout:g} s" if order.timeout else ""
    click.echo(f"held to: memory {limits.memory}, {limits.pids} processes{until}")
    for what in found.left_out:
        click.echo(f"not taken along: {safe.line(what, limit=400)}")
    return 0


def done_json(done: Done) -> dict[str, Any]:
    """Return what a program hears of a run that is over."""
    branches = [] if done.home is None else [tip.ref.removeprefix("refs/heads/") for tip in done.home.tips]
    inside = None if done.home is None else done.home.contents
    return {
        "run": run_json(done.data),
        "name": done.ticket.name or None,
        "branches": branches,
        "commits": inside.count if inside else None,
        "files": inside.files if inside else None,
        "home": done.home is not None,
        "recover": f"patina yolo recover {done.ticket.short}" if done.waits else None,
        "code": done.code,
    }


def complain(done: Done, *, never_began: bool) -> None:
    """Say as an error what is wrong beyond the program's own end."""
    short = done.ticket.short
    if done.waits:
        say(f"Error: the work of {short} is not home\nHint: patina yolo recover {short}")
    elif done.fault is not None:
        say(f"Error: {done.fault.message}" + (f"\nHint: {done.fault.hint}" if done.fault.hint else ""))
    elif never_began and done.data.outcome != "interrupted":
        why = done.data.exit_words or f"exit code {done.data.exit_code}"
        say(f"Error: the program of {short} did not begin: {why}")
        say(f"Hint: Is it in the image {done.data.image}, or in the clone? patina yolo logs {short}")


def sum_up(done: Done) -> None:
    """Say how a run ended, what it brought, and what comes next."""
    data = done.data
    code = f", exit code {data.exit_code}" if data.outcome == "failed" and data.exit_code is not None else ""
    words = f" ({data.exit_words})" if data.exit_words else ""
    say(f"YOLO run {data.outcome}{code}{words}: {data.seconds:.1f} s, run {data.run}")
    errors = () if done.fault is None or done.waits else (done.fault.message, done.fault.hint)  # said below
    for detail in (d for d in data.details if d not in errors):
        say(f"  {detail}")
    if done.home is not None and done.home.tips:
        name = done.home.tips[0].ref.removeprefix("refs/heads/")
        say(f"Next: patina yolo diff {done.ticket.short}, git log {name}, git merge {name}")
