"""What it costs to remember 5,000 sessions: to index them, to ask for two words, to follow a change, to list them.

And to make a memory out of a history of 10,000 commits. CPU seconds throughout, of whole processes.
"""

from __future__ import annotations

import subprocess
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


def _remembering(folder: Path) -> Repo:
    repo = ground.repository(folder / "repo")
    repo.patina("init")
    journals.write(_archive(repo), MANY)
    return repo


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


def _grep(folder: Path) -> tuple[Measure, Measure]:
    repo = _remembering(folder)
    one, two = _question()
    grep = ["grep", "-rilE", f"{one}|{two}", str(_archive(repo))]
    return cpu(grep, cwd=repo.path), _patina(repo, "search", "--ids", one, two)


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


def _history(folder: Path) -> tuple[Measure, Measure]:
    repo = ground.repository(folder / "repo")
    stream = "".join(
        f"commit refs/heads/main\ncommitter A{n % 3} <a{n % 3}@b.c> {1_500_000_000 + n * 3600} +0000\n"
        f"data 12\nchange {n % 10:05}\n{'' if n else 'from refs/heads/main^0' + chr(10)}"
        f"M 100644 inline d{n % 7}/f{n % 50}\ndata 6\n{n:05}\n\n"
        for n in range(COMMITS)
    )
    argv = ["git", "fast-import", "--quiet"]
    subprocess.run(argv, cwd=repo.path, input=stream.encode(), check=True)
    repo.git("reset", "--quiet", "--hard", "main")
    repo.patina("init")
    log = cpu(["git", "log", "--numstat"], cwd=repo.path)
    take = _patina(repo, "import", "--git")

    def anew() -> float:
        for path in _archive(repo).glob("*.md"):
            path.unlink()
        return take()

    return log, anew


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
        prepare=_grep,
        rounds=25,
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
)
