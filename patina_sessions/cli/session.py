"""`patina session …` and its short forms `patina note`, `goal`, `status`, `rename`; and the bare `patina`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from patina_sessions.cli import print_json, session_words
from patina_sessions.cli.completion import first_word
from patina_sessions.cli.where import json_option, place, text_or_stdin
from patina_sessions.errors import NotARepository, NotSetUp, PatinaError


@click.group(epilog='Example: patina session start "fix the parser" --goal "the fuzzer runs an hour"')
def session() -> None:
    """Start, update, note, goal, status and end of a session."""


@session.command(epilog='Example: patina session start "fix the parser" --goal "the fuzzer runs an hour"')
@click.argument("title", nargs=-1, required=True)
@click.option(
    "--goal", "goals", multiple=True, metavar="TEXT", help="A goal of the session; may be repeated."
)
@click.option("--llm", metavar="NAME", help="Who assists; found out from the environment where not given.")
@click.option("--end-active", is_flag=True, help="End the session that is active first.")
@json_option
def start(
    title: tuple[str, ...], goals: tuple[str, ...], llm: str | None, end_active: bool, as_json: bool
) -> None:
    """Start a session; its journal begins with what the previous ones left."""
    from patina_sessions.session import start as doer
    from patina_sessions.system import clock

    begun = doer.start(
        place(), " ".join(title), clock.now(), goals=goals, assistant=llm, end_active=end_active
    )
    if as_json:
        ended = begun.ended.session.id if begun.ended else None
        fields = {
            **session_words.session_json(begun.session),
            "journal": begun.journal,
            "context": begun.context or None,
        }
        print_json("start", {**fields, "goals_carried": begun.carried, "ended": ended})
        return
    if begun.ended is not None:
        session_words.say_ended(begun.ended)
    click.echo(f"Session {begun.session.id} started: {begun.session.title}")
    click.echo(f"Journal: {begun.journal}")
    if begun.carried:
        from patina_sessions.recorder.words import plural

        click.echo(f"{plural(begun.carried, 'open goal')} carried over")
    if begun.context:
        click.echo(f"\nPrevious session:\n{begun.context}")
    click.echo(
        "\nCommits record themselves. Next: patina note TEXT, patina session update, patina session end"
    )


@session.command(
    epilog='Example: patina session update --work "parser done" --decision "no recursion: stack depth"'
)
@click.option("--work", multiple=True, metavar="TEXT", help="Work completed; may be repeated.")
@click.option(
    "--decision", multiple=True, metavar="TEXT", help="A key decision, with its reason; may be repeated."
)
@click.option("--challenge", multiple=True, metavar="TEXT", help="A challenge faced; may be repeated.")
@click.option("--pattern", multiple=True, metavar="TEXT", help="A pattern observed; may be repeated.")
@click.option("--from-json", "source", metavar="FILE", help='The same as JSON, from a file or "-".')
@json_option
def update(source: str | None, as_json: bool, **given: tuple[str, ...]) -> None:
    """Write down where things stand; without options the four headings are put there to be filled."""
    from patina_sessions import safe
    from patina_sessions.session import update as doer
    from patina_sessions.system import clock

    points = doer.points(given)
    if source is not None:
        raw = sys.stdin.buffer.read() if source == "-" else _file(source)
        points = doer.from_json(raw.decode("utf-8", "surrogateescape"))
    done = doer.update(place(), points, clock.now())
    if as_json:
        numbers = {"number": done.data.number, "since": done.data.since, "commits": done.data.commits}
        print_json(
            "update",
            {
                **numbers,
                "uncommitted": done.uncommitted,
                "last_commit": done.data.last_commit,
                "subjects": list(done.since),
            },
        )
        return
    click.echo(f"Update {done.data.number} recorded")
    click.echo(f"Commits this session: {done.data.commits}; files not committed: {done.uncommitted}")
    if done.since:
        click.echo(f"Since the last update: {len(done.since)}")
    for subject in done.since[-10:]:
        click.echo(f"  {safe.line(subject, limit=100)}")
    if done.reminder:
        click.echo(f"Reminder: {done.reminder}")
    if not any(points.values()):
        click.echo("Four headings are in the journal to be filled: .patina/local/active-session.md")


def _file(name: str) -> bytes:
    from patina_sessions.system import files

    data = files.read(Path(name))
    if data is None:
        raise PatinaError(f"there is no file {name}", 'Name a JSON file, or "-" for standard input.')
    return data


@session.command(epilog='Example: patina note "the cache is keyed by mtime: that is the flake"')
@click.argument("text", nargs=-1)
@json_option
def note(text: tuple[str, ...], as_json: bool) -> None:
    """Add a note; TEXT, or standard input. It carries the branch and the commit of this moment."""
    from patina_sessions.session import note as doer
    from patina_sessions.system import clock

    event = doer.note(place(), text_or_stdin(text), clock.now())
    if as_json:
        print_json("note", {"seq": event.seq, "time": event.time.isoformat()})
        return
    click.echo(f"Noted at {event.time.strftime('%H:%M')}")


@session.command(epilog='Example: patina goal "the fuzzer runs an hour"; patina goal --done 1')
@click.argument("text", nargs=-1)
@click.option(
    "--done", type=click.IntRange(min=1), metavar="N", help="Tick goal N, counted in the file as it is."
)
@json_option
def goal(text: tuple[str, ...], done: int | None, as_json: bool) -> None:
    """Add a goal to the session, or tick one."""
    from patina_sessions.session import note as doer
    from patina_sessions.system import clock

    if (done is not None) == bool(text):
        raise click.UsageError("give a text, or --done N")
    if done is not None:
        ticked = doer.done(place(), done, clock.now())
        number, words, state = done, ticked.text, "done"
    else:
        words = " ".join(text)
        number, state = doer.goal(place(), words, clock.now()), "open"
    if as_json:
        print_json("goal", {"number": number, "text": words, "done": state == "done"})
        return
    click.echo(f"Goal {number} {state}: {words}")


@session.command(epilog="Example: patina session status --json")
@json_option
def status(as_json: bool) -> None:
    """Say what is going on in this worktree."""
    from patina_sessions.session import status as doer
    from patina_sessions.system import clock

    here = place()
    found = doer.status(here, clock.now())
    if as_json:
        print_json("status", session_words.status_json(found))
        return
    for line in session_words.status_lines(found):
        click.echo(line)


@session.command(epilog="Example: patina session end --commit")
@click.option(
    "--commit",
    "with_commit",
    is_flag=True,
    help="Commit the archived journal alone, unsigned and without your hooks.",
)
@click.option("--allow-secret", is_flag=True, help="Commit it even where it holds what looks like a secret.")
@click.option("--discard", is_flag=True, help="Do not archive it: move the journal aside.")
@json_option
@click.pass_context
def end(ctx: click.Context, with_commit: bool, allow_secret: bool, discard: bool, as_json: bool) -> None:
    """End the session and archive its journal in layer/sessions."""
    from patina_sessions.session import end as doer
    from patina_sessions.system import clock

    here = place()
    if discard:
        where = doer.discard(here, clock.now())
        if as_json:
            print_json("discard", {"journal": where})
        else:
            click.echo(f"Session discarded; its journal is kept in {where}")
        return
    commit = with_commit or here.settings.flag("session.commit")
    done = doer.end(here, clock.now(), with_commit=commit, allow_secret=allow_secret)
    if as_json:
        print_json("end", session_words.end_json(done))
    else:
        session_words.say_ended(done)
    if with_commit and done.refusal is not None:
        ctx.exit(1)  # it has ended all the same, and what is asked for once more is a commit of git's


@click.command(epilog='Example: patina rename "a better title"')
@click.argument("words", nargs=-1, required=True, metavar="[ID] TITLE", shell_complete=first_word)
def rename(words: tuple[str, ...]) -> None:
    """Give the active session, or an archived one, another title."""
    from patina_sessions.session import rename as doer
    from patina_sessions.system import clock

    click.echo(f"Renamed: {doer.rename(place(), words, clock.now())}")


def overview() -> None:
    """Say the state in three lines and the next command."""
    from patina_sessions.session import status as doer
    from patina_sessions.system import clock

    try:
        here = place()
    except NotARepository as error:
        from patina_sessions import safe

        said = safe.visible(error.message[:1].upper() + error.message[1:])
        click.echo(f"{said}.\nPatina keeps a journal of the work in a repository.\nNext: {error.hint}")
        return
    except NotSetUp:
        click.echo("Patina is not set up in this repository.\nNothing is recorded.\nNext: patina init")
        return
    found = doer.status(here, clock.now())
    lines = session_words.status_lines(found)[:2]
    if found.session is None:
        following = 'patina session start "what you want to do"'
    else:
        following = "patina note TEXT, patina session update, or patina session end"
    where = found.journal or (f"last session: {found.last}" if found.last else "no session yet")
    for line in (*lines, where)[:3]:
        click.echo(line)
    click.echo(f"Next: {following}")
