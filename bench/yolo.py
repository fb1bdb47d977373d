"""The start of an autonomous run, against what a person does by hand: a clone, and a container that mounts it.

By hand the clone is mounted, since that is the fastest way there is and the one that people take. Patina never mounts
it, so the bar is what its promise may cost. Both print a word as their first instruction, and what counts is the time
until its first byte; how either tidies up does not. Repository and clone lie on the file system on which the engine
keeps its volumes: written to memory, as other benches do, the same clone takes a third of the time, and the two would
not have done the same.
"""

from __future__ import annotations

import atexit
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import ground
from bench.pairs import Bench, Measure
from bench.runs import HOST
from tests.repository import Repo

IMAGE = "debian:bookworm-slim"  # with git in it, as `.ci/engine` makes it
COMMITS = 300
_WORDS = [
    f"{kind}_{part}"
    for kind in ("read", "write", "split", "merge")
    for part in ("page", "key", "row", "head")
]


def _history() -> Iterator[bytes]:
    """Yield a history for `git fast-import`: 2,500 files of text that are edited, 350 of noise; 30 MB packed.

    Noise stands for pictures, archives and whatever else does not get smaller: 24 MB of it.
    """
    dice = random.Random(30)  # the same repository each time

    def line() -> str:
        return f"    {dice.choice(_WORDS)} = {dice.choice(_WORDS)}({dice.randrange(10**6)})\n"

    texts = {f"source/part{n % 50}/module{n}.py": [line() for _ in range(60)] for n in range(2500)}
    for number in range(COMMITS):
        changed = list(texts) if not number else dice.sample(sorted(texts), 20)
        when = 1_700_000_000 + number * 3600
        yield b"commit refs/heads/main\ncommitter Ada <ada@example.org> %d +0000\n" % when
        subject = f"step {number}".encode()
        yield b"data %d\n%s\n" % (len(subject), subject)
        for name in changed:
            texts[name][dice.randrange(60)] = line()
            yield _file(name, "".join(texts[name]).encode())
        for noise in range(350 if not number else 0):
            yield _file(f"assets/{noise}.bin", dice.randbytes(70_000))


def _file(name: str, data: bytes) -> bytes:
    return b"M 100644 inline %s\ndata %d\n%s\n" % (name.encode(), len(data), data)


def repository(path: Path) -> Repo:
    """Return the repository, packed as a clone of it would be, and checked out."""
    repo = Repo.create(path)
    repo.git("config", "gc.auto", "0")
    with subprocess.Popen(["git", "fast-import", "--quiet"], cwd=path, stdin=subprocess.PIPE) as taking:
        assert taking.stdin is not None
        for piece in _history():
            taking.stdin.write(piece)
    repo.git("repack", "-a", "-d", "--quiet")
    repo.git("checkout", "--quiet", "--force", "main")
    return repo


def first_byte(argv: Sequence[str], *, cwd: Path, began: float) -> float:
    """Return the seconds from a moment until a command says something; it is let run to its end."""
    with subprocess.Popen(
        argv, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        said = child.stdout.read(1)
        seconds = time.perf_counter() - began
        _, words = child.communicate()
    if said != b"h" or child.returncode:
        raise RuntimeError(f"{argv[0]} did not start: {words.decode('utf-8', 'replace')[-500:]}")
    return seconds


def _beside_volumes() -> Path:
    """Return a new folder on the file system where the engine keeps its volumes; it is removed when the bench ends."""
    asked = ["docker", "info", "--format", "{{.DockerRootDir}}"]
    root = Path(subprocess.run(asked, capture_output=True, check=True, text=True).stdout.strip())
    for near in (Path("/var/tmp"), Path("/tmp"), root):
        if os.access(near, os.W_OK) and near.stat().st_dev == root.stat().st_dev:
            folder = Path(tempfile.mkdtemp(prefix="bench-", dir=near))
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            return folder
    raise RuntimeError(
        f"nothing can be written on the file system of {root}, where the engine keeps its volumes"
    )


def _start(_: Path) -> tuple[Measure, Measure]:
    assert HOST is not None
    os.environ["DOCKER_HOST"] = HOST
    folder = _beside_volumes()
    repo = repository(folder / "repo")
    ground.record(repo)
    clone = folder / "clone"
    program = ["sh", "-c", "echo here; git rev-parse HEAD >/dev/null && git diff --quiet"]
    run = ["docker", "run", "--rm", "--network", "none", "--user", f"{os.getuid()}:{os.getgid()}"]
    run += ["--volume", f"{clone}:/clone", "--workdir", "/clone", IMAGE, *program]
    ours = [sys.executable, "-P", "-m", "patina_sessions", "yolo", "run", "--image", IMAGE, "--", *program]

    def by_hand() -> float:
        shutil.rmtree(clone, ignore_errors=True)
        began = time.perf_counter()
        subprocess.run(["git", "clone", "--quiet", "--no-local", str(repo.path), str(clone)], check=True)
        return first_byte(run, cwd=folder, began=began)

    def patina() -> float:
        return first_byte(ours, cwd=repo.path, began=time.perf_counter())

    return by_hand, patina


def _declared() -> tuple[Bench, ...]:
    asked = ["docker", "run", "--rm", "--network", "none", IMAGE, "git", "--version"]
    if (
        HOST is None
        or shutil.which("docker") is None
        or subprocess.run(asked, capture_output=True).returncode
    ):
        print(f"no engine with an image {IMAGE} that has git: yolo-start is left out", file=sys.stderr)
        return ()
    return (
        Bench(
            name="yolo-start",
            a="git clone --no-local of 30 MB onto the disk of volumes and docker run, to the first byte",
            b="patina yolo run, to the first byte",
            bar=1.5,
            prepare=_start,
            rounds=9,
        ),
    )


BENCHES = _declared()
