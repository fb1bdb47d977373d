"""What the commands of a session say of it: lines for a person, fields for a program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from patina_sessions.model import Session
    from patina_sessions.session.end import Finished
    from patina_sessions.session.status import Status
    from patina_sessions.sources.watcher.process import Report


def say_ended(done: Finished) -> None:
    """Say where the journal of an ended session lies, and what a person has to know of it."""
    from patina_sessions.recorder.words import plural

    numbers = f"{plural(done.commits, 'commit')}, {plural(done.files, 'file')}"
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
        click.echo(f"Committed as {done.committed[:10]}, unsigned and without your hooks")
    elif done.refusal:
        click.echo(f"Error: it is not committed: {done.refusal.message}\nHint: {done.refusal.hint}", err=True)
    elif done.tree and done.ignored:
        click.echo(f"It is not committed, and git ignores it ({done.ignored}): git add -f {done.tree}")
    elif done.tree:
        click.echo(f"It is not committed: git add {done.tree}, or next time: patina session end --commit")
    else:
        click.echo("Nothing happened in it, so it is not in layer/sessions: patina list --all shows it")


def status_lines(found: Status) -> list[str]:
    """Return the lines of `patina status`."""
    from patina_sessions import safe

    s = found.session
    where = f"On {safe.line(found.branch or 'a detached HEAD')}"
    where += f" at {found.head[:10]}" if found.head else ", no commit yet"
    if s is None:
        lines = ["No active session", where]
        if found.outside:
            from patina_sessions.recorder.words import plural

            lines.append(f"{plural(found.outside, 'commit')} since the last session's end")
    else:
        counts = (s.commits, "commit"), (s.notes, "note"), (s.updates, "update"), (s.runs, "run")
        counted = ", ".join(f"{n} {noun}{'' if n == 1 else 's'}" for n, noun in counts)
        lines = [
            f"Session {s.id}: {safe.line(s.title)}, since {s.started.strftime('%Y-%m-%d %H:%M')}",
            f"{where}; {counted}",
            f"Journal: {found.journal or 'missing; the next command brings it back'}",
        ]
        lines.append(found.watcher.words)
        if found.idle_seconds > 3600:
            from patina_sessions.recorder.words import plural

            lines.append(f"Nothing recorded for {plural(round(found.idle_seconds / 3600), 'hour')}")
        lines += [f"  [{'x' if g.done else ' '}] {g.number}. {safe.line(g.text)}" for g in found.goals]
    if found.off:
        lines.insert(1, f"Patina is {found.off}")
    if found.unrecorded:
        lines.append(f"Warning: nothing can be recorded now: {found.unrecorded}")
    return lines


def session_json(s: Session) -> dict[str, Any]:
    """Return what every JSON about a session begins with."""
    return {
        "id": s.id,
        "title": s.title,
        "started": s.started.isoformat(),
        "llm": s.llm,
        "branch": s.branch,
        "commit": s.commit,
        "tag": s.tag,
    }


def status_json(found: Status) -> dict[str, Any]:
    """Return the fields of `patina.status/1`."""
    s = found.session
    counts = {"commits": s.commits, "notes": s.notes, "updates": s.updates, "runs": s.runs} if s else None
    return {
        "session": {**session_json(s), **(counts or {}), "last_event": s.last_event.isoformat()}
        if s
        else None,
        "branch": found.branch,
        "head": found.head,
        "journal": found.journal,
        "goals": [{"number": g.number, "text": g.text, "done": g.done} for g in found.goals],
        "idle": found.idle_seconds if s else None,
        "last": found.last,
        "outside": found.outside,
        "watcher": watcher_json(found.watcher) if s else None,
        "off": found.off,
        "unrecorded": found.unrecorded,
    }


def end_json(done: Finished) -> dict[str, Any]:
    """Return the fields of `patina.end/1`."""
    return {
        "id": done.session.id,
        "archive": done.archive,
        "journal": done.tree,
        "work_type": done.work_type,
        "commits": done.commits,
        "files": done.files,
        "secret_lines": list(done.secrets),
        "committed": done.committed,
        "not_committed": f"{done.refusal.message}. {done.refusal.hint}" if done.refusal else None,
        "midway": done.midway,
    }


def watcher_json(found: Report) -> dict[str, Any]:
    """Return what a watcher says of itself."""
    return {
        "alive": found.alive,
        "pid": found.pid if found.alive else None,
        "since": found.since or None,
        "backend": found.backend or None,
        "why": found.why or None,
        "folders": found.folders,
        "told": found.told,
        "gaps": found.gaps,
        "missed": found.missed or None,
        "ended": found.ended or None,
    }
