"""How a fact is told in the journal: the words of each kind of entry. Pure.

Everything that came from outside passes `safe` here, once, on its way into markdown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from patina_sessions import model, safe

SHORT = 10  # hex digits; 7 collide in one of twenty sessions of 5,000 commits (measured)
HEADINGS = (
    ("work", "Work completed"),
    ("decision", "Key decisions"),
    ("challenge", "Challenges faced"),
    ("pattern", "Patterns observed"),
)
_VERBS = {
    "commit": "Commit",
    "amend": "Amend",
    "merge": "Merge",
    "cherry-pick": "Cherry-pick",
    "revert": "Revert",
    "am": "Patch applied",
}
_STATUS = {"A": "new", "M": "changed", "D": "deleted", "R": "renamed", "C": "copied", "T": "type changed"}


def short(name: model.Id | None) -> str:
    """Return the form of an object id that headings show."""
    return (name or "nothing")[:SHORT]


def plural(count: int, noun: str) -> str:
    """Return `1 file`, `2 files`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def size(count: int) -> str:
    """Return a number of bytes as `3 kB`, `1.2 MB` or `1,000 MB`; what is there at all is 1 kB at least."""
    kilos = max(min(count, 1), round(count / 1000))
    return f"{kilos} kB" if kilos < 1000 else f"{count / 1e6:,.{1 if count < 1e8 else 0}f} MB"


def _lines_changed(added: int | None, deleted: int | None) -> str:
    parts = [f"+{added}"] if added else []
    parts += [f"−{deleted}"] if deleted else []
    return " ".join(parts)


def file_bullet(change: model.FileChange) -> str:
    """Return one path of a commit as a bullet."""
    lines = _lines_changed(change.added, change.deleted)
    name = safe.path(change.path)
    if change.old_path is not None:
        name = f"{safe.path(change.old_path)} → {name}"
    return f"- {_STATUS.get(change.status[:1], 'changed')}: {name}" + (f" ({lines})" if lines else "")


def _files(commit: model.Commit, limit: int) -> list[str]:
    bullets = [file_bullet(change) for change in commit.files[:limit]]
    more = commit.file_count - len(bullets)
    return bullets + ([f"- … and {plural(more, 'more file')}"] if more > 0 and bullets else [])


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(part for part in parts if part)


def made(data: model.Made, *, limit: int) -> tuple[str, str]:
    """Return what stands in the heading, and the body, of a commit that was made here."""
    commit = data.commit
    name = f"{short(data.old)} → {short(commit.id)}" if data.how == "amend" else short(commit.id)
    what = f"{_VERBS[data.how]} {name}: {safe.line(commit.subject)}"
    first = _joined(
        (
            f"On {safe.code(data.branch)}" if data.branch else "",
            plural(commit.file_count, "file"),
            _lines_changed(commit.added, commit.deleted),
        )
    )
    said = [first]
    if not data.counted and commit.author:
        said.append(f"Written by {safe.line(commit.author)}")
    if data.found:
        said.append("Found later: git's reflog does not have it")
    return what, "\n".join(said + _files(commit, limit))


def moved(data: model.Moved, *, steps: int) -> tuple[str, str]:
    """Return heading and body of a move of HEAD that made nothing."""
    way = f"{short(data.old)} → {short(data.new)}"
    where = f" {safe.code(data.branch)}" if data.branch else ""
    match data.how:
        case "checkout":
            left = safe.code(data.source) if data.source else short(data.old)
            target = safe.code(data.branch or data.target or short(data.new))
            passed = f"after {plural(steps, 'step')} on detached commits" if steps else ""
            return f"Checkout {left} → {target}", _joined((f"At {short(data.new)}", passed))
        case "merge":
            word = "Pull" if data.pull else "Fast-forward"
            brought = plural(data.brought, "commit") + " made elsewhere" if data.brought else ""
            return f"{word}{where}: {way}", brought
        case "reset":
            target = f" to {safe.code(data.source)}" if data.source else ""
            lost = f"{plural(data.dropped, 'commit')} no longer below HEAD" if data.dropped else ""
            return f"Reset{where}{target}: {way}", lost
        case "moved":
            counts = _joined(
                (
                    f"{plural(data.brought, 'commit')} came in" if data.brought else "",
                    f"{plural(data.dropped, 'commit')} no longer below HEAD" if data.dropped else "",
                )
            )
            return f"HEAD moved{where}: {way}", _joined(("Git's reflog does not say how", counts))


def pushed(data: model.Pushed) -> tuple[str, str]:
    """Return heading and body of a push."""
    way = f"{short(data.old)} → {short(data.new)}" if data.old else f"new, at {short(data.new)}"
    forced = "Forced" if data.forced else ""
    return f"Push to {safe.code(data.remote)}: {way}", _joined((forced, plural(data.commits, "commit")))


def rebased(steps: Sequence[model.Rebased]) -> tuple[str, str]:
    """Return heading and body of a whole rebase: `steps` are its phases in order, the last one closes it."""
    first, last = steps[0], steps[-1]
    old = next((s.old for s in steps if s.old), None)
    picks = [s for s in steps if s.phase == "pick" and s.commit is not None]
    moves = [s for s in steps if s.phase in ("start", "pick", "finish") and s.new]
    new = moves[-1].new if moves else old
    word = "Pull with rebase" if first.pull else "Rebase"
    branch = next((s.branch for s in reversed(steps) if s.branch), None)
    where = f" of {safe.code(branch)}" if branch else ""
    if last.phase == "abort":
        return f"{word}{where} given up", f"Back at {short(last.new or old)}"
    maps = [s.rewrites for s in steps if s.phase == "map"] or [s.rewrites for s in steps]
    rewrites = [pair for pairs in maps for pair in pairs]
    return f"{word}{where}: {short(old)} → {short(new)}", "\n".join(_replayed(picks, rewrites))


def _replayed(picks: Sequence[model.Rebased], rewrites: Sequence[tuple[model.Id, model.Id]]) -> list[str]:
    subjects = {p.commit.id: p.commit.subject for p in picks if p.commit}
    if rewrites:
        lines = [
            f"- {short(old)} → {short(new)}"
            + (f" {safe.line(subjects[new], limit=120)}" if new in subjects else "")
            for old, new in rewrites
        ]
        total = plural(len(rewrites), "commit") + " replayed"
    else:
        lines = [
            f"- {short(p.commit.id)} {safe.line(p.commit.subject, limit=120)}" for p in picks if p.commit
        ]
        total = plural(len(lines), "commit") + " replayed"
    more = len(lines) - 20
    return [total, *lines[:20], *([f"- … and {more} more"] if more > 0 else [])]


def noted(data: model.Noted) -> tuple[str, str]:
    """Return heading and body of a note."""
    at = f" [{safe.line(data.branch or 'detached', limit=80)}@{data.commit[:7]}]" if data.commit else ""
    return f"Note{at}", safe.block(data.text)


def updated(data: model.Updated, *, since: datetime, now: datetime) -> tuple[str, str]:
    """Return heading and body of an update: git's numbers, then what was said, or the headings to be filled."""
    stamp = since.strftime("%H:%M") if since.date() == now.date() else since.strftime("%Y-%m-%d %H:%M")
    word = "Final Update" if data.final else "Update"
    last = ago(datetime.fromisoformat(data.last_commit), now) if data.last_commit else "none"
    git = [
        "**Git Activity:**",
        f"- Commits this session: {data.commits}",
        f"- Files changed: {data.files_changed}",
        f"- Last commit: {last}",
    ]
    said = [(title, getattr(data, name)) for name, title in HEADINGS]
    wanted = [(title, points) for title, points in said if points] or said
    blocks = ["\n".join(git)]
    for title, points in wanted:
        # An empty item right below a line would make it a heading (CommonMark's setext form).
        blocks.append("\n".join([f"**{title}:**", *([bullet(p) for p in points] or ["", "- "])]))
    return f"{word} (covering since {stamp})", "\n" + "\n\n".join(blocks)


def bullet(text: str) -> str:
    """Return untrusted text of one or more lines as a list item."""
    return "- " + safe.block(text).strip("\n").replace("\n", "\n  ")


def ago(then: datetime, now: datetime) -> str:
    """Return how long ago, in the words of `git log --date=relative`."""
    seconds = max(0, int((now - then).total_seconds()))
    for size, noun in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            return plural(seconds // size, noun) + " ago"
    return plural(seconds, "second") + " ago"
