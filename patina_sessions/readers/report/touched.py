"""Files most worked on, and worked on together, from what commits touch. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import combinations

from patina_sessions.frozen import dataclass

_PAIRED = 200  # the files most worked on, of which pairs are counted: the square of all would be memory
_WIDE = 30  # a commit of more files ties none of them: a formatter's, a merge


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """A file, how many commits touched it, and in how many sessions."""

    path: str
    commits: int
    sessions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """Two files that the same commits touched; `share` is how many of the commits of either touched both."""

    one: str
    other: str
    commits: int
    share: float


def files(sessions: Iterable[Iterable[tuple[str, ...]]]) -> list[Touched]:
    """Return the files, the one that most commits touched first; each session is the paths of each of its commits."""
    commits: Counter[str] = Counter()
    within: Counter[str] = Counter()
    for session in sessions:
        seen: set[str] = set()
        for paths in session:
            commits.update(paths)
            seen.update(paths)
        within.update(seen)
    ordered = sorted(commits.items(), key=lambda row: (-row[1], row[0]))
    return [Touched(path=path, commits=count, sessions=within[path]) for path, count in ordered]


def pairs(commits: Iterable[tuple[str, ...]], most_touched: list[Touched], *, most: int) -> list[Together]:
    """Return the pairs of files that were worked on together most often, at least three times."""
    counts = {one.path: one.commits for one in most_touched[:_PAIRED]}
    found: Counter[tuple[str, str]] = Counter()
    for paths in commits:
        if len(paths) <= _WIDE:
            found.update(combinations(sorted(path for path in set(paths) if path in counts), 2))
    ordered = sorted(found.items(), key=lambda row: (-row[1], row[0]))
    return [
        Together(one=a, other=b, commits=n, share=n / (counts[a] + counts[b] - n))
        for (a, b), n in ordered[:most]
        if n >= 3
    ]
