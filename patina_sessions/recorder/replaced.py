"""Which commits count although others were made of them: one piece of work counts once, as what stands of it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from patina_sessions.model import Id

_MOST = 1_000  # commits that are followed from one: amends of amends


def standing(ids: Collection[Id], rewrites: Iterable[tuple[Id, Id]], gone: Collection[Id]) -> set[Id]:
    """Return those of the commits that nothing stands in the place of.

    `rewrites` are pairs, old to new; `gone` is what no branch has any more. After an amend and a reset
    to what was before, the old one counts again; where a branch was copied before it was rebased, only the new ones do.
    """
    became: dict[Id, list[Id]] = {}
    for old, new in rewrites:
        became.setdefault(old, []).append(new)
    return {i for i in ids if not _is_replaced(i, became, gone)}


def _is_replaced(commit: Id, became: dict[Id, list[Id]], gone: Collection[Id]) -> bool:
    seen, waiting = {commit}, list(became.get(commit, ()))
    while waiting and len(seen) < _MOST:
        new = waiting.pop()
        if new in seen:
            continue
        if new not in gone:
            return True
        seen.add(new)
        waiting += became.get(new, ())
    return False
