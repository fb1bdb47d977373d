"""The command line: parses, calls one function, prints what it returns. A command imports its doer in its own body.

This is one of the three boundaries: what a user can cause becomes one line `Error:` and one line `Hint:`; a fault of
ours leaves a crash report in the git directory and says where.
"""

from __future__ import annotations

import errno
import importlib
import os
import sys
from typing import Any

import click

from patina_sessions import __version__
from patina_sessions.errors import PatinaError

# name -> (module, attribute, one line for the help). The help is printed without importing any of them.
COMMANDS: dict[str, tuple[str, str, str]] = {
    "init": ("init", "init", "Set Patina up in this repository"),
    "session": ("session", "session", "Start, update, note, goal, status, end"),
    "note": ("session", "note", "Add a note to the active session"),
    "goal": ("session", "goal", "Add a goal, or tick one"),
    "status": ("session", "status", "Say what is going on"),
    "rename": ("session", "rename", "Give a session another title"),
    "list": ("reading", "list_", "List sessions"),
    "show": ("reading", "show", "Show a session's journal"),
    "search": ("search", "search", "Find the sessions that spoke of it"),
    "explain": ("explain", "explain", "Say why a line, a file or a commit is as it is"),
    "report": ("report", "report", "The memory as a page to look at"),
    "goals": ("memory", "goals", "List the open goals of all sessions"),
    "context": ("reading", "context", "What the next one has to know"),
    "watch": ("watch", "watch", "Watch the files of the session, in the foreground"),
    "record": ("record", "record", "Record now what is unrecorded"),
    "build": ("run", "build", "Build the project in its workspace, in Docker"),
    "test": ("run", "test", "Test the project in its workspace"),
    "exec": ("run", "exec_", "Run a command in the workspace"),
    "runs": ("runs", "runs", "List, show and compare runs"),
    "workspace": ("workspace", "workspace", "Status, stop and removal of the workspace"),
    "clean": ("workspace", "clean", "Remove what Patina made in the engine"),
    "yolo": ("yolo_runs", "yolo", "Let an autonomous agent work where it can hurt nothing"),
    "statusline": ("statusline", "statusline", "The session in a few words, for an agent's status line"),
    "mcp": ("mcp", "mcp", "Answer an agent that speaks MCP"),
    "hook": ("hook", "hook", "What Patina's own processes ask for"),
    "import": ("importing", "import_", "Take in journals, or make them of git's history"),
    "export": ("memory", "export", "The record for other programs"),
    "completion": ("completion", "completion", "Completion for bash, zsh and fish"),
    "doctor": ("doctor", "doctor", "Say what is wrong here, and what to do"),
    "check": ("check", "check", "Refuse journals with secrets, or that no reader understands"),
    "gc": ("keeping", "gc", "Remove logs of old runs and events of sessions archived long ago"),
    "rebuild": ("keeping", "rebuild", "Write a journal anew from its events, beside the old one"),
    "forget": ("keeping", "forget", "Take a session, or a text, out of all that Patina keeps"),
    "off": ("switch", "off", "Do nothing by itself here, until it is on again"),
    "on": ("switch", "on", "Record again"),
    "uninstall": ("init", "uninstall", "Take Patina out again, byte for byte"),
}
HIDDEN = ("hook",)  # nobody types these


class ReaderLeft(Exception):
    """Whoever read our output has left. click would make an exit with 1 of it, without a word."""


class Commands(click.Group):
    """A group whose commands are imported when they are called."""

    def invoke(self, ctx: click.Context) -> Any:
        """Call the command."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise ReaderLeft from error

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the names in the order of a user's day."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the one command that is called."""
        found = COMMANDS.get(cmd_name)
        if found is None:
            return None
        command = getattr(importlib.import_module(f"{__name__}.{found[0]}"), found[1])
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing any."""
        with formatter.section("Commands"):
            shown = [(name, words) for name, (_, _, words) in COMMANDS.items() if name not in HIDDEN]
            formatter.write_dl(shown)


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog='Example: patina init && patina session start "fix the parser"',
)
@click.version_option(__version__, prog_name="patina")
@click.pass_context
def patina(ctx: click.Context) -> None:
    """The flight recorder of software development with an AI assistant."""
    if ctx.invoked_subcommand is None:
        from patina_sessions.cli.session import overview

        overview()


def main() -> None:
    """Run the command line and leave with its exit code."""
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    sys.exit(answer(sys.argv[1:]))


def _open_what_is_closed() -> None:
    """Put the null device where a standard stream is closed, as git does: what the command does is done all the same.

    Else the next file that is opened would be taken for that stream, by us or by a program that we start.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)  # the lowest that is free
            if null != number:
                os.dup2(null, number)
                os.close(null)
            os.set_inheritable(number, True)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", encoding="utf-8", closefd=False))


def answer(argv: list[str]) -> int:
    """Run one command line and return its exit code; whatever goes wrong is told here, and nowhere else."""
    try:
        code = patina.main(args=argv, prog_name="patina", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.UsageError as error:
        return _usage(error, argv)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted", err=True)
        return 130
    except PatinaError as error:
        return _told(error.message, error.hint, argv, code=error.code)
    except (BrokenPipeError, ReaderLeft):
        # Whoever read our output has left; a flush at exit would say so again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        # Files have their own words (system/disk.py): what is left is our output, redirected to a disk that is full, to
        # what is open for reading alone, or to a terminal that was hung up.
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EBADF, errno.EIO):
            return _crashed(error, argv)
        told = unwritable(error)
        return _told(told.message, told.hint, argv, code=told.code)
    except Exception as fault:  # noqa: BLE001 - the boundary: a fault of ours is reported, never shown as a traceback
        return _crashed(fault, argv)


def unwritable(error: OSError) -> PatinaError:
    """Return what is said of standard output that takes nothing, and let nobody write there any more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    hint = "Free some space where it goes to." if full else "Look at where it goes."
    return PatinaError(f"cannot write the output: {error.strerror}", hint)


def _crashed(fault: Exception, argv: list[str]) -> int:
    from patina_sessions.cli import crash

    where = crash.report(fault, argv)
    return _told(
        f"a fault of Patina: {type(fault).__name__}", f"Please report it, with {where}", argv, code=3
    )


def _usage(error: click.UsageError, argv: list[str]) -> int:
    # A group without a command; click 8.1, which does not know the name, shows its help itself.
    if type(error).__name__ == "NoArgsIsHelpError":
        click.echo(error.format_message(), err=True)
        return 2
    path = error.ctx.command_path if error.ctx is not None else "patina"
    return _told(error.format_message(), f"See: {path} --help", argv, code=2)


def _told(message: str, hint: str | None, argv: list[str], *, code: int) -> int:
    from patina_sessions import safe

    message = safe.visible(" ".join(message.split()))
    if "--json" in argv:
        print_json("error", {"error": message, "hint": hint, "code": code})
        return code
    click.echo(f"Error: {message}", err=True)
    if hint:
        click.echo(f"Hint: {hint}", err=True)
    return code


def print_json(command: str, fields: dict[str, Any]) -> None:
    """Print one object with its schema's name."""
    import json

    click.echo(json.dumps({"schema": f"patina.{command}/1", **fields}, indent=2))
