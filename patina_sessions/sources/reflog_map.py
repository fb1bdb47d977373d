"""Which commit a rebase made of which, from the commits: where no hook ran, git's own map is not there.

Tried against that map with random plans (`tests/sources/test_reflog_map.py`). What is dropped has no partner in
either; a pair that is not sure is none. The cost is that of the commits of this rebase, and patches are made only of
those that author, moment and subject leave open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain

from patina_sessions.frozen import dataclass
from patina_sessions.model import Id
from patina_sessions.sources import reflog_lines
from patina_sessions.sources.reflog_lines import Line
from patina_sessions.sources.reflog_replay import Replay, headers
from patina_sessions.system.git import Git
from patina_sessions.system.objects import Header

MOST = 5_000  # commits of a rebase whose pairs are looked for
_PATCHES = 500  # of each side that are compared by what they change

Pairs = tuple[tuple[Id, Id], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step that put a commit in the place of the one before it: `squash`, `fixup`, `reword`, an amend by hand."""

    old: Id
    new: Id
    folds: bool  # it changed what the commit holds
    named: bool = False  # as `squash` or `fixup` do


def of_replay(
    git: Git, replay: Replay, tip: Id, lines: Sequence[Line], earlier: Callable[[], Sequence[Line]]
) -> Pairs:
    """Return the pairs of a replay that ended at `tip`; `lines` came before that, `earlier` gives more of them."""
    if replay.onto is None:
        return ()
    steps = _steps(lines)
    steps = _steps([*earlier(), *lines]) if steps is None else steps
    new = git.rev_list([tip], [replay.onto], limit=MOST)
    placed = in_place(git, _read(steps or ()))
    # Picks that are where they belong are left out: what goes onto the last of them began with that.
    old = replay.in_order if all(s.old != replay.onto for s in placed) else (replay.onto, *replay.in_order)
    return of(git, old, new, placed)


def _steps(lines: Sequence[Line]) -> list[Line] | None:
    """Return the lines since the last beginning of a replay, None where they have none."""
    for place in range(len(lines) - 1, -1, -1):
        if "(start)" in lines[place].text and reflog_lines.read(lines[place].text).verb == "start":
            return list(lines[place + 1 :])
    return None


def of(git: Git, old: Iterable[Id], new: Iterable[Id], steps: Sequence[Step] = ()) -> Pairs:
    """Return the pairs, old to new, oldest first; what stands on both sides was not replayed."""
    olds, news = list(old), list(new)
    both = set(olds).intersection(news)
    before = headers(git, [i for i in olds if i not in both][:MOST])
    chains = Chains(steps, [i for i in news if i not in both][:MOST])
    after = headers(git, chains.begun)
    found: dict[Id, Id] = {}
    _match(found, before, after, _whole)
    patches = {} if git.is_partial() else _patches(git, found, before, after)
    _match(found, before, after, lambda h: patches.get(h.id))
    _match(found, before, after, _whole, in_order=True)
    _match(found, before, after, lambda h: (h.author.who, h.author.seconds))
    _match(found, before, after, lambda h: (h.author.who, h.subject))
    found = {one: chains.end(other) for one, other in found.items()}
    _folded(git, found, [h.id for h in before if h.id not in found], patches, chains)
    return tuple((h.id, found[h.id]) for h in before if h.id in found)


class Chains:
    """The commits that a rebase ended with, and what each was at first: a pick before anything was put on it."""

    def __init__(self, steps: Sequence[Step], new: Sequence[Id]) -> None:
        self.steps = steps
        self.new = frozenset(new)
        self._became = {step.old: step.new for step in steps}
        was = {step.new: step.old for step in steps}
        self.begun = [self._last(was, commit) for commit in new]

    def end(self, commit: Id) -> Id:
        """Return what became of a commit in the end."""
        return self._last(self._became, commit)

    def _last(self, way: dict[Id, Id], commit: Id) -> Id:
        for _ in self.steps:
            if commit not in way:
                break
            commit = way[commit]
        return commit


def in_place(git: Git, steps: Iterable[tuple[Id, Id, bool]]) -> tuple[Step, ...]:
    """Return those of the steps (old, new, named) that took the place of a commit."""
    found = []
    for old, new, named in steps:
        one, other = git.header(old), git.header(new)
        if old != new and one is not None and other is not None and one.parents == other.parents:
            found.append(Step(old=old, new=new, folds=one.tree != other.tree, named=named))
    return tuple(found)


def _read(lines: Iterable[Line]) -> list[tuple[Id, Id, bool]]:
    """Return lines as `in_place` takes them, each once: what was read twice stands there twice."""
    steps = ((line.old, line.new, "(squash): " in line.text or "(fixup): " in line.text) for line in lines)
    return list(dict.fromkeys(steps))


def _whole(h: Header) -> object:
    return (h.author.who, h.author.seconds, h.subject)


def _match(
    found: dict[Id, Id],
    before: Sequence[Header],
    after: Sequence[Header],
    same: Callable[[Header], object],
    *,
    in_order: bool = False,
) -> None:
    """Pair what is alike and alone in that, or `in_order` where as many are alike on both sides."""
    taken = set(found.values())
    left: dict[object, list[Id]] = {}
    right: dict[object, list[Id]] = {}
    for heads, side, gone in ((before, left, found.keys()), (after, right, taken)):
        for h in heads:
            key = same(h)
            if h.id not in gone and key is not None:
                side.setdefault(key, []).append(h.id)
    for key, ones in left.items():
        others = right.get(key, [])
        if len(ones) == len(others) and (in_order or len(ones) == 1):
            found.update(zip(ones, others, strict=True))


def _patches(
    git: Git, found: dict[Id, Id], before: Sequence[Header], after: Sequence[Header]
) -> dict[Id, str]:
    taken = set(found.values())
    open_before = [h.id for h in before if h.id not in found][:_PATCHES]
    open_after = [h.id for h in after if h.id not in taken][:_PATCHES]
    return git.patch_ids(chain(open_before, open_after)) if open_before else {}


def _folded(git: Git, found: dict[Id, Id], left: list[Id], patches: dict[Id, str], chains: Chains) -> None:
    """Pair what was squashed into another: the step shows its patch, or as many are left as were named."""
    unseen = []
    for step in chains.steps[:_PATCHES] if left else ():
        whole = chains.end(step.new)
        if not step.folds or whole not in chains.new:
            continue
        patch = git.patch_id_between(step.old, step.new) if patches else None
        one = next((i for i in left if patch is not None and patches.get(i) == patch), None)
        if one is not None:
            found[one] = whole
            left.remove(one)
        elif step.named:
            unseen.append(whole)
    if len(unseen) == len(left):
        found.update(zip(left, unseen, strict=True))
