"""`patina build`, `patina test`, `patina exec`: the project's own commands in its workspace, in Docker."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from patina_sessions.cli import print_json, unwritable
from patina_sessions.cli.where import json_option, place
from patina_sessions.errors import PatinaError

if TYPE_CHECKING:
    from patina_sessions.model import RunFinished, RunStarted
    from patina_sessions.runs.performance import Asked, Place
    from patina_sessions.runs.run import Done, Tell
    from patina_sessions.session.active import Here

Command = Callable[..., int]
_NO_SANDBOX = (
    "It works on your own tree, with your rights to it: this is convenience, and no sandbox."
    " What was run, and how it ended, goes into the session's journal."
)


def options(command: Command) -> Command:
    """Give a command the options that all three have."""
    for option in reversed(
        (
            click.option("--image", metavar="NAME", help="Run in this image instead of the project's."),
            click.option("--timeout", metavar="TIME", help="End it after so long: 90, 5m, 1h."),
            click.option(
                "--env",
                "variables",
                multiple=True,
                metavar="NAME",
                help="Hand on a variable; may be repeated.",
            ),
            click.option("--pull", is_flag=True, help="Pull the image where the engine does not have it."),
            click.option("--dry-run", is_flag=True, help="Only say what was found and would be run."),
            json_option,
        )
    ):
        command = option(command)
    return command


no_cache = click.option("--no-cache", "fresh", is_flag=True, help="Build the image anew, without its cache.")
extra_words = click.argument("extra", nargs=-1, type=click.UNPROCESSED)


@click.command(epilog="Example: patina build --timeout 10m", help=f"Build the project. {_NO_SANDBOX}")
@options
@no_cache
@extra_words
def build(extra: tuple[str, ...], fresh: bool, **given: Any) -> int:
    """Build the project."""
    return _run("build", extra, fresh=fresh, **given)


@click.command(
    epilog="Example: patina test -- -k parser",
    help=f"Test the project; EXTRA goes to its runner. {_NO_SANDBOX}",
)
@options
@no_cache
@extra_words
def test(extra: tuple[str, ...], fresh: bool, **given: Any) -> int:
    """Test the project."""
    return _run("test", extra, fresh=fresh, **given)


@click.command(
    name="exec",
    epilog="Example: patina exec -- python3 -m this",
    context_settings={"ignore_unknown_options": False, "allow_interspersed_args": False},
    help=f"Run a command in the workspace. {_NO_SANDBOX}",
)
@options
@no_cache
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def exec_(command: tuple[str, ...], fresh: bool, **given: Any) -> int:
    """Run a command in the workspace."""
    return _run("exec", command, fresh=fresh, **given)


@contextmanager
def ours() -> Iterator[None]:
    """Let what Patina or the engine could not do leave with 125, so that it is not taken for the command's own code."""
    try:
        yield
    except PatinaError as error:
        error.code = 125
        raise


def standing(here: Here) -> Place:
    """Return where the user stands, as the runs want it."""
    from patina_sessions.runs.performance import Place

    return Place(layout=here.layout, folder=Path.cwd(), settings=here.settings)


def _run(
    kind: Literal["build", "test", "exec"],
    words: tuple[str, ...],
    *,
    image: str | None,
    timeout: str | None,
    variables: tuple[str, ...],
    pull: bool,
    fresh: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    from patina_sessions.runs import performance, request
    from patina_sessions.runs.image import Wish
    from patina_sessions.system import clock

    with ours():
        here = place()
        asked = performance.Asked(
            kind=kind,
            extra=words,
            image=image,
            timeout=request.seconds(timeout) if timeout else 0.0,
            variables=variables,
            wish=Wish(pull=pull, fresh=fresh),
            interactive=not as_json,
        )
        if dry_run:
            return _said(standing(here), asked, as_json=as_json)
        voices = performance.Voices(show=_show(as_json=as_json), say=_say, tell=recorder(here))
        done = performance.perform(standing(here), asked, clock.now(), voices)
    if done is not None and done.unrecorded:
        _say(
            f"How it ended is not recorded yet: {done.unrecorded}. The next command does it, once there is room."
        )
    if as_json:
        print_json(
            kind, {"run": None if done is None else run_json(done.data), "code": done.code if done else 0}
        )
    else:
        _sum_up(kind, done)
    return done.code if done is not None else 0


def _said(where: Place, asked: Asked, *, as_json: bool) -> int:
    from patina_sessions import safe
    from patina_sessions.runs import performance, request

    found, command = performance.look(where, asked)
    if as_json:
        print_json("found", {"found": found.lines(), "command": list(command) or None})
        return 0
    for line in found.lines():
        click.echo(safe.line(line, limit=500))
    if not command and asked.kind == "build" and found.dockerfile is not None:
        click.echo("would build the image, where it is new or has changed, and run nothing")
    else:
        click.echo(f"would run: {safe.line(request.shown(command), limit=500) if command else 'nothing'}")
    return 0


def _show(*, as_json: bool) -> Callable[[int, bytes], None]:
    """Return what hands the command's bytes to the user as they are; with --json, standard output is for that alone."""

    def show(stream: int, data: bytes) -> None:
        out = sys.stderr if stream == 2 or as_json else sys.stdout
        try:
            out.buffer.write(data)
            out.buffer.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise unwritable(error) from error

    return show


def _say(words: str) -> None:
    from patina_sessions import safe

    click.echo(safe.visible(words), err=True)


def recorder(here: Here) -> Tell:
    """Return what writes the beginning and the end of a run into the event log, and the journal."""
    from patina_sessions.model import RunStarted
    from patina_sessions.recorder.drain import recording
    from patina_sessions.system import clock

    def tell(data: RunStarted | RunFinished) -> None:
        with recording(here.layout, here.settings, clock.now()) as r:
            if isinstance(data, RunStarted) and not data.still:
                r.add(data)
                # What the end needs is loaded while the engine starts the command: 40 ms in which we only wait.
                needed = "patina_sessions.recorder.intake"
                threading.Thread(target=importlib.import_module, args=(needed,), daemon=True).start()
            else:
                r.take(data)

    return tell


def run_json(data: RunFinished) -> dict[str, Any]:
    """Return a finished run as JSON shows it."""
    return {
        "id": data.run,
        "kind": data.kind,
        "command": data.command,
        "image": data.image or None,
        "where": data.where or None,
        "outcome": data.outcome,
        "exit_code": data.exit_code,
        "seconds": data.seconds,
        "passed": data.passed,
        "failed": data.failed,
        "skipped": data.skipped,
        "failed_names": list(data.failed_names),
        "newly_failing": list(data.newly_failing),
        "newly_passing": list(data.newly_passing),
        "details": list(data.details),
    }


def counts(data: RunFinished) -> str:
    """Return the numbers of a test run in words, nothing where it had none."""
    numbers = ((data.passed, "passed"), (data.failed, "failed"), (data.skipped, "skipped"))
    return ", ".join(f"{n} {word}" for n, word in numbers if n is not None)


def _sum_up(kind: str, done: Done | None) -> None:
    """Say how it ended, on standard error; a plain `exec` is as silent as `docker exec`."""
    if done is None:
        click.echo("The image is there; the project has no command to build more.", err=True)
        return
    data = done.data
    plain = (
        kind == "exec" and data.outcome in ("passed", "failed") and not data.exit_words and not data.details
    )
    if plain:
        return
    numbers = counts(data)
    code = f", exit code {data.exit_code}" if data.outcome == "failed" else ""
    words = f" ({data.exit_words})" if data.exit_words else ""
    click.echo(
        f"{kind.capitalize()} {data.outcome}{code}{words}: {numbers + ', ' if numbers else ''}{data.seconds:.1f} s,"
        f" run {data.run}",
        err=True,
    )
    for detail in data.details:
        _say(detail)
    for title, names in (("began to fail", data.newly_failing), ("ceased to fail", data.newly_passing)):
        if names:
            more = f" and {len(names) - 5} more" if len(names) > 5 else ""
            _say(f"{title}: {', '.join(names[:5])}{more}")
