"""`.ci/run` says what happened: the status of what failed, the slowest tests, and pytest's closing line at the end."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SLOWEST = "2.50s call     tests/test_a.py::test_one\n0.10s setup    tests/test_a.py::test_two\n"
CLOSING = "================== {} in 12.34s (0:00:12) ==================\n"


@pytest.fixture
def machine_of_fakes(tmp_path: Path) -> Path:
    """Return a folder of programs that all succeed; `make` prints what the file named after its target holds."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in "git python3 dash busybox npm tmux faketime nano vim git-lfs chromium apt-get".split():
        (programs / name).write_text(f'#!/bin/sh\necho "{name} $*" >>{tmp_path}/calls\n')
    (programs / "make").write_text(
        f'#!/bin/sh\necho "make $*" >>{tmp_path}/calls\n'
        f'[ "$CI" = true ] || exit 9\ncat "{tmp_path}/$1" 2>/dev/null\nexit "$(cat "{tmp_path}/$1.status" || echo 0)"\n'
    )
    for program in programs.iterdir():
        program.chmod(0o755)
    return tmp_path


def _run(machine: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / ".ci/run"],
        env={
            "PATH": f"{machine}/bin:/usr/bin:/bin",
            "TMPDIR": str(machine),
            "DOCKER_HOST": "unix:///an-engine-that-is-there.sock",
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_a_run_ends_with_the_slowest_tests_and_the_closing_line(machine_of_fakes: Path) -> None:
    closing = CLOSING.format("2 passed")
    (machine_of_fakes / "test").write_text(f"..\n====== slowest 10 durations ======\n{SLOWEST}{closing}")
    done = _run(machine_of_fakes)
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith(SLOWEST + closing)
    calls = (machine_of_fakes / "calls").read_text().splitlines()
    assert [call for call in calls if call.startswith("make ")] == [
        "make --version",
        "make demo",
        "make test -j 2",
        "make agents",
        "make reftable",
        "make browser",
        "make docs",
    ]
    assert not [call for call in calls if call.startswith("apt-get ")]
    assert not list(machine_of_fakes.glob("tmp.*"))


def test_failing_tests_fail_the_run_and_are_still_summed_up(machine_of_fakes: Path) -> None:
    closing = CLOSING.format("1 failed, 1 passed")
    summary = "====== short test summary info ======\nFAILED tests/test_a.py::test_one - assert 1.5s\n"
    (machine_of_fakes / "test").write_text(f"====== slowest 10 durations ======\n{SLOWEST}{summary}{closing}")
    (machine_of_fakes / "test.status").write_text("2")
    done = _run(machine_of_fakes)
    assert done.returncode == 2
    assert done.stdout.endswith(SLOWEST + closing)


def test_a_demo_that_fails_ends_the_run(machine_of_fakes: Path) -> None:
    (machine_of_fakes / "demo.status").write_text("7")
    assert _run(machine_of_fakes).returncode == 7
    assert "make test" not in (machine_of_fakes / "calls").read_text()


def test_only_a_package_that_is_missing_is_installed(machine_of_fakes: Path) -> None:
    for name in ("dash", "busybox"):
        (machine_of_fakes / "bin" / name).write_text("#!/bin/sh\nexit 127\n")
    done = _run(machine_of_fakes)
    assert done.returncode == 0, done.stdout
    calls = (machine_of_fakes / "calls").read_text().splitlines()
    assert [call for call in calls if call.startswith("apt-get ")] == [
        "apt-get update -qq",
        "apt-get install -y -qq --no-install-recommends dash",
        "apt-get install -y -qq --no-install-recommends busybox",
    ]
