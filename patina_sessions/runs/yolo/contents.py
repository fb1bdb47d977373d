"""What is new in the work, asked of the throw-away repository: commits, files, lines. Nothing is waited for long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from patina_sessions.model import Id
from patina_sessions.runs.yolo.executed import MODULE
from patina_sessions.runs.yolo.ticket import Ticket
from patina_sessions.runs.yolo.work import Brought, Change, Contents
from patina_sessions.system.objects import text
from patina_sessions.system.quarantine import Quarantine

SHOWN = 20_000  # commits that are looked at
COUNTED = 20_000_000  # bytes of a list of files
PATIENCE = 30.0  # seconds
LOOKED_AT = 5000  # blobs
POINTER = 300  # bytes; a pointer of LFS has about 130 (git-lfs/docs/spec.md)
_DIFFERENCE = ("diff-tree", "-r", "-z", "--no-renames", "--no-ext-diff", "--no-textconv")
_LFS = b"version https://git-lfs.github.com/spec/"


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
    there = _there(quarantine, ticket.base, tips[0])
    counts = _counts(quarantine, ticket.base, tips[0])
    beside = {
        path: mode for tip in tips[1:] for path, (mode, _) in _there(quarantine, ticket.base, tip).items()
    }
    return Contents(
        commits=tuple(commits),
        count=int(counted.out) if counted.code == 0 else 0,
        changes=tuple(_changes(quarantine, there, counts or {})),
        beside=tuple(Change(path=path, mode=mode, added=None, deleted=None) for path, mode in beside.items()),
        files=None if counts is None else len(counts),
        follows=follows,
    )


def _there(quarantine: Quarantine, base: Id, tip: Id) -> dict[str, tuple[str, Id]]:
    """Return mode and blob of each file that is there at the end and was not so at the beginning."""
    said = quarantine.git(*_DIFFERENCE, "--raw", base, tip, seconds=PATIENCE, most=COUNTED)
    found: dict[str, tuple[str, Id]] = {}
    fields = text(said.out).split("\0")
    for head, path in zip(fields[::2], fields[1::2], strict=False):
        words = head.split(" ")
        if len(words) == 5 and words[4] != "D":
            found[path] = words[1], words[3]
    return found


def _counts(quarantine: Quarantine, base: Id, tip: Id) -> dict[str, tuple[int | None, int | None]] | None:
    """Return lines added and deleted of each file; None where git took too long or there are too many."""
    said = quarantine.git(*_DIFFERENCE, "--numstat", base, tip, seconds=PATIENCE, most=COUNTED)
    if said.code:
        return None
    rows = (line.split("\t", 2) for line in text(said.out).split("\0"))
    return {row[2]: (_number(row[0]), _number(row[1])) for row in rows if len(row) == 3}


def _number(word: str) -> int | None:
    return int(word) if word.isdigit() else None


def _changes(
    quarantine: Quarantine,
    there: dict[str, tuple[str, Id]],
    counts: dict[str, tuple[int | None, int | None]],
) -> Iterator[Change]:
    sizes = _sizes(quarantine, [blob for mode, blob in there.values() if mode != MODULE])
    pointers = _pointers(quarantine, [blob for blob, size in sizes.items() if size <= POINTER])
    for path in dict.fromkeys((*counts, *there)):
        mode, blob = there.get(path, ("", ""))
        added, deleted = counts.get(path, (None, None))
        yield Change(
            path=path,
            added=added,
            deleted=deleted,
            mode=mode,
            size=sizes.get(blob),
            pointer=blob in pointers,
        )


def _sizes(quarantine: Quarantine, blobs: list[Id]) -> dict[Id, int]:
    asked = "\n".join(blobs[:LOOKED_AT]) + "\n"
    said = quarantine.git(
        "cat-file", "--batch-check=%(objectname) %(objectsize)", data=asked.encode(), seconds=PATIENCE
    )
    words = (line.split() for line in text(said.out).splitlines())
    return {pair[0]: int(pair[1]) for pair in words if len(pair) == 2 and pair[1].isdigit()}


def _pointers(quarantine: Quarantine, blobs: list[Id]) -> set[Id]:
    """Return those that are pointers of LFS, by their first line."""
    asked = "\n".join(blobs[:LOOKED_AT]) + "\n"
    said = quarantine.git("cat-file", "--batch", data=asked.encode(), seconds=PATIENCE, most=COUNTED)
    found, rest = set(), said.out
    while rest:
        head, _, rest = rest.partition(b"\n")
        words = head.split(b" ")
        if len(words) != 3 or not words[2].isdigit():
            break
        size = int(words[2])
        if rest[:size].startswith(_LFS):
            found.add(words[0].decode("ascii", "replace"))
        rest = rest[size + 1 :]
    return found
