"""Commits that are known by their ids, as git tells them: whose they are, what they touch, their patches.

However much git has to say, only a part of it is held in memory; a commit that is not here is passed over. The words
of the user's configuration that would change what is printed are taken back.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from patina_sessions.model import Id
from patina_sessions.redact import redact
from patina_sessions.system import processes
from patina_sessions.system.git import Git
from patina_sessions.system.objects import is_id, text

_AT_ONCE = 1000  # ids on one command line: 65 kB at most
_LOG = (
    *("log", "--no-walk=unsorted", "--ignore-missing", "--no-color", "--no-notes", "--no-show-signature"),
    *("--no-mailmap", "--encoding=UTF-8", "--no-ext-diff", "--no-textconv", "--diff-merges=first-parent"),
)
_PATCH = (
    *("-p", "-M", "-U3", "--src-prefix=a/", "--dst-prefix=b/", "--submodule=short", "--diff-algorithm=myers"),
    *("--ws-error-highlight=none", "--no-relative", "--inter-hunk-context=0", "--output-indicator-new=+"),
    *("--output-indicator-old=-", "--output-indicator-context= "),
)
_NAMES = ("--name-only", "--no-renames", "--no-relative")
_PATHS = 2000  # of one commit that are kept


class Known(NamedTuple):
    """A commit in short; `paths` are the files that it touches, as they are called after it."""

    id: Id
    author: str
    committed: int  # epoch seconds
    subject: str
    paths: tuple[str, ...]


class Patch(NamedTuple):
    """What a commit changed, as git prints it: its beginning, and how many bytes follow that are not here."""

    id: Id
    text: bytes
    left_out: int


def full_ids(git: Git, names: Iterable[str]) -> dict[str, Id]:
    """Return the full id of each beginning of one that names a commit of this repository and no other object."""
    asked = [name for name in names if name.isalnum()]
    answer = git.ask("cat-file", "--batch-check", data="".join(f"{name}\n" for name in asked).encode())
    found = {}
    for name, line in zip(asked, answer.out.splitlines(), strict=False):
        words = text(line).split()
        if len(words) == 3 and words[1] == "commit" and is_id(words[0]):
            found[name] = words[0]
    return found


def known(git: Git, ids: Sequence[Id]) -> dict[Id, Known]:
    """Return those of the commits that are here, redacted."""
    mark = _mark()
    asked = (*_LOG, *_NAMES, "-z", f"--format={mark}%H%x00%an%x00%ct%x00%s")
    parts = [text(part) for part, _ in _parts(git, asked, ids, mark, most=1 << 18)]
    together = "\n".join(parts)
    if redact(together) != together:  # one look at all of them is ten times as fast as one at each
        parts = ["\0".join(map(redact, part.split("\0"))) for part in parts]
    found = (_known(part.split("\0")) for part in parts)
    return {one.id: one for one in found if one is not None}


def _known(fields: Sequence[str]) -> Known | None:
    if len(fields) < 4 or not is_id(fields[0]):
        return None
    name, author, committed, subject, *paths = fields
    names = (path.lstrip("\n") for path in paths[:_PATHS])
    return Known(
        id=name,
        author=author,
        committed=int(committed) if committed.lstrip("-").isdigit() else 0,
        subject=subject[:1000],
        paths=tuple(path for path in names if path),
    )


def patches(git: Git, ids: Sequence[Id], *, most: int) -> Iterator[Patch]:
    """Yield the patches of the commits that are here, in their order, each cut after so many bytes.

    A merge is compared with its first parent. One that git cannot show (in a partial clone) has an empty patch, or the
    part of it that could be shown.
    """
    mark = _mark()
    for part, left_out in _parts(git, (*_LOG, *_PATCH, f"--format={mark}%H"), ids, mark, most=most + 128):
        name, _, patch = part.partition(b"\n")
        if is_id(text(name)):
            yield Patch(id=text(name), text=patch.lstrip(b"\n"), left_out=left_out)


def _mark() -> str:
    """Return what stands between two commits; nobody who writes a commit knows it beforehand."""
    return f"<{secrets.token_hex(12)}>"


def _parts(
    git: Git, asked: Sequence[str], ids: Sequence[Id], mark: str, *, most: int
) -> Iterator[tuple[bytes, int]]:
    """Yield what git prints of each commit, at most so many bytes of it, and how many there are beyond them."""
    waiting = [i for i in ids if is_id(i)]
    while waiting:
        some, waiting = waiting[:_AT_ONCE], waiting[_AT_ONCE:]
        last = ""
        try:
            for part in _cut(git.blocks(*asked, *some), mark.encode(), most):
                last = text(part[0][:64].partition(b"\n")[0].partition(b"\0")[0])
                yield part
        except processes.Failed:
            # It fell over one of them; those after it are asked for again.
            waiting = some[some.index(last) + 1 if last in some else 1 :] + waiting


def _cut(blocks: Iterable[bytes], mark: bytes, most: int) -> Iterator[tuple[bytes, int]]:
    """Yield what stands between the marks, each cut after so many bytes; a mark may lie across two blocks."""
    held, tail, size = bytearray(), b"", 0
    first = True
    for block in chain(blocks, (b"",)):
        *whole, rest = (tail + block).split(mark)
        keep = len(mark) - 1 if block else 0
        tail, rest = (rest[-keep:], rest[:-keep]) if keep else (b"", rest)
        for part in whole:
            held += part[: max(0, most - len(held))]
            size += len(part)
            if not first:
                yield bytes(held), size - len(held)
            held, size, first = bytearray(), 0, False
        held += rest[: max(0, most - len(held))]
        size += len(rest)
    if not first:
        yield bytes(held), size - len(held)
