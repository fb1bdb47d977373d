"""The journal that a transcript becomes: one entry a turn, marked as reconstructed. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from patina_sessions import redact, safe
from patina_sessions.journal import metadata, render
from patina_sessions.recorder.words import plural
from patina_sessions.session.transcript import Transcript
from patina_sessions.sources.agents import NAMES

FILES = 2000  # that the archive's comment names


def name(given: Transcript) -> str:
    """Return the id of its journal: when it began, by the clock of this machine, and whose it is."""
    assert given.started is not None
    local = given.started.astimezone()
    return f"{local:%Y%m%d-%H%M%S}-{given.agent}"


def journal(session: str, given: Transcript) -> str:
    """Return the journal of a transcript that has a turn at least."""
    assert given.started is not None
    title = redact.redact(given.title) or given.told[0][1].partition(": ")[2]
    head = [
        f"# Session: {safe.line(title, limit=100)}",
        f"**ID**: {session}",
        f"**Started**: {given.started:%Y-%m-%dT%H:%M:%SZ}",
        f"**LLM**: {given.agent}",
        f"**Reconstructed**: from a transcript of {NAMES[given.agent]}, by Patina",
    ]
    if given.branch:
        head.append(f"**Git Branch**: {safe.line(redact.redact(given.branch), limit=100)}")
    paths = [path for path in given.files if not path.startswith("outside: ")]
    classification = render.Classification(
        work_type="exploration" if not paths else "experiment",
        files=len(paths),
        commits=0,
        patterns=sum(render.is_pattern(path) for path in paths),
        tags="none",
    )
    text = "\n".join([*head, "", "## Activity Log", *_entries(given)])
    return f"{text}\n{render.classification(classification)}\n{metadata.comment(_facts(given, paths))}\n"


def _entries(given: Transcript) -> Iterator[str]:
    day = ""
    for moment, heading, body in given.told:
        at = moment.astimezone()
        stamp = f"{at:%H:%M}" if f"{at:%Y%m%d}" == day or not day else f"{at:%Y-%m-%d %H:%M}"
        day = f"{at:%Y%m%d}"
        yield f"### {stamp} - {heading}"
        yield from (body, "") if body else ("",)
    if given.more:
        yield f"… and {plural(given.more, 'more turn')}\n"


def _facts(given: Transcript, paths: list[str]) -> dict[str, object]:
    assert given.started is not None
    assert given.ended is not None
    return {
        "v": 1,
        "kept": True,
        "reconstructed": True,
        "started": given.started.isoformat(),
        "ended": given.ended.isoformat(),
        "tz": given.started.astimezone().strftime("%z"),
        "branch": redact.redact(given.branch),
        "commits": [],
        "files": paths[:FILES],
        "rewrites": [],
        "runs": [],
        "agents": [[given.agent, given.session]],
    }
