"""How an autonomous run is told: lines for the journal and the terminal, made from hostile text. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from patina_sessions.redact import redact
from patina_sessions.runs.yolo import executed
from patina_sessions.runs.yolo.ticket import Ticket
from patina_sessions.runs.yolo.work import Contents, Harvest, Tip

COMMITS = 12
FILES = 12
NAMED = 15
LONG = 80  # characters of a path
LARGE = 10_000_000  # bytes of a file that deserve a word


def lines(
    ticket: Ticket,
    harvest: Harvest,
    tips: Sequence[Tip],
    contents: Contents,
    *,
    user: tuple[str, str],
) -> tuple[str, ...]:
    """Return what is told of a run whose work is home, one line a fact, redacted; the caller escapes."""
    told: list[str] = [
        *_brought(ticket, harvest, tips, contents),
        *(_files(contents) if tips else ()),
        *_claims(contents, user),
        *_runs(contents),
    ]
    told += [f"Note: {note}" for note in harvest.notes]
    told += _left(ticket, harvest)
    told += [f"Not taken along: {what}" for what in ticket.left_out]
    told += [f"Loosened: {what}" for what in ticket.loosened]
    return tuple(redact(line) for line in told)


def _brought(ticket: Ticket, harvest: Harvest, tips: Sequence[Tip], contents: Contents) -> list[str]:
    if not tips:
        return ["It changed nothing: no branch was made"]
    told = []
    for tip in tips:
        called = f", which it called {tip.name}" if tip.name and tip.name != ticket.branch else ""
        told.append(f"Branch: {tip.ref.removeprefix('refs/heads/')} at {tip.id[:10]}{called}")
    if harvest.salvaged:
        told.append("Its last commit holds what was not committed when it ended")
    if not contents.follows:
        told.append("History was rewritten: the branch does not descend from the commit that it began from")
    told += [f"Commit {one.id[:10]}: {one.subject}" for one in contents.commits[:COMMITS]]
    if contents.count > COMMITS:
        told.append(f"… and {contents.count - COMMITS} more commits")
    return told


def _left(ticket: Ticket, harvest: Harvest) -> list[str]:
    """Return what did not come home, and that it is kept."""
    if harvest.whole:
        return []
    told = [f"Left behind: {what}" for what in harvest.left]
    if harvest.dropped:
        told.append(f"Left behind: {harvest.dropped} more branches, since there are too many")
    larger = " --max-file SIZE" if any(what.startswith("too large") for what in harvest.left) else ""
    recover = f"patina yolo recover {ticket.short}{larger}"
    return [
        *told,
        f"That is kept in the volume {ticket.volume}: {recover}, or let it go: patina yolo rm {ticket.short}",
    ]


def _files(contents: Contents) -> list[str]:
    if contents.files is None:
        return ["Its files could not be counted: there are too many, or git took too long"]
    if not contents.files:
        return []
    added = sum(change.added or 0 for change in contents.changes)
    deleted = sum(change.deleted or 0 for change in contents.changes)
    names = ", ".join(change.path for change in contents.changes[:FILES])
    more = f" and {contents.files - FILES} more" if contents.files > FILES else ""
    files = "1 file" if contents.files == 1 else f"{contents.files:,} files"
    return [f"{files}, +{added:,} -{deleted:,}: {names}{more}"]


def _runs(contents: Contents) -> list[str]:
    """Return what in the branch runs on the machine of whoever checks it out, and what is large, or only a pointer."""
    told = []
    for who, found in executed.listed((*contents.changes, *contents.beside)).items():
        # The shortest first: what a program looks for has a short name, and long ones could push it out.
        paths = sorted(dict.fromkeys(found), key=len)
        more = f" and {len(paths) - NAMED} more" if len(paths) > NAMED else ""
        told.append(
            f"These run on your machine, by {who}: {', '.join(path[-LONG:] for path in paths[:NAMED])}{more}"
        )
    large = [c for c in contents.changes if (c.size or 0) >= LARGE]
    told += [f"Large: {c.path}, {(c.size or 0) / 1e6:,.0f} MB" for c in large[:NAMED]]
    pointers = [c.path for c in contents.changes if c.pointer]
    if pointers:
        told.append(f"Only pointers of LFS, their contents did not come along: {', '.join(pointers[:NAMED])}")
    return told


def _claims(contents: Contents, user: tuple[str, str]) -> list[str]:
    """Return a warning of each commit that says it is by the user, who made none of them."""
    name, email = (_plain(word) for word in user)
    claimed = [
        one
        for one in contents.commits
        if (email and email in (_plain(one.email), _plain(one.committer_email)))
        or (name and _plain(one.author) == name)
    ]
    return [
        f"Commit {one.id[:10]} says that it is by you; it was made in the container" for one in claimed[:10]
    ]


def _plain(word: str) -> str:
    """Return a name or an address as a person reads it, who does not see capitals and spaces."""
    return "".join(word.split()).casefold()
