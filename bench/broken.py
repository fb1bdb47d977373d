"""What a commit takes where Patina is broken, beside one with an empty hook: nobody is to feel that something is wrong.

The wait of a whole commit, commit by commit in turn, and of each dozen the least: what others do with the machine is in
it too. The ways in which it is broken are those of the promise's test.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench import ground
from bench.commit import COMMIT, COMMITS, EVENT
from bench.pairs import Bench, Measure, wall
from tests.promises import test_1_hooks_harm_nothing as promise
from tests.repository import Repo


def hangs(state: Path) -> None:
    """Put a recorder there that takes its time; the ring stays up, so that one is called."""
    promise.put_recorder(state, "exec sleep 20")


def locked(state: Path) -> None:
    """Have somebody hold the recorder's lock for a while."""
    promise.put_recorder(state, f"exec flock '{state}/lock' sleep 20")


WAYS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "interpreter": ("its interpreter is gone", promise.SNAGS["the_interpreter_is_gone"]),
    "package": ("its package is gone", promise.SNAGS["the_package_is_gone"]),
    "state": ("its state is gone", promise.SNAGS["the_state_is_gone"]),
    "disk": ("nothing can be written", promise.SNAGS["nothing_can_be_made"]),
    "newer": ("its state is of a newer Patina", promise.SNAGS["consent_is_of_a_newer_patina"]),
    "hangs": ("its recorder hangs", hangs),
    "locked": ("its lock is held", locked),
}


def _least(repo: Repo) -> Measure:
    commit = wall(lambda: repo.git(*COMMIT))
    return lambda: min(commit() for _ in range(COMMITS))


def _bench(name: str, words: str, spoil: Callable[[Path], None]) -> Bench:
    def prepare(folder: Path) -> tuple[Measure, Measure]:
        empty, broken = ground.repository(folder / "empty"), ground.repository(folder / "broken")
        ground.hook(empty, EVENT)
        ground.record(broken)
        spoil(ground.state(broken))
        return _least(empty), _least(broken)

    return Bench(
        name=f"broken-{name}",
        a="the wait of git commit with an empty sh hook",
        b=f"the same where Patina is installed and {words}",
        bar=1.15,
        prepare=prepare,
        rounds=11,
    )


BENCHES = (*(_bench(name, words, spoil) for name, (words, spoil) in WAYS.items()),)
