"""What stands in a journal's log, by kind and moment: the marks of the timeline. Pure.

The kinds are told by the words that the recorder writes; what a person wrote in other words is `other`. An entry has
only a clock, so its day is told by the order: a time that is earlier than the one before it, and by more than a
person's rounding, is of the next day.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple, TypeAlias

from patina_sessions.frozen import dataclass
from patina_sessions.journal.grammar import Entry
from patina_sessions.sources.agents import NAMES

Kind: TypeAlias = Literal[
    "start", "commit", "run", "yolo", "note", "update", "turn", "goal", "files", "git", "other"
]

_ROUNDING = timedelta(minutes=30)
_COMMIT = re.compile(
    r"(?:Commit|Amend|Merge|Cherry-pick|Revert|Patch applied) (?:[0-9a-f]{7,64} → )?([0-9a-f]{7,64})(?::|$)"
)
_RUN = re.compile(
    r"(Build|Test|Exec|YOLO run) "
    r"(passed|failed|timed out|interrupted|out of memory|engine lost|output lost)$"
)
_WORDS: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (re.compile(r"Session Start$"), "start"),
    (re.compile(r"Note\b"), "note"),
    (re.compile(r"(?:Final )?Update\b"), "update"),
    (re.compile(rf"(?:{'|'.join(NAMES.values())}): |Agent in worktree "), "turn"),
    (re.compile(r"Goal (?:added|done): "), "goal"),
    (re.compile(r"Files worked on\b"), "files"),
    (re.compile(r"(?:Rebase|Checkout|Reset|Pull|Push|Fast-forward|HEAD moved)\b"), "git"),
)
_TESTS = re.compile(r"^Tests: (.+)$", re.MULTILINE)
_COUNT = re.compile(r"([\d,]+) (passed|failed|skipped)")
_COMMAND = re.compile(r"^Command: (`+) ?(.+?) ?\1$", re.MULTILINE)
_LOG = re.compile(r"^Log: patina runs show (\S+)$", re.MULTILINE)
_NAMED = re.compile(r"^Failed:\n((?:- .*(?:\n|\Z))+)", re.MULTILINE)
_NAME = re.compile(r"^- (`+) ?(.+?) ?\1$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as the journal tells it, with the numbers of the archive's comment where they are there."""

    kind: str  # build, test, exec, yolo
    outcome: str
    command: str = ""
    passed: int | None = None
    failed: int | None = None
    skipped: int | None = None
    failed_names: tuple[str, ...] = ()


class Moment(NamedTuple):
    """One entry of a log; a tuple, as are the others of which there are thousands: made in a third of the time.

    `at` is in the zone in which it was written; None where the journal tells no time.
    """

    number: int  # its place in the journal, from 0
    kind: Kind
    at: datetime | None
    what: str
    body: str
    commit: str | None = None  # the id as its heading has it, often only the beginning
    run: Run | None = None


def of(
    entries: Sequence[Entry], *, started: datetime | None, runs: Sequence[Mapping[str, Any]] = ()
) -> Iterator[Moment]:
    """Yield the entries of a journal as moments; `started` is in the zone of the journal."""
    known = {str(run.get("id")): run for run in runs}
    clock = started.replace(second=0, microsecond=0) if started else None
    for number, entry in enumerate(entries):
        clock = _when(clock, entry)
        kind, commit = _kind(entry.what)
        run = _run(entry, known) if kind in ("run", "yolo") else None
        yield Moment(
            number=number,
            kind=kind,
            at=clock if entry.time else None,
            what=entry.what,
            body=entry.body,
            commit=commit,
            run=run,
        )


def _kind(what: str) -> tuple[Kind, str | None]:
    made = _COMMIT.match(what)
    if made is not None:
        return "commit", made[1]
    run = _RUN.match(what)
    if run is not None:
        return ("yolo" if run[1] == "YOLO run" else "run"), None
    return next((kind for pattern, kind in _WORDS if pattern.match(what)), "other"), None


def _when(before: datetime | None, entry: Entry) -> datetime | None:
    """Return when an entry was written, given when the one before it was."""
    if before is None or entry.time is None:
        return before
    hours, minutes = int(entry.time[:2]), int(entry.time[3:5])
    if hours > 23 or minutes > 59:
        return before
    at = before.replace(hour=hours, minute=minutes)
    try:
        if entry.date is not None:
            day = datetime.fromisoformat(entry.date)
            return at.replace(year=day.year, month=day.month, day=day.day)
        return at + timedelta(days=1) if before - at > _ROUNDING else at
    except (ValueError, OverflowError):
        return before


def _run(entry: Entry, known: Mapping[str, Mapping[str, Any]]) -> Run:
    head = _RUN.match(entry.what)
    assert head is not None, "its kind says so"
    word, outcome = head.groups()
    counts = {
        name: int(number.replace(",", "")) for number, name in _COUNT.findall(_line(_TESTS, entry.body))
    }
    named = _NAMED.search(entry.body)
    log = _LOG.search(entry.body)
    meta = known.get(log[1], {}) if log else {}
    names = meta.get("failed_names")
    if not isinstance(names, list):
        names = [name for _, name in _NAME.findall(named[1])] if named else []
    command = _COMMAND.search(entry.body)
    return Run(
        kind={"YOLO run": "yolo"}.get(word, word.lower()),
        outcome=outcome,
        command=command[2] if command else "",
        passed=counts.get("passed"),
        failed=counts.get("failed"),
        skipped=counts.get("skipped"),
        failed_names=tuple(str(name) for name in names),
    )


def _line(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""


def times(given: Iterable[Moment]) -> list[datetime]:
    """Return the moments that have a time, in order of time."""
    return sorted(one.at for one in given if one.at is not None)
