"""`python -m bench [names]`: run these benches, or all, print their table, and put their rows into RESULTS.md.

The exit status is 1 where a bar is missed, 2 where a name is unknown.
"""

from __future__ import annotations

import compileall
import datetime
import importlib
import pkgutil
import sys
import tempfile
from pathlib import Path

import bench
import patina_sessions
from bench import ground, report
from bench.pairs import Bench, compare

RESULTS = Path(__file__).with_name("RESULTS.md")
FRAME = {
    *(
        "__main__",
        "ground",
        "history",
        "journals",
        "others",
        "pairs",
        "quality",
        "report",
        "retold",
        "watchers",
    ),
}


def declared() -> dict[str, Bench]:
    """Return the benches that the modules of this folder declare, by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(bench.__path__) if module.name not in FRAME)
    return {one.name: one for name in names for one in importlib.import_module(f"bench.{name}").BENCHES}


def main(names: list[str]) -> int:
    """Run the benches of these names, all if there is none."""
    benches = declared()
    if unknown := [name for name in names if name not in benches]:
        print(f"no such bench: {', '.join(unknown)}; there are {', '.join(benches)}", file=sys.stderr)
        return 2
    # As pip installs it; where bytecode is not written, a start from a checkout compiles 60 modules (0.1 s, measured).
    compileall.compile_dir(Path(patina_sessions.__file__).parent, quiet=1)
    rows: dict[str, str] = {}
    missed = []
    print(report.machine(), report.HEAD, sep="\n\n", end="", flush=True)
    for name in names or benches:
        one = benches[name]
        with (
            tempfile.TemporaryDirectory(prefix="bench-", dir=ground.place()) as folder,
            ground.alone(Path(folder)),
        ):
            ratio = compare(*one.prepare(Path(folder)), rounds=one.rounds)
        rows[name] = report.row(one, ratio, day=datetime.date.today().isoformat())  # noqa: DTZ011 - a reader's day
        print(rows[name], end="", flush=True)
        if ratio.median > one.bar:
            missed.append(name)
    before = RESULTS.read_text() if RESULTS.exists() else ""
    RESULTS.write_text(report.page(rows, machine=report.machine(), before=before))
    if missed:
        print(f"over the bar: {', '.join(missed)}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
