"""The nearest word that somebody wrote, for one that nobody did. Pure."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, terms: Iterable[tuple[str, int]]) -> str | None:
    """Return the term nearest to a word, the more frequent of two, or None where none is near enough.

    One slip is forgiven from four letters on, two from eight; `terms` come with their frequencies.
    """
    allowed = 0 if len(word) < 4 else 1 if len(word) < 8 else 2
    best: tuple[int, int, str] | None = None
    for term, count in terms if allowed else ():
        slips = distance(word, term, allowed)
        if slips <= allowed and (best is None or (slips, -count, term) < best):
            best = (slips, -count, term)
    return best[2] if best else None


def distance(one: str, other: str, most: int) -> int:
    """Return the number of single-letter slips between two words, neighbours swapped being one; more than `most` is
    `most + 1`. (Optimal string alignment; Damerau 1964.)
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]
