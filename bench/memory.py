"""What it costs to remember 5,000 sessions: to index them, to ask for two words, to follow a change, to list them.

And to make a memory out of a history of 10,000 commits. CPU seconds and peaks of resident memory, of whole processes.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

from bench import ground, journals
from bench.pairs import Bench, Measure, cpu
from tests.repository import Repo

MANY, COMMITS = 5000, 10_000

# The texts alone, as the file has them: what an index costs that knows nothing of journals.
_PLAIN = """
import pathlib, sqlite3, sys
folder, into = map(pathlib.Path, sys.argv[1:])
into.unlink(missing_ok=True)
db = sqlite3.connect(into)
db.execute("PRAGMA synchronous = OFF")
db.execute("CREATE VIRTUAL TABLE text USING fts5(t, tokenize = 'porter unicode61')")
with db:
    for path in folder.iterdir():
        db.execute("INSERT INTO text(t) VALUES (?)", (path.read_text(),))
"""

# The most memory that a process had, as Linux counts it for the address space that this program began with: what
# `wait4` says of a child holds the memory of whoever started it, too.
_PEAK = """
import atexit, runpy, sys
def told(into=sys.argv.pop(1)):
    lines = open("/proc/self/status").read().split("\\n")
    open(into, "w").write(next(line.split()[1] for line in lines if line.startswith("VmHWM:")))
atexit.register(told)
sys.argv[0] = "patina"
runpy.run_module("patina_sessions", run_name="__main__", alter_sys=True)
"""


def _remembering(folder: Path, many: int = MANY) -> Repo:
    repo = ground.repository(folder / "repo")
    repo.patina("init")
    journals.write(_archive(repo), many)
    return repo


def _peak(repo: Repo, *words: str) -> Measure:
    """Return a measure of the most megabytes that a command of ours has."""
    into = repo.path.parent / "peak"
    argv = [sys.executable, "-P", "-c", _PEAK, str(into), *words]

    def measure() -> float:
        subprocess.run(argv, cwd=repo.path, stdin=subprocess.DEVNULL, capture_output=True, check=True)
        return int(into.read_text()) / 1024

    return measure


def _archive(repo: Repo) -> Path:
    return ground.state(repo) / "archive"


def _patina(repo: Repo, *words: str) -> Measure:
    return ground.python("-m", "patina_sessions", *words, cwd=repo.path)


def _question() -> tuple[str, str]:
    """Return two words of the journals, a frequent one and a rare one."""
    session, data = next(journals.many(1))
    words = data.decode().split("\n")[0].split()
    assert session
    return words[2], words[-1]


def _build(folder: Path) -> tuple[Measure, Measure]:
    repo = _remembering(folder)
    plain = ground.python("-c", _PLAIN, _archive(repo), folder / "plain.db", cwd=repo.path)
    search = _patina(repo, "search", "--ids", *_question())

    def anew() -> float:
        (ground.state(repo) / "index.db").unlink(missing_ok=True)
        return search()

    return plain, anew


def _query(folder: Path) -> tuple[Measure, Measure]:
    repo = _remembering(folder)
    bare = ground.python("-c", "import click, sqlite3", cwd=repo.path)
    return bare, _patina(repo, "search", *_question())


def _grep(*argv: str) -> Callable[[Path], tuple[Measure, Measure]]:
    """Return the preparation of a search by a program that reads all files whenever it is asked."""

    def prepare(folder: Path) -> tuple[Measure, Measure]:
        repo = _remembering(folder)
        one, two = _question()
        grep = [*argv, f"{one}|{two}", str(_archive(repo))]
        return cpu(grep, cwd=repo.path), _patina(repo, "search", "--ids", one, two)

    return prepare


def _change(folder: Path) -> tuple[Measure, Measure]:
    repo = _remembering(folder)
    search = _patina(repo, "search", *_question())
    path = sorted(_archive(repo).iterdir())[MANY // 2]
    before = path.read_bytes()
    numbers = count()

    def changed() -> float:
        path.write_bytes(before.replace(b"## Goals\n", b"## Goals\n- [ ] goal %d\n" % next(numbers), 1))
        return search()

    return search, changed


def _list(folder: Path) -> tuple[Measure, Measure]:
    repo = _remembering(folder)
    return ground.python("-c", "import click", cwd=repo.path), _patina(repo, "list")


def _index_memory(folder: Path) -> tuple[Measure, Measure]:
    few, many = (_first_search(folder / str(number), number) for number in (MANY // 5, MANY))
    return few, many


def _first_search(folder: Path, number: int) -> Measure:
    folder.mkdir()
    repo = _remembering(folder, number)
    peak = _peak(repo, "search", "--ids", *_question())

    def anew() -> float:
        (ground.state(repo) / "index.db").unlink(missing_ok=True)
        return peak()

    return anew


def _reading_memory(*words: str) -> Callable[[Path], tuple[Measure, Measure]]:
    """Return the preparation of a command's memory beside that of one that reads nothing."""

    def prepare(folder: Path) -> tuple[Measure, Measure]:
        repo = _remembering(folder)
        return _peak(repo, "--version"), _peak(repo, *words)

    return prepare


def _history_memory(folder: Path) -> tuple[Measure, Measure]:
    few, many = (_past(folder / str(number), number) for number in (COMMITS // 10, COMMITS))
    return few[1], many[1]


def _history(folder: Path) -> tuple[Measure, Measure]:
    repo, _ = _past(folder, COMMITS)
    log = cpu(["git", "log", "--numstat"], cwd=repo.path)
    return log, _anew(repo, _patina(repo, "import", "--git"))


def _committed(number: int) -> int:
    """Return when a commit was made: ten in a day's ten hours, by three people in turn."""
    return 1_500_000_000 + number // 10 * 86_400 + number % 10 * 3600


def _past(folder: Path, number: int) -> tuple[Repo, Measure]:
    """Return a repository with so many commits, and the measure of the memory that taking them in needs."""
    folder.mkdir(exist_ok=True)
    repo = ground.repository(folder / "repo")
    stream = "".join(
        f"commit refs/heads/main\ncommitter A{n % 3} <a{n % 3}@b.c> {_committed(n)} +0000\n"
        f"data 12\nchange {n % 10:05}\n{'' if n else 'from refs/heads/main^0' + chr(10)}"
        f"M 100644 inline d{n % 7}/f{n % 50}\ndata 6\n{n:05}\n\n"
        for n in range(number)
    )
    argv = ["git", "fast-import", "--quiet"]
    subprocess.run(argv, cwd=repo.path, input=stream.encode(), check=True)
    repo.git("reset", "--quiet", "--hard", "main")
    repo.patina("init")
    return repo, _anew(repo, _peak(repo, "import", "--git"))


def _anew(repo: Repo, take: Measure) -> Measure:
    def anew() -> float:
        for path in _archive(repo).glob("*.md"):
            path.unlink()
        return take()

    return anew


BENCHES = (
    Bench(
        name="index",
        a=f"CPU seconds of FTS5 with the texts of {MANY:,} journals",
        b="of the first patina search",
        bar=2,
        prepare=_build,
        rounds=3,
    ),
    Bench(
        name="search",
        a="CPU seconds of python, import click, sqlite3",
        b=f"of patina search with two words in {MANY:,} journals",
        bar=3,
        prepare=_query,
        rounds=41,
    ),
    Bench(
        name="search-changed",
        a=f"CPU seconds of patina search in {MANY:,} journals",
        b="after one of them was changed",
        bar=2,
        prepare=_change,
        rounds=25,
    ),
    Bench(
        name="search-grep",
        a=f"CPU seconds of grep -rilE in {MANY:,} journals",
        b="of patina search",
        bar=5,  # for information: grep ranks nothing, forgives nothing and knows no author
        prepare=_grep("grep", "-rilE"),
        rounds=25,
    ),
    *(
        [
            Bench(
                name="search-rg",
                a=f"CPU seconds of rg -il in {MANY:,} journals",
                b="of patina search",
                bar=10,  # for information, as grep
                prepare=_grep("rg", "-il"),
                rounds=25,
            )
        ]
        if shutil.which("rg")
        else []
    ),
    Bench(
        name="index-memory",
        a=f"megabytes of the first patina search in {MANY // 5:,} journals",
        b=f"in {MANY:,}",
        bar=1.5,
        prepare=_index_memory,
        rounds=3,
        counts="megabytes",
    ),
    Bench(
        name="search-memory",
        a="megabytes of patina --version",
        b=f"of patina search in {MANY:,} journals",
        bar=2,
        prepare=_reading_memory("search", *_question()),
        rounds=3,
        counts="megabytes",
    ),
    Bench(
        name="list-memory",
        a="megabytes of patina --version",
        b=f"of patina list of {MANY:,} sessions",
        bar=3,
        prepare=_reading_memory("list"),
        rounds=3,
        counts="megabytes",
    ),
    Bench(
        name="list",
        a="CPU seconds of python, import click",
        b=f"of patina list of {MANY:,} sessions",
        bar=4,
        prepare=_list,
        rounds=41,
    ),
    Bench(
        name="import-git",
        a=f"CPU seconds of git log --numstat of {COMMITS:,} commits",
        b="of patina import --git",
        bar=10,
        prepare=_history,
        rounds=3,
    ),
    Bench(
        name="import-git-memory",
        a=f"megabytes of patina import --git of {COMMITS // 10:,} commits",
        b=f"of {COMMITS:,}",
        bar=2,
        prepare=_history_memory,
        rounds=3,
        counts="megabytes",
    ),
)
