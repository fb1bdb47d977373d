"""What a daily command takes beyond a Python that imports click: what it loads, asks git and keeps shows here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench import ground
from bench.pairs import Bench, Measure


def _command(*words: str) -> Callable[[Path], tuple[Measure, Measure]]:
    def prepare(folder: Path) -> tuple[Measure, Measure]:
        repo = ground.repository(folder / "repo")
        ground.record(repo)
        for number in range(10):
            repo.commit(f"feat: step {number}", {f"part{number}.txt": f"{number}\n"})
        repo.patina("record")
        bare = ground.python("-c", "import click", cwd=repo.path)
        return bare, ground.python("-m", "patina_sessions", *words, cwd=repo.path)

    return prepare


def _bench(name: str, *words: str, bar: float) -> Bench:
    return Bench(
        name=name,
        a="CPU seconds of python, import click",
        b=f"of patina {' '.join(words)}",
        bar=bar,
        prepare=_command(*words),
        rounds=41,
    )


BENCHES = (
    _bench("start", "--version", bar=1.5),
    _bench("status", "session", "status", bar=2),
    _bench("note", "note", "Offsets are bytes everywhere", bar=2.5),
)
