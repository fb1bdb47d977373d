"""What a session came to, in the words of those who were there: the brief that the next one begins with. Pure.

What stands in it came from another session, perhaps of a stranger's clone: it is redacted and made safe again, line by
line, since it goes into a new journal and before an assistant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice

from patina_sessions import redact, safe
from patina_sessions.journal.grammar import Journal
from patina_sessions.readers import columns, points
from patina_sessions.readers.facts import Facts

WORDS = 220  # the whole of it, labels included
_GOALS, _GOAL_WORDS = 5, 14
_POINT_WORDS, _LONG_POINT_WORDS = 28, 45
_QUIET = 60  # with fewer words of its own a session passes on what it knew of the one before
_HEADINGS: tuple[tuple[points.Kind, str], ...] = (
    ("work", "Work completed"),
    ("decision", "Key decisions"),
    ("pattern", "Patterns observed and key insights"),
    ("challenge", "Challenges faced"),
    ("next", "Next steps"),
    ("said", "Noted"),
    ("commit", "Commits"),
)
_EARLIER = 10  # sessions that are named behind a short brief
_MORE = 4  # words of `- and 12 more`
_SHORTEST = 8  # words, below which nothing more is said
_LABELS = sum(len(heading.split()) for _, heading in _HEADINGS)


def brief(
    journal: Journal, found: Facts, *, whose: str | None = None, between: str = "", carried: bool = False
) -> str:
    """Return the brief of a session: at most `WORDS` words, most needed first.

    `whose` names its author where that is somebody else, `between` says what happened since, `carried` that its open
    goals are the new session's too.
    """
    first = " ".join(filter(None, (_outcome(found, whose), tests(journal), _sentence(between))))
    goals = open_goals(journal)
    head = [first, *([_open(goals, carried=carried)] if goals else [])]
    known = "\n".join(head)
    cut = _cut(journal, _POINT_WORDS)
    chosen, left = _chosen(journal, cut, known, room=WORDS - points.size(known) - _LABELS)
    if sum(points.size(point.text) for point in chosen) < _QUIET:
        head += _before(journal)
    return redact.redact("\n\n".join([*head, *_blocks(chosen, left)]))


def within(journal: Journal, found: Facts, place: str, *, words: int) -> str:
    """Return the brief of a session in at most `words` words, with every open goal and failing test as it was written.

    `place` is where the rest can be read; it stands there whenever a decision of the last update does not.
    """
    failed = _failed(journal)
    first = " ".join(filter(None, (_numbers(found), tests(journal) if not failed else "")))
    head = [first, *_listed("Open goals", open_goals(journal)), *_listed("Failing tests", failed)]
    known = "\n".join(head)
    more = f"Whole journal: {safe.path(place)}"
    cut = _cut(journal, _LONG_POINT_WORDS)
    room = words - points.size(known) - points.size(more)
    chosen, left = list[points.Point](), 0
    while room > _SHORTEST:
        chosen, left = _chosen(journal, cut, known, room=room)
        text = "\n\n".join([*head, *_blocks(chosen, left), more])
        if len(text.split()) <= words:
            break
        room -= max(3, len(text.split()) - words)
    else:
        chosen = []
    return redact.redact("\n\n".join([*head, *_blocks(chosen, left), more]))


def _cut(journal: Journal, most: int) -> list[points.Point]:
    cut = (replace(point, text=short(point.text, most)) for point in points.of(journal))
    return [point for point in cut if point.text]


def _chosen(
    journal: Journal, cut: Sequence[points.Point], known: str, *, room: int
) -> tuple[list[points.Point], int]:
    """Return the points that are told, and how many commits are left out; to say that needs room, too."""
    count = points.commits(journal)
    for spared in (0, _MORE):
        chosen = points.choose(cut, known, room=room - spared)
        chosen = points.with_commits(cut, chosen, room=room - spared)
        left = count - sum(point.kind == "commit" for point in chosen)
        if left <= 0:
            break
    return chosen, left


def and_before(said: str, earlier: Iterable[Facts], *, words: int) -> str:
    """Return a brief with the sessions before it, a line each, as far as there is room in so many words."""
    lines = ["**Before it:**"]
    left = words - len(said.split()) - len(lines[0].split())
    for found in islice(earlier, _EARLIER):
        line = f"- {redact.redact(_numbers(found))}"
        left -= len(line.split())
        if left < 0:
            break
        lines.append(line)
    return "\n\n".join([said, "\n".join(lines)]) if len(lines) > 1 else said


def _numbers(found: Facts) -> str:
    """Return the outcome as `_outcome` does, in half the words."""
    day = f", {found.started.astimezone(found.zone):%Y-%m-%d}" if found.started else ""
    numbers = [found.work_type or "", count(found.commits, "commit"), count(found.files, "file")]
    said = f"“{safe.line(found.title, limit=100)}” ({safe.line(found.id, limit=60)}{day})"
    return f"{said}: {safe.line(', '.join(filter(None, numbers)))}." if any(numbers) else f"{said}."


def _listed(heading: str, names: Sequence[str]) -> list[str]:
    return (
        ["\n".join([f"**{heading}:**", *(f"- {safe.line(name, limit=1000)}" for name in names)])]
        if names
        else []
    )


def _failed(journal: Journal) -> list[str]:
    runs = (journal.archived or {}).get("runs")
    runs = [run for run in runs if isinstance(run, dict)] if isinstance(runs, list) else []
    last: dict[str, object] = next((run for run in reversed(runs) if run.get("kind") == "test"), {})
    names = last.get("failed_names")
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _blocks(chosen: Sequence[points.Point], left: int) -> list[str]:
    """Return what was chosen under its headings; `left` commits are not told."""
    kinds = {point.kind for point in chosen}
    more = {"commit": [f"- and {left:,} more"] if left > 0 else []}
    return [
        "\n".join(
            [
                f"**{heading}:**",
                *(f"- {point.text}" for point in chosen if point.kind == kind),
                *more.get(kind, ()),
            ]
        )
        for kind, heading in _HEADINGS
        if kind in kinds
    ]


def open_goals(journal: Journal) -> list[str]:
    """Return the goals that are not done, each once, in their order."""
    return list(dict.fromkeys(goal.text for goal in journal.goals if not goal.done))


def _outcome(found: Facts, whose: str | None) -> str:
    said = f"The last session, “{safe.line(found.title, limit=100)}”"
    said += f" ({safe.line(found.id, limit=60)})" if found.id else ""
    said += f", by {safe.line(whose, limit=80)}," if whose else ""
    said += f" took {columns.length(found.seconds)}" if found.seconds is not None else " was"
    said += f" on {found.started.astimezone(found.zone):%Y-%m-%d}" if found.started else ""
    numbers = [
        safe.line(found.work_type, limit=40) if found.work_type else "",
        count(found.commits, "commit"),
        f"{count(found.files, 'file')} changed" if found.files is not None else "",
    ]
    return f"{said}: {', '.join(filter(None, numbers))}." if any(numbers) else f"{said}."


def count(number: int | None, noun: str) -> str:
    """Return `no commits`, `1 commit`, `2 commits`, or nothing for what is not known."""
    if not number:
        return "" if number is None else f"no {noun}s"
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def tests(journal: Journal) -> str:
    """Say how the last test run ended and which tests failed in it; nothing where there was none."""
    runs = (journal.archived or {}).get("runs")
    runs = [run for run in runs if isinstance(run, dict)] if isinstance(runs, list) else []
    last = next((run for run in reversed(runs) if run.get("kind") == "test"), None)
    if last is None:
        return ""
    counts = [f"{last[name]} {name}" for name in ("passed", "failed") if isinstance(last.get(name), int)]
    names = last.get("failed_names")
    failed = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
    said = f"The last test run {safe.line(str(last.get('outcome')), limit=40)}"
    said += f": {', '.join(counts)}" if counts else ""
    if failed:
        more = f" and {len(failed) - 3} more" if len(failed) > 3 else ""
        said += f" ({', '.join(safe.code(name[:120]) for name in failed[:3])}{more})"
    return said + "."


def _sentence(text: str) -> str:
    said = safe.line(text, limit=300).rstrip(".") if text.strip() else ""
    return f"{said[:1].upper()}{said[1:]}." if said else ""


def _open(goals: Sequence[str], *, carried: bool) -> str:
    named = "; ".join(short(goal, _GOAL_WORDS) or "(empty)" for goal in goals[:_GOALS])
    more = f"; and {len(goals) - _GOALS} more" if len(goals) > _GOALS else ""
    return f"Open goals{', carried over' if carried else ''}: {named}{more}."


def _before(journal: Journal) -> list[str]:
    """Return what the session itself was told of the one before it."""
    said = short(journal.previous_context, _QUIET)
    return [f"Before it: {said}"] if points.size(said) > 3 else []


def short(text: str, most: int) -> str:
    """Return text as one safe line of at most so many words, without emphasis, cut where a clause ends if one does."""
    while (plain := re.sub(r"\*\*|(?<!\w)__|__(?!\w)", "", text)) != text:
        text = plain  # what stood around one sign may be the next
    words = text.split()
    if len(words) > most:
        ends = (i for i in range(most, most // 2, -1) if words[i - 1][-1] in ".;:,)—–")
        kept = " ".join(words[: next(ends, most)])
        if kept.count("`") % 2:  # the cut went through a code span
            kept = kept[: kept.rindex("`")]
        words = [kept.rstrip(" ,;:—–-("), "…"]
    said = " ".join(words)
    return safe.line(said, limit=300) if said.strip("-–—… ") else ""
