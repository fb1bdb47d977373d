"""What is new in the work, asked of the throw-away repository: commits, files, lines. Nothing is waited for long."""

from __future__ import annotations

from collections.abc import Sequence

from patina_sessions.model import Id
from patina_sessions.runs.yolo.ticket import Ticket
from patina_sessions.runs.yolo.work import Brought, Change, Contents
from patina_sessions.system.objects import text
from patina_sessions.system.quarantine import Quarantine

SHOWN = 200  # commits
COUNTED = 20_000_000  # bytes of a list of files
PATIENCE = 30.0  # seconds


def contents(quarantine: Quarantine, ticket: Ticket, tips: Sequence[Id]) -> Contents:
    """Return what is new in these tips. What takes git too long is left out, not waited for."""
    if not tips:
        return Contents()
    walk = "\n".join([*tips, f"^{ticket.base}"]) + "\n"
    counted = quarantine.git("rev-list", "--count", "--stdin", data=walk.encode(), seconds=PATIENCE)
    form = "--format=%H%x00%an%x00%ae%x00%ce%x00%s"
    told = quarantine.git(
        *("log", "--no-show-signature", "--no-color", f"--max-count={SHOWN}", "-z", form, "--stdin"),
        data=walk.encode(),
        seconds=PATIENCE,
        most=COUNTED,
    )
    fields = text(told.out).split("\0")
    commits = [
        Brought(id=i, author=a[:200], email=e[:200], committer_email=c[:200], subject=s[:500])
        for i, a, e, c, s in zip(*[iter(fields)] * 5, strict=False)
    ]
    follows = quarantine.git("merge-base", "--is-ancestor", ticket.base, tips[0], seconds=PATIENCE).code == 0
    changes = _changes(quarantine, ticket.base, tips[0])
    return Contents(
        commits=tuple(commits),
        count=int(counted.out) if counted.code == 0 else 0,
        changes=tuple(changes or ()),
        files=None if changes is None else len(changes),
        follows=follows,
    )


def _changes(quarantine: Quarantine, base: Id, tip: Id) -> list[Change] | None:
    plain = ("diff-tree", "-r", "-z", "--no-renames", "--no-ext-diff", "--no-textconv")
    raw = quarantine.git(*plain, "--raw", base, tip, seconds=PATIENCE, most=COUNTED)
    counts = quarantine.git(*plain, "--numstat", base, tip, seconds=PATIENCE, most=COUNTED)
    if raw.code or counts.code:
        return None
    modes: dict[str, str] = {}
    fields = text(raw.out).split("\0")
    for head, path in zip(fields[::2], fields[1::2], strict=False):
        words = head.split(" ")
        modes[path] = words[1] if len(words) == 5 and words[4] != "D" else ""
    found = []
    for line in text(counts.out).split("\0"):
        added, _, rest = line.partition("\t")
        deleted, _, path = rest.partition("\t")
        if path:
            numbers = [int(n) if n.isdigit() else None for n in (added, deleted)]
            found.append(Change(path=path, added=numbers[0], deleted=numbers[1], mode=modes.get(path, "")))
    return found
