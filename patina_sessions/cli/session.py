"""`patina session …` and its short forms `patina note`, `goal`, `status`, `rename`; and the bare `patina`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from patina_sessions.cli import print_json
from patina_sessions.errors import NotARepository, NotSetUp, PatinaError

if TYPE_CHECKING:
    from patina_sessions.model import Session
    from patina_sessions.session.active import Here
    from patina_sessions.session.end import Finished
    from patina_sessions.session.status import Status

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def place() -> Here:
    """Return where the command runs, with git's own variables taken out of the process."""
    from patina_sessions.session import active
    from patina_sessions.system import processes

    git_dir = processes.forget_git()
    try:
        cwd = Path.cwd()
    except FileNotFoundError as error:
        raise PatinaError("the current folder is gone", "Change to a folder that is there: cd") from error
    return active.here(cwd, git_dir)


def text_or_stdin(words: tuple[str, ...]) -> str:
    """Return the words given, or standard input where there are none and it is no terminal."""
    if words and words != ("-",):
        return " ".join(words)
    if sys.stdin is None or sys.stdin.isatty():
        raise click.UsageError("a text is missing")
    return sys.stdin.buffer.read().decode("utf-8", "surrogateescape")


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
        fields = {**_session_json(begun.session), "journal": begun.journal, "context": begun.context or None}
        print_json("start", {**fields, "goals_carried": begun.carried, "ended": ended})
        return
    if begun.ended is not None:
        _say_ended(begun.ended)
    click.echo(f"Session {begun.session.id} started: {begun.session.title}")
    click.echo(f"Journal: {begun.journal}")
    if begun.carried:
        click.echo(f"{begun.carried} open goal{'s' if begun.carried != 1 else ''} carried over")
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
            "update", {**numbers, "uncommitted": done.uncommitted, "last_commit": done.data.last_commit}
        )
        return
    click.echo(f"Update {done.data.number} recorded")
    click.echo(f"Commits this session: {done.data.commits}; files not committed: {done.uncommitted}")
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
        print_json("status", _status_json(found))
        return
    for line in _status_lines(found):
        click.echo(line)


@session.command(epilog="Example: patina session end --commit")
@click.option("--commit", "with_commit", is_flag=True, help="Commit the archived journal, and nothing else.")
@click.option("--allow-secret", is_flag=True, help="Commit it even where it holds what looks like a secret.")
@click.option("--discard", is_flag=True, help="Do not archive it: move the journal aside.")
@json_option
def end(with_commit: bool, allow_secret: bool, discard: bool, as_json: bool) -> None:
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
        print_json("end", _end_json(done))
        return
    _say_ended(done)


def _say_ended(done: Finished) -> None:
    numbers = f"{done.commits} commit{'s' if done.commits != 1 else ''}, {done.files} files"
    click.echo(f"Session {done.session.id} ended: {done.work_type}, {numbers}")
    click.echo(f"Journal: {done.tree or done.archive}")
    if done.midway:
        click.echo(f"A {done.midway} is not over yet; what it makes from now on belongs to no session")
    if done.secrets:
        lines = ", ".join(str(n) for n in done.secrets[:5])
        click.echo(
            f"Warning: line {lines} of it looks like a secret; take it out before you commit it", err=True
        )
    if done.committed:
        click.echo(f"Committed as {done.committed[:10]}")
    elif done.not_committed:
        click.echo(f"Not committed: {done.not_committed}")
    elif done.tree:
        click.echo(
            "It is not committed; `git add -A` would take it in, `patina session end --commit` commits it alone"
        )
    else:
        click.echo("Nothing happened in it, so it is not in layer/sessions: patina list --all shows it")


@click.command(epilog='Example: patina rename "a better title"')
@click.argument("words", nargs=-1, required=True, metavar="[ID] TITLE")
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
        click.echo(
            f"Not in a git repository.\nPatina keeps a journal of the work in one.\nNext: {error.hint}"
        )
        return
    except NotSetUp:
        click.echo("Patina is not set up in this repository.\nNothing is recorded.\nNext: patina init")
        return
    found = doer.status(here, clock.now())
    lines = _status_lines(found)[:2]
    if found.session is None:
        following = 'patina session start "what you want to do"'
    else:
        following = "patina note TEXT, patina session update, or patina session end"
    where = found.journal or (f"last session: {found.last}" if found.last else "no session yet")
    for line in (*lines, where)[:3]:
        click.echo(line)
    click.echo(f"Next: {following}")


def _status_lines(found: Status) -> list[str]:
    from patina_sessions import safe

    s = found.session
    where = f"On {safe.line(found.branch or 'a detached HEAD')} at {(found.head or 'no commit yet')[:10]}"
    if s is None:
        lines = ["No active session", where]
        if found.outside:
            lines.append(f"{found.outside} commits since the last session's end")
    else:
        lines = [
            f"Session {s.id}: {safe.line(s.title)}, since {s.started.strftime('%Y-%m-%d %H:%M')}",
            f"{where}; {s.commits} commits, {s.notes} notes, {s.updates} updates, {s.runs} runs",
            f"Journal: {found.journal or 'missing; the next command brings it back'}",
        ]
        if found.idle_seconds > 3600:
            lines.append(f"Nothing recorded for {found.idle_seconds / 3600:.0f} hours")
        lines += [f"  [{'x' if g.done else ' '}] {g.number}. {safe.line(g.text)}" for g in found.goals]
    if found.unrecorded:
        lines.append(f"Warning: nothing can be recorded now: {found.unrecorded}")
    return lines


def _session_json(s: Session) -> dict[str, Any]:
    return {
        "id": s.id,
        "title": s.title,
        "started": s.started.isoformat(),
        "llm": s.llm,
        "branch": s.branch,
        "commit": s.commit,
        "tag": s.tag,
    }


def _status_json(found: Status) -> dict[str, Any]:
    s = found.session
    counts = {"commits": s.commits, "notes": s.notes, "updates": s.updates, "runs": s.runs} if s else None
    return {
        "session": {**_session_json(s), **(counts or {}), "last_event": s.last_event.isoformat()}
        if s
        else None,
        "branch": found.branch,
        "head": found.head,
        "journal": found.journal,
        "goals": [{"number": g.number, "text": g.text, "done": g.done} for g in found.goals],
        "idle": found.idle_seconds if s else None,
        "last": found.last,
        "outside": found.outside,
        "unrecorded": found.unrecorded,
    }


def _end_json(done: Finished) -> dict[str, Any]:
    return {
        "id": done.session.id,
        "archive": done.archive,
        "journal": done.tree,
        "work_type": done.work_type,
        "commits": done.commits,
        "files": done.files,
        "secret_lines": list(done.secrets),
        "committed": done.committed,
        "not_committed": done.not_committed,
        "midway": done.midway,
    }
