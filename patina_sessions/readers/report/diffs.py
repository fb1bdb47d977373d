"""The diffs of commits, packed: redacted, nothing hidden in them, cut where they are long, and never markup.

A session's diffs are one block of base64 of raw deflate, which the page unpacks when somebody opens one of them: text
of 16 MB takes 5, and a browser that only shows the overview looks at none of it. What comes out is put into the page
as text, so it cannot be anything else.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from patina_sessions import redact
from patina_sessions.frozen import dataclass
from patina_sessions.model import Id
from patina_sessions.readers.report.prose import visible
from patina_sessions.system.history import Patch

MOST = 16_384  # bytes of one commit's diff: some 400 lines
_SEEN = bytes((*b"\n\t", *range(0x20, 0x7F)))  # what is plain to see
_LEVEL = 3  # of 9: half the time of the usual 6, and a tenth more of it
BETWEEN = "\0"  # no text holds one: it would have been made visible


class Place(NamedTuple):
    """Where the diff of a commit is: in which pack, and the how manieth of it, from 0."""

    pack: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """The diffs of a session's commits."""

    name: str
    data: str
    kept: tuple[int, ...]  # the numbers of those that found room


def places(sessions: Iterable[tuple[str, Sequence[Id]]]) -> dict[Id, Place]:
    """Return where the diff of each commit will be; one that two sessions name is kept once, with the first."""
    found: dict[Id, Place] = {}
    for name, ids in sessions:
        number = 0
        for commit in ids:
            if commit not in found:
                found[commit] = Place(pack=name, number=number)
                number += 1
    return found


def packs(patches: Iterable[Patch], where: Mapping[Id, Place], *, most: int) -> Iterator[Pack]:
    """Yield the packs in the order of the patches, until they are together `most` characters long."""
    room = most
    for name, texts in _grouped(patches, where):
        pack = _fitting(name, texts, room)
        if pack is not None:
            room -= len(pack.data)
            yield pack
        if pack is None or len(pack.kept) < len(texts):
            return


def _grouped(patches: Iterable[Patch], where: Mapping[Id, Place]) -> Iterator[tuple[str, dict[int, str]]]:
    for name, group in groupby(patches, key=lambda patch: where[patch.id].pack):
        yield name, {where[patch.id].number: _text(patch) for patch in group}


def _fitting(name: str, texts: Mapping[int, str], room: int) -> Pack | None:
    """Return the pack of the first of the texts, as many as find room; None where none does."""
    kept = dict(texts)
    while kept:
        pack = _pack(name, kept)
        if len(pack.data) <= room:
            return pack
        kept = dict(list(kept.items())[: len(kept) // 2])
    return None


def _text(patch: Patch) -> str:
    text = patch.text.decode("utf-8", "replace").replace("\r\n", "\n").rstrip("\n")
    return f"{text}\n… {patch.left_out:,} more bytes: git show {patch.id[:12]}" if patch.left_out else text


def _pack(name: str, texts: Mapping[int, str]) -> Pack:
    listed = [texts.get(number, "") for number in range(max(texts) + 1)]
    clean = BETWEEN.join(map(_visible, _redacted(listed)))
    deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, -15)
    data = deflate.compress(clean.encode("utf-8", "replace")) + deflate.flush()
    return Pack(name=name, data=base64.b64encode(data).decode(), kept=tuple(texts))


def _visible(text: str) -> str:
    """Return text in which nothing hides; where nothing did, in a tenth of the time."""
    return text if text.isascii() and not text.encode().translate(None, _SEEN) else visible(text)


def _redacted(texts: list[str]) -> list[str]:
    """Return the texts redacted: one look at all of them, and one at each only where there is something."""
    return [redact.redact(text) for text in texts] if redact.find("\n".join(texts)) else texts
