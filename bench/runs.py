"""A command in the warm workspace, against `docker exec` by command line and by SDK, and `docker run --rm`.

Left out, with a word, where no engine answers. Everything is measured in turn: engines are busy for seconds at a time.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench import ground
from bench.pairs import Bench, Measure, wall
from tests.docker import engine

IMAGE = "patina-test-busybox"
HOST = os.environ.get("DOCKER_HOST")  # before the ground is cleared
_PYTHON = [sys.executable, "-P"]
_SDK = (
    "import sys, time, docker; c = docker.from_env().containers.get(sys.argv[1]); t = time.perf_counter();"
    " c.exec_run(['true']); print(time.perf_counter() - t)"
)


@dataclass(frozen=True)
class Warm:
    """A repository whose workspace is warm."""

    path: Path
    container: str

    def patina(self) -> float:
        return self._wall([*_PYTHON, "-m", "patina_sessions", "exec", "--", "true"])

    def command(self) -> float:
        return self._wall(["docker", "exec", self.container, "true"])

    def sdk(self) -> float:
        """Return the seconds of the call alone, in a process that has the SDK loaded and its client made."""
        done = subprocess.run(
            [*_PYTHON, "-c", _SDK, self.container], check=True, capture_output=True, text=True
        )
        return float(done.stdout)

    def fresh(self) -> float:
        return self._wall(["docker", "run", "--rm", IMAGE, "true"])

    def added(self) -> float:
        """Return what is left of our time when docker's own is taken off; both are measured now."""
        return max(self.patina() - self.command(), 0.0)

    def _wall(self, argv: list[str]) -> float:
        return wall(lambda: subprocess.run(argv, cwd=self.path, check=True, capture_output=True))()


def bare() -> float:
    """Return the seconds of a Python that loads the SDK and nothing else."""
    return wall(lambda: subprocess.run([*_PYTHON, "-c", "import docker"], check=True))()


def _warm(folder: Path) -> Warm:
    assert HOST is not None
    os.environ["DOCKER_HOST"] = HOST
    engine.give_images(HOST)
    repo = ground.repository(folder / "repo")
    repo.patina("init")
    repo.write(".patina/config.toml", f'docker.image = "{IMAGE}"\ndocker.idle_hours = 0.02\n')
    repo.patina("session", "start", "Measure")
    repo.patina("exec", "--", "true")
    key = (repo.path / ".git/patina-id").read_text().split()[0]
    asked = ["docker", "ps", "--quiet", "--filter", f"label=dev.patina.worktree={key}"]
    container = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
    return Warm(repo.path, container)


def _against(
    other: Callable[[Warm], Measure], ours: Callable[[Warm], Measure]
) -> Callable[[Path], tuple[Measure, Measure]]:
    def prepare(folder: Path) -> tuple[Measure, Measure]:
        warm = _warm(folder)
        return other(warm), ours(warm)

    return prepare


def _declared() -> tuple[Bench, ...]:
    if HOST is None or shutil.which("docker") is None or engine.busybox() is None:
        print("no DOCKER_HOST, docker or static busybox: the benches of runs are left out", file=sys.stderr)
        return ()
    added = Bench(
        name="exec",
        a="python, import docker",
        b="patina exec -- true, less docker exec",
        bar=1.5,
        prepare=_against(lambda _: bare, lambda w: w.added),
        rounds=15,
    )
    others: tuple[tuple[str, str, float, Callable[[Warm], Measure]], ...] = (
        ("exec-command", "docker exec, command line", 8.0, lambda w: w.command),
        ("exec-sdk", "exec_run of a loaded SDK", 20.0, lambda w: w.sdk),
        ("exec-run", "docker run --rm", 1.5, lambda w: w.fresh),
    )
    return (
        added,
        *(
            Bench(
                name=name,
                a=a,
                b="patina exec -- true",
                bar=bar,
                prepare=_against(measure, lambda w: w.patina),
                rounds=9,
            )
            for name, a, bar, measure in others
        ),
    )


BENCHES = (*_declared(),)
