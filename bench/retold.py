"""Journals of several projects, with what their own people said of the same work elsewhere.

What is asked, and what is to be told, is never made of what is searched: QUALITY.md says how for each sort.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from bench import others
from bench.others import Commit
from patina_sessions.journal import archive
from tests.repository import Repo

_STOP = frozenset(
    "the and for that this with from are was were has have had not but all any can into its our out per via you your"
    " they them then than when what which who will would could should been being also only one two more most some such"
    " no about after before over under between need needs needed using use used session sessions previous last next"
    " work".split()
)
_WORD = re.compile(r"[a-z0-9][a-z0-9_.-]+[a-z0-9]|[a-z0-9]{3,}")
# What tools read in a message, not people.
_TRAILER = re.compile(
    r"^(?:[A-Z][\w-]+-(?:by|id|Id): .*|\(cherry picked.*|(?:Fixes|Closes|See)\b.{0,90}|https?:\S*)$",
    re.MULTILINE,
)
_COMMITS = 1200  # of a history, the latest ones
_FEW, _LONG = 20, 1500  # words that a reference has, characters that a journal has, at least
_CONTEXT = re.compile(r"^## Previous Session Context\s*\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, the session that is meant, and one that is left out of the answer since it holds the question."""

    text: str
    meant: str
    aside: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A journal, and what somebody else, or the same author at another time, said that is worth knowing of it."""

    journal: Path
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The journals of one project with all that is asked of them."""

    name: str
    folder: Path
    questions: Sequence[Question]
    told: Sequence[Told]


def words(text: str) -> list[str]:
    """Return the words of a text that carry meaning, as both measures count them."""
    return [w for w in _WORD.findall(text.lower()) if w not in _STOP and len(w) > 2]


def sentence(text: str) -> str:
    """Return the first sentence of a text, or "" where it says too little to be a question."""
    said = re.split(r"(?<=[.!?])\s", " ".join(text.strip().split()))[0][:300]
    return said if len(words(said)) >= 4 else ""


def handed_over(name: str, folder: Path) -> Case:
    """Return journals in which authors say themselves what the session before came to."""
    paths = [p for p in sorted(folder.glob("*.md")) if re.fullmatch(r"\d{8}-\d{6}", p.stem)]
    questions, told = [], []
    for before, after in pairwise(paths):
        found = _CONTEXT.search(after.read_text(errors="replace"))
        said = re.sub(r"<!--.*?-->", "", found[1], flags=re.DOTALL).strip() if found else ""
        if len(words(said)) >= _FEW and len(before.read_text(errors="replace")) > _LONG:
            told.append(Told(journal=before, said=said))
            if asked := sentence(said):
                questions.append(Question(text=asked, meant=before.stem, aside=after.stem))
    return Case(name=name, folder=folder, questions=questions, told=told)


def own(name: str, root: Path, place: Path) -> Case:
    """Return this project's history as `import --git` tells it."""
    subprocess.run(
        ["git", "clone", "--quiet", "--no-local", str(root), str(place)], check=True, capture_output=True
    )
    repo = Repo(place)
    log = repo.git("log", "--reverse", "--format=%an%x1f%ae%x1f%aI%x1f%s%x1f%b%x1e").split("\x1e")[:-1]
    commits = []
    for one in log:
        who, mail, at, subject, body = one.strip("\n").split("\x1f")
        commits.append(
            Commit(at=datetime.fromisoformat(at), name=who, mail=mail, subject=subject, body=body.strip())
        )
    # Sessions of work follow each other within minutes here.
    return _history(name, repo, commits, gap="0.1")


def history(name: str, package: str, place: Path) -> Case | None:
    """Return a history that a Debian package tells, as `import --git` takes it; None where the package is not here."""
    log = others.text(package, "changelog.gz")
    if log is None:
        return None
    commits = others.git_log(log)[-_COMMITS:]
    repo = Repo.create(place)
    stream = b"".join(others.repository_stream(commits))
    subprocess.run(["git", "fast-import", "--quiet", "--force"], cwd=place, input=stream, check=True)
    return _history(name, repo, commits, gap="4")


def _history(name: str, repo: Repo, commits: Sequence[Commit], *, gap: str) -> Case:
    repo.patina("init")
    repo.patina("import", "--git", "--gap", gap)
    ids = repo.git("log", "--reverse", "--format=%H", "HEAD").split()
    by_id = dict(zip(ids, commits, strict=True))
    folder = repo.path / ".git" / "patina" / "archive"
    questions, told = [], []
    last: dict[str, Path] = {}
    for path in sorted(folder.glob("*.md")):
        data = path.read_bytes()
        made = [by_id[one[0]] for one in (archive.metadata_of(data) or {})["commits"]]
        bodies = (_TRAILER.sub("", one.body).strip().split("\n\n")[0] for one in made)
        questions += [Question(text=said, meant=path.stem) for said in _fresh(data, bodies)]
        messages = (_TRAILER.sub("", f"{one.subject}\n{one.body}") for one in made)
        said = next((message for message in messages if len(words(message)) >= _FEW), "")
        before = last.get(made[0].mail)
        if said and before and before.stat().st_size > _LONG:
            told.append(Told(journal=before, said=said))
        last[made[0].mail] = path
    return Case(name=name, folder=folder, questions=questions, told=told)


def releases(name: str, package: str, place: Path) -> Case | None:
    """Return what a package's project did from release to release; None where the package is not here."""
    log, news = others.text(package, "changelog.gz"), others.text(package, "NEWS.gz")
    if log is None or news is None:
        return None
    commits = others.git_log(log) if "\nAuthor: " in f"\n{log[:500]}" else others.gnu_log(log)
    found = [one for one in others.releases(news) if one.day > commits[0].at.date()]
    place.mkdir()
    questions, told = [], []
    before = commits[0].at.date()
    for one in found:
        group = [commit for commit in commits if before < commit.at.date() <= one.day]
        before = one.day
        if not group:
            continue
        path = place / f"{one.day:%Y%m%d}-120000.md"
        path.write_text("\n".join(_journal(path.stem, group)), errors="replace")
        data = path.read_bytes()
        questions += [Question(text=said, meant=path.stem) for said in _fresh(data, one.items)]
        if len(words(" ".join(one.items))) >= _FEW and len(data) > _LONG:
            told.append(Told(journal=path, said=" ".join(one.items)))
    return Case(name=name, folder=place, questions=questions, told=told)


def _fresh(data: bytes, texts: Iterable[str]) -> list[str]:
    """Return the first sentences of texts that say enough; one that the journal holds word for word is no question."""
    held = " ".join(data.decode("utf-8", "replace").lower().split())
    return [said for text in texts if (said := sentence(text)) and said.lower() not in held]


def _journal(session: str, group: Sequence[Commit]) -> Iterator[str]:
    yield f"# Session: {group[0].subject[:80]} and {len(group) - 1} more"
    yield f"**ID**: {session}\n**Started**: {group[0].at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}\n**LLM**: none\n"
    yield "## Activity Log"
    for commit in group:
        at = f"{commit.at:%Y-%m-%d %H:%M}"
        if commit.subject.startswith("*"):  # what was done to one file, without a subject
            yield f"### {at} - Note\n{commit.subject}\n{commit.body}\n"
            continue
        yield f"### {at} - Commit {commit.id[:10]}: {commit.subject}"
        yield from (f"- {path}" for path in commit.files[:8])
        yield f"\n### {at} - Note\n{commit.body}\n" if commit.body else ""
