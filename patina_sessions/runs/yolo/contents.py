"""What is new in the work, asked of the throw-away repository: commits, files, lines. Nothing is waited for long."""

from __future__ import annotations

from collections.abc import Sequence

from patina_sessions.model import Id
from patina_sessions.runs.yolo.executed import MODULE
from patina_sessions.runs.yolo.ticket import Ticket
from patina_sessions.runs.yolo.work import Brought, Change, Contents
from patina_sessions.system.objects import text
from patina_sessions.system.quarantine import Quarantine

SHOWN = 200  # commits
COUNTED = 20_000_000  # bytes of a list of files
PATIENCE = 30.0  # seconds
LOOKED_AT = 5000  # blobs
POINTER = 300  # bytes; a pointer of LFS has about 130 (git-lfs/docs/spec.md)
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
    modes: dict[str, tuple[str, Id]] = {}
    fields = text(raw.out).split("\0")
    for head, path in zip(fields[::2], fields[1::2], strict=False):
        words = head.split(" ")
        if len(words) == 5 and words[4] != "D":
            modes[path] = words[1], words[3]
    sizes = _sizes(quarantine, [blob for mode, blob in modes.values() if mode != MODULE])
    pointers = _pointers(quarantine, [blob for blob, size in sizes.items() if size <= POINTER])
    found = []
    for line in text(counts.out).split("\0"):
        added, _, rest = line.partition("\t")
        deleted, _, path = rest.partition("\t")
        if path:
            numbers = [int(n) if n.isdigit() else None for n in (added, deleted)]
            mode, blob = modes.get(path, ("", ""))
            found.append(
                Change(
                    path=path,
                    added=numbers[0],
                    deleted=numbers[1],
                    mode=mode,
                    size=sizes.get(blob),
                    pointer=blob in pointers,
                )
            )
    return found


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
