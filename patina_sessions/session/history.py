"""Sessions of the past out of a repository's history: one author's commits with no long gap between them. Pure.

What a session meant nobody can know any more; which commits it made, when and on which files, can be told. Every such
journal says that it was reconstructed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from patina_sessions import redact, safe
from patina_sessions.journal import metadata, render
from patina_sessions.model import Id

FILES = 8  # of a commit that are named
MOST = 500  # commits of a session: a robot that commits every hour for years never makes a pause
_SEPARATOR = "\x1f"
FORMAT = "%x1e" + "%x1f".join(("%H", "%T", "%P", "%at", "%ad", "%an", "%ae", "%s"))
# What git's settings of the user could change in the answer; and nothing is fetched or run because of a look back.
CONFIG = ("-c", "protocol.allow=never", "-c", "log.showRoot=true")
OPTIONS = (
    *("--date=format:%z", "--encoding=UTF-8", "--no-renames", "--no-ext-diff", "--no-textconv"),
    *("--no-color", "--no-show-signature"),
)


@dataclass(slots=True, kw_only=True)
class Past:
    """One commit of the history. `zone` is the author's, in seconds east of Greenwich."""

    id: Id
    tree: Id
    parents: tuple[Id, ...]
    authored: int
    zone: int
    name: str
    mail: str
    subject: str
    files: list[tuple[str, str, str]] = field(default_factory=list)  # lines added, deleted, path


def commits(records: Iterable[bytes], *, counted: bool) -> Iterator[Past]:
    """Read what `git log -z --format=FORMAT` prints with `--numstat` (`counted`) or `--name-only`, commit by commit."""
    current: Past | None = None
    for raw in records:
        text = raw.decode("utf-8", "surrogateescape").removeprefix("\n")
        if text.startswith("\x1e"):
            if current is not None:
                yield current
            current = _head(text[1:])
        elif current is not None and text:
            numbers = text.split("\t", 2) if counted else ["-", "-", text]
            if len(numbers) == 3:
                current.files.append((numbers[0], numbers[1], numbers[2]))
    if current is not None:
        yield current


def _head(text: str) -> Past | None:
    parts = text.split(_SEPARATOR, 7)
    if len(parts) != 8 or not parts[3].lstrip("-").isdigit():
        return None
    commit, tree, parents, at, zone, name, mail, subject = parts
    return Past(
        id=commit,
        tree=tree,
        parents=tuple(parents.split()),
        authored=int(at),
        zone=_seconds(zone),
        name=name,
        mail=mail,
        subject=subject,
    )


def _seconds(zone: str) -> int:
    digits = zone[1:5]
    if len(zone) < 5 or not digits.isdigit():
        return 0
    size = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return -size if zone[0] == "-" else size


def sessions(history: Iterable[Past], *, gap: float) -> Iterator[list[Past]]:
    """Group commits, oldest first, by author and by gaps of more than `gap` hours; a group is given once it is over.

    After `MOST` commits it is, whatever follows.
    """
    going: dict[str, list[Past]] = {}
    for commit in history:
        for author in [a for a, group in going.items() if commit.authored - group[-1].authored > gap * 3600]:
            yield going.pop(author)
        author = commit.mail.casefold() or commit.name
        group = going.setdefault(author, [])
        group.append(commit)
        if len(group) == MOST:
            yield going.pop(author)
    yield from going.values()


def moment(commit: Past) -> datetime:
    """Return when a commit was written, in its author's zone; what no calendar has becomes 1970."""
    try:
        return datetime.fromtimestamp(commit.authored, timezone(timedelta(seconds=commit.zone)))
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def journal(session: str, group: list[Past], *, major_files: float, feature_commits: float) -> str:
    """Return the journal of a group of commits."""
    first, last = group[0], group[-1]
    start, end = moment(first), moment(last)
    paths = sorted({path for commit in group for _, _, path in commit.files})
    kind = render.work_type(len(group), paths, major_files=major_files, feature_commits=feature_commits)
    more = f" and {len(group) - 1} more" if len(group) > 1 else ""
    head = [
        f"# Session: {_line(first.subject, 100)}{more}",
        f"**ID**: {session}",
        f"**Started**: {start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "**LLM**: none",
        "**Reconstructed**: from git's history, by Patina",
        f"**Author**: {_line(f'{first.name} <{first.mail}>', 120)}",
        f"**Starting Commit**: {first.parents[0] if first.parents else 'none'}",
        "",
        "## Activity Log",
    ]
    classification = render.Classification(
        work_type=kind,
        files=len(paths),
        commits=len(group),
        patterns=sum(render.is_pattern(p) for p in paths),
        tags="none",
    )
    return (
        "\n".join([*head, *_entries(group)])
        + "\n"
        + render.classification(classification)
        + _comment(group, paths, end)
    )


def _entries(group: list[Past]) -> Iterator[str]:
    day = ""
    for commit in group:
        at = moment(commit)
        stamp = f"{at:%H:%M}" if f"{at:%Y%m%d}" == day or not day else f"{at:%Y-%m-%d %H:%M}"
        day = f"{at:%Y%m%d}"
        yield f"### {stamp} - Commit {commit.id[:10]}: {_line(commit.subject, 200)}"
        for added, deleted, path in commit.files[:FILES]:
            counts = "" if added == "-" else f" (+{added} −{deleted})"
            yield f"- {safe.path(path)}{counts}"
        if len(commit.files) > FILES:
            yield f"- … and {len(commit.files) - FILES} more files"
        yield ""


def _comment(group: list[Past], paths: list[str], end: datetime) -> str:
    first = group[0]
    meta = {
        "v": 1,
        "kept": True,
        "reconstructed": True,
        "author": _redacted(f"{first.name} <{first.mail}>"),
        "started": moment(first).astimezone(UTC).isoformat(),
        "ended": end.astimezone(UTC).isoformat(),
        "tz": moment(first).strftime("%z"),
        "head": group[-1].id,
        "commits": [[c.id, "", c.tree] for c in group],
        "files": paths[:2000],
        "rewrites": [],
        "runs": [],
        "agents": [],
    }
    return "\n" + metadata.comment(meta) + "\n"


@lru_cache(maxsize=256)  # an author is named in every session, a subject as its title and in its entry
def _redacted(text: str) -> str:
    return redact.redact(text)


def _line(text: str, limit: int) -> str:
    return safe.line(_redacted(text), limit=limit)
