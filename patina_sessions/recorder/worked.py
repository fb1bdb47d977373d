"""The digest of files that were worked on: gathered from the watcher's facts, told before the next thing that counts.

Noise stays in the event log; the journal gets at most a screenful, and nothing that a commit says already. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from patina_sessions import model, safe
from patina_sessions.frozen import dataclass
from patina_sessions.model import Event, FileChange
from patina_sessions.recorder.words import plural

MOST = 500  # paths that are kept by name; of more than that only the number
LINES = 20

_SIGNS = {"A": "new", "D": "deleted", "R": "renamed"}
_GIT = {"checkout", "merge", "pull", "rebase", "reset"}  # these have entries of their own
_BULK = {
    "archive": "new at once",
    "sweep": "changed at once",
    "stash": "put away or brought back by git stash",
    "restore": "put back by git",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What happened to files since it was last told; `seq` is of the last event of these."""

    files: tuple[FileChange, ...] = ()
    more: int = 0
    bulks: tuple[tuple[str, int], ...] = ()
    gaps: tuple[str, ...] = ()
    since: str = ""
    seq: int = 0

    def __bool__(self) -> bool:
        return bool(self.seq)


def taken(work: Work, event: Event) -> Work:
    """Return the work with one more event in it."""
    data = event.data
    if isinstance(data, model.FilesGap):
        gaps = work.gaps if data.reason in work.gaps else (*work.gaps, data.reason)[-5:]
        return replace(work, gaps=gaps, since=work.since or data.since, seq=event.seq)
    if not isinstance(data, model.FilesChanged) or data.closing:
        return work
    since = work.since or data.since
    if data.bulk is not None:
        counts = dict(work.bulks)
        counts[data.bulk] = counts.get(data.bulk, 0) + data.count
        return replace(work, bulks=tuple(counts.items()), since=since, seq=event.seq)
    merged = {change.path: change for change in work.files}
    for change in data.files:
        _merge(merged, change)
    kept = tuple(merged.values())
    more = work.more + max(0, len(kept) - MOST)
    return replace(work, files=kept[:MOST], more=more, since=since, seq=event.seq)


def _merge(merged: dict[str, FileChange], change: FileChange) -> None:
    before = merged.pop(change.old_path or change.path, None)
    if before is None:
        merged[change.path] = change
        return
    saves = (before.added or 0) + (change.added or 0)
    status, old = change.status, change.old_path
    if before.status == "A":
        if status == "D":
            return  # made and taken away again: nothing is left to tell
        status, old = "A", None
    elif before.status == "R" and status in "MR":
        status, old = "R", before.old_path
    elif before.status == "D" and status in "AM":
        status = "M"
    merged[change.path] = replace(change, status=status, old_path=old, added=saves)


def tells(data: model.Data) -> bool:
    """Tell whether this is one of the things before which the work so far is told."""
    if isinstance(data, model.FilesChanged):
        return data.closing
    return isinstance(data, model.Made | model.Updated | model.RunStarted)


def told(work: Work, before: Event) -> tuple[str, str] | None:
    """Return heading and body of the digest; None where what comes now says it all."""
    if isinstance(before.data, model.Made):
        work = _without(work, before.data.commit)
    lines = [_line(change) for change in _most_edited(work.files)]
    more = work.more + max(0, len(lines) - LINES)
    lines = lines[:LINES]
    if more:
        lines.append(f"- … and {plural(more, 'more file')}")
    lines += [f"- {plural(count, 'file')} {_bulk(kind)}" for kind, count in work.bulks if kind not in _GIT]
    lines += [f"- Gap: {safe.line(gap)}" for gap in work.gaps]
    if not lines:
        return None
    return f"Files worked on since {_stamp(work.since, before.time)}", "\n".join(lines)


def _without(work: Work, commit: model.Commit) -> Work:
    """Take away what a commit says. It names its first files only; of the rest it says that they are there."""
    if commit.file_count > len(commit.files):
        bulks = tuple(b for b in work.bulks if b[0] not in ("archive", "sweep") or b[1] > commit.file_count)
        return replace(work, files=(), more=0, bulks=bulks)
    said = {path for change in commit.files for path in (change.path, change.old_path) if path}
    return replace(work, files=tuple(c for c in work.files if c.path not in said))


def _most_edited(changes: Iterable[FileChange]) -> list[FileChange]:
    return sorted(changes, key=lambda c: (-(c.added or 0), c.path))


def _line(change: FileChange) -> str:
    name = safe.path(change.path)
    if change.old_path is not None:
        name = f"{safe.path(change.old_path)} → {name}"
    sign = _SIGNS.get(change.status)
    saves = change.added or 0
    often = f" ({plural(saves, 'save')})" if saves > 1 and change.status != "D" else ""
    return f"- {sign}: {name}{often}" if sign else f"- {name}{often}"


def _bulk(kind: str) -> str:
    return _BULK.get(kind, f"written by git {safe.line(kind)}")


def _stamp(since: str, now: datetime) -> str:
    try:
        then = datetime.fromisoformat(since)
    except ValueError:
        return "then"
    return then.strftime("%H:%M") if then.date() == now.date() else then.strftime("%Y-%m-%d %H:%M")
