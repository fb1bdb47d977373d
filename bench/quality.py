"""What Patina finds and what it tells, on journals of several projects: `python -m bench.quality` writes QUALITY.md.

No cost is measured, so there are no pairs in time: each question is asked of both, and what counts is the mean of the
differences and its standard error. Questions on one session are not independent of each other: they are taken together.
"""

from __future__ import annotations

import datetime
import math
import sqlite3
import statistics
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from bench import ground, retold
from bench.retold import Case, Question, Told, words
from patina_sessions.readers import context, gather, index, query, search
from tests import corpus

RESULTS = Path(__file__).with_name("QUALITY.md")
_HISTORIES = (("pixman", "libpixman-1-0"), ("fontconfig", "fontconfig"))
_RELEASES = (
    *(("GnuPG", "gnupg"), ("findutils", "findutils"), ("grep", "grep")),
    *(("libidn2", "libidn2-0"), ("GnuTLS", "libgnutls30")),
)
_MOST = 250  # questions of a project, evenly spread
_WORDS = 200  # of a brief

Rank = Callable[[str], list[str]]


def cases(folder: Path) -> Iterator[Case]:
    """Yield the journals of each project that is here; of one that is not, say so."""
    if any(corpus.FOLDER.glob("*.md")):
        yield retold.handed_over("corpus", corpus.FOLDER)
    root = Path(__file__).parents[1]
    if (root / ".git").exists():
        yield retold.own("this project", root, folder / "own")
    made = [(name, package, retold.history) for name, package in _HISTORIES]
    made += [(name, package, retold.releases) for name, package in _RELEASES]
    for name, package, make in made:
        found = make(name, package, folder / f"{make.__name__}-{package}")
        if found is None:
            print(f"{name} is left out: apt-get install {package} brings its history", file=sys.stderr)
        else:
            yield found


def plain(folder: Path) -> Rank:
    """Return FTS5 with porter stems over whole journals, asked with the words alone."""
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE j USING fts5(id UNINDEXED, body, tokenize = 'porter unicode61')")
    rows = ((path.stem, path.read_text(errors="replace")) for path in sorted(folder.glob("*.md")))
    db.executemany("INSERT INTO j VALUES (?, ?)", rows)
    asked = "SELECT id FROM j WHERE j MATCH ? ORDER BY bm25(j) LIMIT 12"
    return lambda text: [i for (i,) in db.execute(asked, (" OR ".join(f'"{w}"' for w in words(text)),))]


def ours(folder: Path, at: Path) -> Rank:
    """Return what `patina search` answers, without the lines that it shows: to find those takes most of the time."""
    index.ask(at, lambda _: None, gather.folder(folder))

    def rank(text: str) -> list[str]:
        def work(db: sqlite3.Connection) -> list[str]:
            meant, _ = search._forgive(db, query.parse(text))  # noqa: SLF001 - as it does itself
            return [row[0] for row in search._rows(db, meant, None, 12)]  # noqa: SLF001

        return index.ask(at, work)

    return rank


def reciprocal(rank: Rank, question: Question) -> float:
    """Return 1 for the first place, 1/2 for the second, and so on; 0 beyond the tenth."""
    places = [one for one in rank(question.text) if one != question.aside][:10]
    return 1 / (1 + places.index(question.meant)) if question.meant in places else 0.0


def error(differences: Sequence[float], groups: Iterable[str]) -> float:
    """Return the standard error of a mean whose terms belong to groups; those of one group are one observation."""
    mean = statistics.mean(differences)
    sums: dict[str, float] = defaultdict(float)
    for difference, group in zip(differences, groups, strict=True):
        sums[group] += difference - mean
    return math.sqrt(sum(one * one for one in sums.values())) / len(differences)


def head(text: str) -> str:
    """Return as many words from the beginning as a brief has."""
    return " ".join(text.split()[:_WORDS])


def tail(text: str) -> str:
    """Return as many from the end."""
    return " ".join(text.split()[-_WORDS:])


def frequent(text: str) -> str:
    """Return the lines that hold most of what the journal often says, taken one by one, for their length."""
    lines = [line for line in text.split("\n") if line.strip() and not line.startswith("<!--")]
    said = [set(words(line)) for line in lines]
    often = Counter(word for one in said for word in one)
    sizes = [len(line.split()) for line in lines]
    told: set[str] = set()
    left, room, chosen = set(range(len(lines))), _WORDS, []
    while left := {i for i in left if sizes[i] <= room}:
        gains = {i: sum(often[w] for w in said[i] - told) / (sizes[i] + 5) for i in sorted(left)}
        best = max(gains, key=gains.__getitem__)
        if not gains[best]:
            break
        left.remove(best)
        room -= sizes[best]
        told |= said[best]
        chosen.append(best)
    return "\n".join(lines[i] for i in sorted(chosen))


def share(told: Told, brief: str) -> float:
    """Return how many of the words that were said are in a brief."""
    wanted = set(words(told.said))
    return len(wanted & set(words(brief))) / len(wanted)


def of_search(case: Case, folder: Path) -> tuple[str, float]:
    """Return the row of a project's questions, and the difference."""
    step = max(1.0, len(case.questions) / _MOST)
    asked = [case.questions[int(i * step)] for i in range(min(len(case.questions), _MOST))]
    them, us = plain(case.folder), ours(case.folder, folder / f"{case.name}.db")
    a, b = ([reciprocal(rank, one) for one in asked] for rank in (them, us))
    differences = [y - x for x, y in zip(a, b, strict=True)]
    mean = statistics.mean(differences)
    count = sum(1 for _ in case.folder.glob("*.md"))
    said = f"| {case.name} | {count} | {len(asked)} | {statistics.mean(a):.3f} | {statistics.mean(b):.3f} "
    return f"{said}| {mean:+.3f} ± {error(differences, [one.meant for one in asked]):.3f} |\n", mean


def of_brief(case: Case) -> str:
    """Return the row of what a project's briefs should hold."""
    texts = [one.journal.read_text(errors="replace") for one in case.told]
    ways: list[list[float]] = [
        [share(one, way(text)) for one, text in zip(case.told, texts, strict=True)]
        for way in (head, tail, frequent)
    ]
    ways.append([share(one, head(context.of_file(one.journal, max_words=_WORDS))) for one in case.told])
    ways.append([share(one, text) for one, text in zip(case.told, texts, strict=True)])
    shares = " | ".join(f"{statistics.mean(one):.3f}" for one in ways)
    differences = [y - x for x, y in zip(ways[2], ways[3], strict=True)]
    low = error(differences, [str(one.journal) for one in case.told])
    return (
        f"| {case.name} | {len(case.told)} | {shares} | {statistics.mean(differences):+.3f} ± {low:.3f} |\n"
    )


_PAGE = """# What Patina finds and tells

Written by `make quality` on {day}; ± is one standard error. The weights of search were found on the
corpus' even pairs, pixman, GnuPG and GnuTLS (and libX11 and strace, which are not here), those of the brief on the even
pairs and GnuPG; the others were looked at, and chose nothing. What is asked is never made of what is searched:
- this project, pixman, fontconfig: journals that `patina import --git` makes of a history. They hold subjects and
  names of files. Asked for by the first sentence of a commit's body, which they do not hold. What is to be told is the
  message that the same author's next session begins with.
- the others: a journal holds what was committed from one release to the next. Asked for by what the release's NEWS told
  its users, item by item; what is to be told is that NEWS.

Histories of others are read where Debian's packages lay them. What a journal holds word for word is not asked.

## Search
Mean reciprocal rank, to the tenth place, of the one session that is meant. Plain FTS5 has porter stems and whole
journals, and is asked with the words alone.

| journals of | sessions | questions | plain FTS5 | patina search | difference |
|---|--:|--:|--:|--:|--:|
{searched}
## The brief
Of the words that are to be told, how many are in {words} words of the journal? `frequent` takes the lines that hold
most of what the journal often says. The difference is the brief less `frequent`.

| journals of | pairs | first words | last words | frequent | patina context | whole journal | difference |
|---|--:|--:|--:|--:|--:|--:|--:|
{briefs}"""


def main() -> int:
    """Measure all, and write the page."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir=ground.place()) as at, ground.alone(Path(at)):
        searched, briefs, others = "", "", []
        for case in cases(Path(at)):
            row, difference = of_search(case, Path(at))
            told = of_brief(case)
            print(row, told, sep="", end="", flush=True)
            searched += row
            briefs += told
            if case.name != "corpus":
                others.append(difference)
    if len(others) > 1:  # else there is no spread to tell of
        mean, spread = statistics.mean(others), statistics.stdev(others) / math.sqrt(len(others))
        searched += f"| all but the corpus, one as much as the other | | | | | {mean:+.3f} ± {spread:.3f} |\n"
    day = f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}"
    RESULTS.write_text(_PAGE.format(day=day, searched=searched, briefs=briefs, words=_WORDS))
    return 0


if __name__ == "__main__":
    sys.exit(main())
