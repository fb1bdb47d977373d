"""`patina doctor`: what could be wrong here, whether it is, and what to do."""

from __future__ import annotations

import click

from patina_sessions.cli import print_json, where

_MARKS = {"ok": "ok   ", "note": "note ", "wrong": "WRONG"}


@click.command(epilog="Example: patina doctor; patina doctor --fix")
@click.option("--fix", "mend", is_flag=True, help="Mend what can be mended without asking.")
@where.json_option
@click.pass_context
def doctor(ctx: click.Context, mend: bool, as_json: bool) -> None:
    """Look at everything that could be wrong, ring the bell for real, and say what to do.

    The exit code is 1 where something is wrong.
    """
    from patina_sessions import safe
    from patina_sessions.setup import doctor as doer
    from patina_sessions.system import clock

    repository = where.repository()
    done = doer.fix(repository, clock.now()) if mend else []
    checks = doer.examine(repository)
    wrong = any(check.level == "wrong" for check in checks)
    if as_json:
        rows = [{"name": c.name, "level": c.level, "words": c.words, "hint": c.hint} for c in checks]
        print_json("doctor", {"wrong": wrong, "fixed": done, "checks": rows})
    else:
        for line in done:
            click.echo(f"fixed {safe.visible(line)}")
        for check in checks:
            click.echo(f"{_MARKS[check.level]} {check.name}: {safe.visible(check.words)}")
            if check.hint and check.level != "ok":
                click.echo(f"      do: {safe.visible(check.hint)}")
    ctx.exit(1 if wrong else 0)
