"""The figures of bench/ can be trusted: what they say of made-up measurements is what was made up."""

from __future__ import annotations

import dataclasses
import importlib
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import ground, report
from bench.__main__ import declared, main
from bench.pairs import Bench, Ratio, compare, cpu, wall

SECONDS = st.floats(min_value=1e-4, max_value=1e4)
PAIRS = st.lists(st.tuples(SECONDS, SECONDS), min_size=1, max_size=60).map(
    lambda pairs: Ratio(tuple(a for a, _ in pairs), tuple(b for _, b in pairs))
)


@given(PAIRS)
def test_the_bounds_hold_the_median_and_lie_among_what_was_measured(ratio: Ratio) -> None:
    low, high = ratio.interval
    assert ratio.each[0] <= low <= ratio.median <= high <= ratio.each[-1]


@given(st.lists(SECONDS, min_size=1, max_size=60), st.floats(min_value=0.5, max_value=8))
def test_a_machine_that_slows_down_between_pairs_does_not_move_the_ratio(
    load: list[float], factor: float
) -> None:
    ratio = Ratio(tuple(load), tuple(factor * slow for slow in load))
    assert ratio.median == pytest.approx(factor)
    assert ratio.interval == pytest.approx((factor, factor))


def test_a_few_pairs_that_somebody_disturbed_do_not_move_the_ratio() -> None:
    ratio = Ratio((1.0,) * 25, (1.5,) * 20 + (90.0,) * 5)
    assert ratio.median == 1.5
    assert ratio.interval == (1.5, 1.5)


@pytest.mark.parametrize(("pairs", "left_out"), [(1, 0), (5, 0), (6, 0), (9, 1), (25, 7), (100, 39)])
def test_as_many_ends_are_left_out_as_the_tables_of_the_sign_test_say(pairs: int, left_out: int) -> None:
    ratio = Ratio((1.0,) * pairs, tuple(float(n) for n in range(1, pairs + 1)))
    assert ratio.interval == (ratio.each[left_out], ratio.each[-1 - left_out])


def test_the_bounds_miss_the_true_median_at_most_once_in_twenty() -> None:
    chance = random.Random(1)
    runs = 2000
    missed = 0
    for _ in range(runs):
        ratio = Ratio((1.0,) * 15, tuple(chance.expovariate(1) for _ in range(15)))
        low, high = ratio.interval
        missed += not low <= 0.6931 <= high  # ln 2, the median of that distribution
    assert 0 < missed / runs <= 0.05


def test_a_and_b_are_measured_in_turn_and_the_first_round_does_not_count() -> None:
    order: list[str] = []

    def a() -> float:
        order.append("A")
        return float(len(order))

    def b() -> float:
        order.append("B")
        return float(len(order))

    ratio = compare(a, b, rounds=3)
    assert "".join(order) == "ABABABAB"
    assert ratio == Ratio((3.0, 5.0, 7.0), (4.0, 6.0, 8.0))


def test_cpu_seconds_count_work_and_the_work_of_children_but_no_waiting() -> None:
    work = "sum(range(6_000_000))"
    idle = cpu([sys.executable, "-I", "-S", "-c", "import time; time.sleep(0.6)"])
    busy = cpu([sys.executable, "-I", "-S", "-c", work])
    parent = cpu(
        [
            sys.executable,
            "-I",
            "-c",
            f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{work}'])",
        ]
    )
    assert compare(idle, busy, rounds=3).median > 2
    assert compare(idle, parent, rounds=3).median > 2
    assert compare(idle, wall(idle), rounds=1).median > 2


def test_a_program_that_fails_is_no_measurement() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        cpu([sys.executable, "-c", "raise SystemExit(3)"])()


def _bench(name: str, bar: float) -> Bench:
    return Bench(
        name=name, a="this", b="that", bar=bar, prepare=lambda folder: (lambda: 1.0, lambda: 1.5), rounds=7
    )


def test_a_missed_bar_stands_out_in_its_row() -> None:
    ratio = Ratio((1.0,) * 7, (1.5,) * 7)
    assert "| 1.50 | 1.50 to 1.50 | 2.00 | 7 | +500.0 ms | 2026-01-02 |" in report.row(
        _bench("x", 2.0), ratio, day="2026-01-02"
    )
    assert "| **1.50** |" in report.row(_bench("x", 1.2), ratio, day="2026-01-02")


def test_rows_are_kept_as_long_as_the_machine_is_the_same() -> None:
    first = report.page({"b": "| b | old |\n", "c": "| c | old |\n"}, machine="one", before="")
    second = report.page({"a": "| a | new |\n", "b": "| b | new |\n"}, machine="one", before=first)
    assert second.endswith("| a | new |\n| b | new |\n| c | old |\n")
    third = report.page({"a": "| a | new |\n"}, machine="two", before=second)
    assert third.endswith("---|\n| a | new |\n")


def test_a_run_prints_its_table_writes_the_page_and_fails_over_the_bar(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("bench.__main__.RESULTS", tmp_path / "RESULTS.md")
    monkeypatch.setattr("bench.__main__.declared", lambda: {"x": _bench("x", 2.0), "y": _bench("y", 1.2)})
    assert main(["x"]) == 0
    assert main([]) == 1
    assert main(["z"]) == 2
    said = capsys.readouterr()
    assert said.out.count("| x | this | that | 1.50 |") == 2
    assert said.err == "over the bar: y\nno such bench: z; there are x, y\n"
    page = (tmp_path / "RESULTS.md").read_text()
    assert [line[:5] for line in page.splitlines() if " this " in line] == ["| x |", "| y |"]


def test_every_bench_has_a_name_of_its_own_that_a_row_can_be_found_by() -> None:
    folder = Path(report.__file__).parent
    modules = [p.stem for p in folder.glob("*.py") if "\nBENCHES = (" in p.read_text()]
    benches = [one for name in modules for one in importlib.import_module(f"bench.{name}").BENCHES]
    assert len(declared()) == len(benches) >= len(modules) > 0
    rows = {one.name: report.row(one, Ratio((1.0,), (1.0,)), day="2026-01-02") for one in benches}
    page = report.page(rows, machine="one", before="")
    assert report.page({}, machine="one", before=page) == page


def test_what_is_counted_is_not_told_in_milliseconds() -> None:
    one = dataclasses.replace(_bench("x", 9.0), counts="things")
    assert "| +8 | 2026" in report.row(one, Ratio((1.0,), (9.0,)), day="2026-01-02")


def test_a_bench_stands_alone_and_what_was_there_comes_back(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    before = dict(os.environ)
    with ground.alone(tmp_path):
        assert not os.environ.keys() & {"PYTHONDONTWRITEBYTECODE", "GIT_DIR"}
        assert list(Path(os.environ["HOME"]).iterdir()) == []
        assert (
            ground.repository(tmp_path / "repo").git("log", "--format=%an %s") == "Ada Lovelace chore: begin"
        )
    assert dict(os.environ) == before
