"""The door to other programs: how a child is started, what it inherits, and how its failure is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from patina_sessions.errors import PatinaError
from patina_sessions.frozen import dataclass

# What a user may have chosen for every git of theirs. All other GIT_* belong to the git that called us as a hook, and
# would turn our children to another repository or index (pre-commit#300, lefthook#1265, GitPython#2022).
_KEPT = (
    "GIT_AUTHOR_",
    "GIT_CEILING_DIRECTORIES",
    "GIT_COMMITTER_",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_KEY_",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_VALUE_",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    "GIT_EXEC_PATH",
)

# A background git must take no lock, ask nothing, and fetch nothing: `git status` in a loop made 41 of 150 commits
# fail without the first of these, and none with it.
QUIET = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "LC_ALL": "C.UTF-8",
}


# The interpreter that runs us, for a module of ours: without what PYTHONPATH says, of which an empty or relative part
# is a folder of the working tree, and there may lie a `logging.py`.
PYTHON = (sys.executable, "-E", "-P", "-m")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a child ended, and what it said."""

    code: int
    out: bytes
    err: bytes


def environment(given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment for a git child: ours without the `GIT_*` that a hook leaks, and quiet."""
    base = os.environ if given is None else given
    kept = {k: v for k, v in base.items() if not k.startswith("GIT_") or k.startswith(_KEPT)}
    return {**kept, **QUIET}


def forget_git() -> tuple[str | None, str | None]:
    """Take the `GIT_*` that a hook leaks out of this process for good; return what GIT_DIR and GIT_WORK_TREE were."""
    named = os.environ.get("GIT_DIR"), os.environ.get("GIT_WORK_TREE")
    clean = environment()
    for name in [n for n in os.environ if n not in clean]:
        del os.environ[name]
    os.environ.update(QUIET)
    return named


def run(
    argv: Sequence[str],
    *,
    cwd: Path | None = None,
    data: bytes | None = None,
    env: Mapping[str, str] | None = None,
) -> Result:
    """Run a program to its end with what it says captured; its exit status is a value.

    `env` is added to the environment of a git child. Raises `PatinaError` where the program is missing or the folder
    is gone.
    """
    try:
        done = subprocess.run(
            argv,
            cwd=cwd,
            input=data,
            stdin=subprocess.DEVNULL if data is None else None,
            capture_output=True,
            env={**environment(), **(env or {})},
            check=False,
        )
    except OSError as error:
        raise _unstarted(argv, cwd, error) from error
    return Result(code=done.returncode, out=done.stdout, err=done.stderr)


def _unstarted(argv: Sequence[str], cwd: Path | None, error: OSError) -> PatinaError:
    if isinstance(error, FileNotFoundError):
        if cwd is not None and not cwd.is_dir():
            return PatinaError(f"the folder {cwd} is gone", "Change to a folder that is there: cd")
        return PatinaError(f"{argv[0]} is not installed", f"Install {argv[0]}, or put it on PATH.")
    hint = f"Check that the folder may be entered and {argv[0]} be run: ls -ld {cwd or '.'}"
    return PatinaError(f"cannot run {argv[0]}: {error.strerror}", hint)


class Child:
    """A git child that is asked again and again, until `end`. What it complains of is not heard.

    Raises `PatinaError` where it cannot be started. Asked when it is gone it answers nothing, or raises `OSError`.
    """

    def __init__(self, argv: Sequence[str], *, cwd: Path) -> None:
        pipe = subprocess.PIPE
        try:
            self._child = subprocess.Popen(
                argv, cwd=cwd, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=environment()
            )
        except OSError as error:
            raise _unstarted(argv, cwd, error) from error
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._in, self._out, self.pid = self._child.stdin, self._child.stdout, self._child.pid

    def ask(self, line: str) -> bytes:
        """Give it a line, and return the first line of its answer."""
        self._in.write(f"{line}\n".encode())
        self._in.flush()
        return self._out.readline()

    def read(self, size: int) -> bytes:
        """Return the next bytes of its answer, fewer only where it ended."""
        return self._out.read(size)

    def end(self) -> None:
        """End it, whatever it still had to say."""
        self._child.kill()
        self._child.wait()
        self._out.close()
        with suppress(OSError):  # what it was to be asked, and is not
            self._in.close()


def alone(
    argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], seconds: float, most: int, data: bytes = b""
) -> Result:
    """Run a program that is not trusted to end: with this environment and no other, so long, and saying so much.

    A code of -9 says that it was ended by us, with all that it started: it took longer than `seconds`, or said more
    than `most` bytes.
    """
    pipe = subprocess.PIPE
    try:
        child = subprocess.Popen(
            argv, cwd=cwd, env=dict(env), stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
        )
    except OSError as error:
        raise PatinaError(f"cannot run {argv[0]}: {error.strerror}") from error
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stderr is not None
    out, err = bytearray(), bytearray()
    late = threading.Timer(seconds, _end_family, (child,))
    beside = threading.Thread(target=_drain, args=(child.stderr, err))
    others = [late, threading.Thread(target=_give, args=(child.stdin, data)), beside]
    for other in others:
        other.daemon = True
        other.start()
    try:
        while piece := child.stdout.read(65536):
            out += piece
            if len(out) > most:
                break
        if len(out) > most:
            _end_family(child)
        code = child.wait()
        # Its last words may not be read yet: on a busy machine a full disk was no reason at all.
        beside.join(1)
        return Result(code=code, out=bytes(out[:most]), err=bytes(err))
    finally:
        late.cancel()
        _end_family(child)
        for other in others:
            other.join(1)
        for one in (child.stdout, child.stderr):
            one.close()


def _end_family(child: subprocess.Popen[bytes]) -> None:
    """Kill a child that leads a session of its own, with all that it started."""
    if child.returncode is None:
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


def _give(pipe: IO[bytes], data: bytes) -> None:
    try:
        with pipe:
            pipe.write(data)
    except OSError:
        return  # it does not read any more


def _drain(pipe: IO[bytes], into: bytearray) -> None:
    try:
        while piece := pipe.read(4096):
            into += piece[: 20_000 - len(into)]
    except (OSError, ValueError):
        return  # closed: it has ended


def follow(argv: Sequence[str], hear: Callable[[str], None]) -> int:
    """Run a program that is no git child, hand over each line that it says, and return its exit status."""
    try:
        child = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
    except OSError as error:
        raise PatinaError(f"cannot run {argv[0]}: {error.strerror}") from error
    assert child.stdout is not None
    try:
        with child.stdout:
            for line in child.stdout:
                hear(line.decode("utf-8", "replace").rstrip())
        return child.wait()
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()


class Failed(PatinaError):
    """A program that was listened to ended with a failure."""


def blocks(argv: Sequence[str], *, cwd: Path) -> Iterator[bytes]:
    """Run a git child and yield what it prints, in pieces of at most 64 kB. Raises `Failed` where it fails.

    Its complaints are read beside: a pipe that nobody reads would stop it once it is full.
    """
    words = bytearray()
    with subprocess.Popen(
        argv,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        beside = threading.Thread(target=_drain, args=(child.stderr, words), daemon=True)
        beside.start()
        try:
            while block := child.stdout.read(65536):
                yield block
        except BaseException:
            child.kill()  # who stops listening ends it
            raise
        finally:
            beside.join(1)  # who it has started may hold the pipe
    if child.returncode:
        said = words.decode("utf-8", "replace").strip().splitlines()
        why = said[0][:300] if said else f"exit status {child.returncode}"
        raise Failed(f"{argv[0]} failed: {why}", "Ask git: git fsck")


def records(argv: Sequence[str], *, cwd: Path) -> Iterator[bytes]:
    """Run a git child and yield its records, each of which ends with a NUL, however many. Raises `Failed`."""
    rest = b""
    for block in blocks(argv, cwd=cwd):
        *whole, rest = (rest + block).split(b"\0")
        yield from whole
    if rest:
        yield rest


def start_detached(argv: Sequence[str], *, cwd: Path, env: Mapping[str, str] | None = None) -> int:
    """Start a program that outlives us, with nothing of ours held open, and return its process id."""
    child = subprocess.Popen(
        argv,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=dict(env) if env is not None else None,
        start_new_session=True,
        close_fds=True,
    )
    pid = child.pid
    child.returncode = 0  # it is not ours to wait for; without this Python warns that it still runs
    return pid
