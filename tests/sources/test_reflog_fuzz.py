"""What was made here, and only that, is found whatever people and programs do (promise 2).

The ground truth is the store's own: see `world`. FUZZ_SEEDS gives the number of worlds, FUZZ_STEPS what happens in each.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from patina_sessions.system import refs
from tests.sources import operations
from tests.sources.reader import Reader
from tests.sources.world import World, forms

FIRST = int(os.environ.get("FUZZ_FIRST", "0"))
SEEDS = range(FIRST, FIRST + int(os.environ.get("FUZZ_SEEDS", "9")))
STEPS = int(os.environ.get("FUZZ_STEPS", "60"))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_commit_made_here_is_found_and_no_other(tmp_path: Path, seed: int) -> None:
    _play(tmp_path, seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1000, 1200))
def test_every_commit_made_here_is_found_in_two_hundred_worlds(tmp_path: Path, seed: int) -> None:
    _play(tmp_path, seed)


# Without a file the old ids are missing: they are derived, and some moves look otherwise. What was made does not. A git
# that has reftables is tried on them too; any git can be asked to show what it keeps in files.
@pytest.mark.parametrize("form", forms())
@pytest.mark.parametrize("seed", range(3))
def test_the_same_is_found_where_git_has_to_show_its_reflog(
    tmp_path: Path, seed: int, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refs, "has_reftable", lambda _: True)
    _play(tmp_path, seed, form)


def _play(tmp_path: Path, seed: int, form: str = "files") -> None:
    world = World(tmp_path, seed, refs=form, spaced=seed % 2 == 1)
    often = (1.0, 0.3, 0.0)[seed % 3]  # read after everything, now and then, and once at the end
    readers = _readers(world)
    kinds = operations.EVERY + (operations.UNREADABLE if often == 1 else ())
    world.forgetful = often == 1
    if form == "reftable":
        kinds = tuple(kind for kind in kinds if kind not in operations.NOT_IN_TABLES)
    for _ in range(STEPS):
        operations.happen(world, kinds)
        if world.random.random() < often:
            _read(world, readers)
    _read(world, readers)
    problems = [*_problems(world, readers)]
    if problems:
        made = sum(map(len, world.made.values()))
        pytest.fail("\n".join([f"seed {seed}, {made} made", *problems, *world.told]), pytrace=False)


def _readers(world: World) -> dict[str, Reader]:
    since = datetime.fromtimestamp(world.clock, UTC)
    readers = {"main": Reader(world.main, since), "linked": Reader(world.linked, since)}
    readers["main"].beside = [readers["linked"]]
    readers["linked"].beside = [readers["main"]]
    for reader in readers.values():
        reader.begin()
    return readers


def _read(world: World, readers: dict[str, Reader]) -> None:
    order = list(readers.values())
    world.random.shuffle(order)
    now = datetime.fromtimestamp(world.clock + 1, UTC) if world.spaced else None
    for reader in order:
        reader.read(now=now)


def _problems(world: World, readers: dict[str, Reader]) -> Iterator[str]:
    for name, reader in readers.items():
        (other,) = reader.beside
        found, truth = set(reader.counts), world.made[name]
        # The same replay on the same commit in the same second makes one object, in two worktrees: told once.
        twice = {i for i in (truth ^ found) if _stands_in_both(world, i)}
        for word, ids in (("missed", truth - found), ("invented", found - truth)):
            for i in ids - (twice & (set(other.counts) | found)):
                yield f"{word:8} {world.main.git('log', '-1', '--format=%h %ci %cn %s', i)} in {name}"


def _stands_in_both(world: World, commit: str) -> bool:
    return all(commit in repo.git("log", "-g", "--format=%H", "HEAD") for repo in (world.main, world.linked))
