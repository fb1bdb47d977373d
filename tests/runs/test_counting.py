"""How many tests passed and failed, read from what each runner prints; examples are what those runners really wrote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patina_sessions.runs.outcome import cargo, count, go, jest, junit, tests, unittest, vitest
from patina_sessions.runs.outcome import pytest as pytest_
from patina_sessions.runs.outcome.count import NAMES

PYTEST = """\
..F.s
=================================== FAILURES ===================================
_________________________________ test_minus[1] ________________________________
E       assert 1 == 2
=========================== short test summary info ============================
FAILED tests/test_a.py::test_minus[1 - 2] - assert 1 == 2
FAILED tests/test_a.py::test_plain - ValueError: no - never
ERROR tests/test_b.py - ImportError: nothing there
============== 2 failed, 3 passed, 1 skipped, 1 xfailed, 1 error in 0.12s ===============
"""


def test_pytest_s_closing_line_and_names() -> None:
    found = pytest_.read(PYTEST)
    assert found == count.Tests(
        runner="pytest",
        passed=3,
        failed=3,
        skipped=2,
        names=("tests/test_a.py::test_minus[1 - 2]", "tests/test_a.py::test_plain", "tests/test_b.py"),
    )


@pytest.mark.parametrize(
    ("line", "passed", "failed", "skipped"),
    [
        ("12 passed in 3.21s", 12, 0, 0),
        ("1 failed, 2 passed in 61.50s (0:01:01)", 2, 1, 0),
        ("======================= no tests ran in 0.01s ========================", 0, 0, 0),
        ("== 3 passed, 2 warnings in 0.5s ==", 3, 0, 0),
        ("33 skipped in 5.49s", 0, 0, 33),
        ("2 passed, 31 deselected in 11.43s", 2, 0, 0),
        ("1 passed, 1 xpassed in 0.1s", 2, 0, 0),
        ("2 errors in 0.20s", 0, 2, 0),
    ],
)
def test_pytest_s_closing_line_in_its_many_forms(line: str, passed: int, failed: int, skipped: int) -> None:
    found = pytest_.read(f"...\n{line}\n")
    assert found is not None
    assert (found.passed, found.failed, found.skipped) == (passed, failed, skipped)


def test_pytest_without_a_summary_is_named_by_its_headings() -> None:
    found = pytest_.read("____________ TestA.test_one ____________\nE  oh\n1 failed in 0.01s\n")
    assert found is not None
    assert found.names == ("TestA.test_one",)


def test_a_program_that_talks_of_tests_is_not_pytest() -> None:
    assert pytest_.read("we had 3 passed in the exam\n5 passed in silence\n") is None


UNITTEST = """\
FAIL: test_sub (mod.Sums.test_sub)
ERROR: setUpClass (mod.Slow)
FAIL: test_old (mod.Sums)
----------------------------------------------------------------------
Ran 6 tests in 0.003s

FAILED (failures=2, errors=1, skipped=1, expected failures=1)
"""


def test_unittest_s_numbers_and_names_of_both_kinds() -> None:
    assert unittest.read(UNITTEST) == count.Tests(
        runner="unittest",
        passed=1,
        failed=3,
        skipped=2,
        names=("mod.Sums.test_sub", "mod.Slow.setUpClass", "mod.Sums.test_old"),
    )


def test_unittest_that_passed() -> None:
    found = unittest.read("...\n-----\nRan 3 tests in 0.000s\n\nOK (skipped=1)\n")
    assert found == count.Tests(runner="unittest", passed=2, failed=0, skipped=1)


CARGO = """\
running 2 tests
test tests::adds ... ok
test tests::subtracts ... FAILED

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

     Running tests/it.rs
test slow_one ... ignored
test result: ok. 4 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.10s
"""


def test_cargo_s_binaries_are_added_up() -> None:
    assert cargo.read(CARGO) == count.Tests(
        runner="cargo test", passed=5, failed=1, skipped=1, names=("tests::subtracts",)
    )


GO = """\
=== RUN   TestAdd
--- PASS: TestAdd (0.00s)
=== RUN   TestSub
    --- FAIL: TestSub/minus_one (0.00s)
--- FAIL: TestSub (0.00s)
--- SKIP: TestSlow (0.00s)
FAIL
FAIL	example.org/sums	0.002s
FAIL	example.org/broken [build failed]
ok  	example.org/fine	(cached)
?   	example.org/none	[no test files]
FAIL
"""


def test_go_s_tests_subtests_and_packages_that_do_not_build() -> None:
    assert go.read(GO) == count.Tests(
        runner="go test",
        passed=1,
        failed=2,
        skipped=1,
        names=("example.org/sums.TestSub/minus_one", "example.org/broken [build failed]"),
    )


def test_go_without_v_does_not_say_how_many_passed() -> None:
    found = go.read("ok  \texample.org/fine\t0.01s\n")
    assert found == count.Tests(runner="go test", passed=None, failed=0)


JEST = """\
FAIL src/sum.test.js
  sums
    ✓ adds (2 ms)
    ✕ subtracts

  ● sums › subtracts

    expect(received).toBe(expected)

FAIL src/broken.test.js
  ● Test suite failed to run

Test Suites: 2 failed, 1 passed, 3 total
Tests:       1 failed, 1 skipped, 1 todo, 3 passed, 6 total
Snapshots:   0 total
Time:        1.2 s
"""


def test_jest_s_numbers_names_and_suites_that_do_not_run() -> None:
    assert jest.read(JEST) == count.Tests(
        runner="jest", passed=3, failed=2, skipped=2, names=("sums › subtracts", "src/broken.test.js")
    )


VITEST = """\
 ❯ src/sum.test.ts (2 tests | 1 failed) 5ms
 FAIL  src/sum.test.ts > sums > subtracts
 FAIL  src/broken.test.ts [ src/broken.test.ts ]
 Test Files  2 failed | 1 passed (3)
      Tests  1 failed | 3 passed | 1 skipped (5)
   Duration  312ms
"""


def test_vitest_s_numbers_and_names() -> None:
    assert vitest.read(VITEST) == count.Tests(
        runner="vitest",
        passed=3,
        failed=2,
        skipped=1,
        names=("src/sum.test.ts > sums > subtracts", "src/broken.test.ts"),
    )


JUNIT = b"""<?xml version="1.0"?>
<testsuites><testsuite name="s" tests="4">
 <testcase classname="pkg.Sums" name="adds"/>
 <testcase classname="pkg.Sums" name="subtracts"><failure message="oh">1 &lt; 2</failure></testcase>
 <testcase classname="pkg.Sums" name="divides"><error/></testcase>
 <testcase classname="pkg.Sums" name="later"><skipped/></testcase>
</testsuite></testsuites>"""


def test_junit_s_cases_are_counted_one_by_one() -> None:
    assert junit.read(JUNIT) == count.Tests(
        runner="JUnit", passed=1, failed=2, skipped=1, names=("pkg.Sums.subtracts", "pkg.Sums.divides")
    )


def test_junit_s_files_are_added_up_and_what_is_none_is_passed_over() -> None:
    found = junit.read_all([JUNIT, b"<html/>", b"no xml", JUNIT])
    assert found is not None
    assert (found.runner, found.passed, found.failed, found.skipped) == ("JUnit", 2, 4, 2)


def test_a_report_that_would_blow_up_is_refused() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><testsuite><testcase name="&a;"/></testsuite>'
    assert junit.read(bomb) is None
    assert junit.read(bomb.decode().encode("utf-16")) is None


def test_two_runners_in_one_output_are_added_up() -> None:
    found = tests.read(CARGO + PYTEST)
    assert found is not None
    assert (found.passed, found.failed) == (8, 4)


def test_output_without_tests_has_no_numbers() -> None:
    assert tests.read("compiling…\nall good\n") is None


def test_what_began_and_ceased_to_fail_is_the_difference_of_two_runs() -> None:
    assert count.changes(("a", "b"), ("b", "c")) == (("c",), ("a",))
    assert count.changes(None, ("b",)) == ((), ())


@given(
    st.text(max_size=300), st.sampled_from([PYTEST, UNITTEST, CARGO, GO, JEST, VITEST]), st.integers(0, 400)
)
def test_no_output_makes_a_reader_stumble(noise: str, known: str, cut: int) -> None:
    for text in (noise, known[:cut] + noise + known[cut:], known[cut:]):
        found = tests.read(text)
        if found is not None:
            assert found.failed >= 0
            assert found.passed is None or found.passed >= 0


@given(st.binary(max_size=300), st.integers(0, len(JUNIT)))
def test_no_file_makes_the_reader_of_reports_stumble(noise: bytes, cut: int) -> None:
    junit.read(noise)
    junit.read(JUNIT[:cut] + noise + JUNIT[cut:])


def test_a_thousand_failures_are_counted_and_some_of_them_named() -> None:
    lines = "".join(f"FAILED t.py::test_{n} - x\n" for n in range(1000))
    found = pytest_.read(f"{lines}1000 failed in 1.00s\n")
    assert found is not None
    assert (found.failed, len(found.names)) == (1000, NAMES)
