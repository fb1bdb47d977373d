"""A made-up project with its memory: commits, the sessions that made them, runs, failures, turns of an assistant.

The same seed gives the same bytes, ids of commits included. It is what the report is measured with and pictured from:

    python -m bench.history FOLDER [SESSIONS COMMITS]
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from patina_sessions.journal import metadata
from tests.repository import Repo

ZONE = timezone(timedelta(hours=1))
_LAST = datetime(2026, 11, 20, 9, 0, tzinfo=ZONE)
_THINGS = (
    "parser lexer tokenizer cache index planner scheduler reader writer encoder decoder router session store "
    "queue worker client server protocol buffer cursor schema migration formatter resolver linker profiler"
).split()
_PARTS = (
    "quotes escapes offsets columns retries timeouts locks pages ranges headers frames keys batches".split()
)
_VERBS = (
    "read write keep split merge count bound check name order fold skip retry close open flush measure guard"
).split()
_WHY = (
    "since only errors need them",
    "because two writers may meet",
    "as the specification asks",
    "so that a kill loses nothing",
    "since the old way cost the square of the size",
    "because the fuzzer found an endless loop",
)
_KINDS = "feat feat feat fix fix test docs refactor perf chore".split()
_ASKED = (
    "Why does the {} lose the {} when the file is empty?",
    "Please make the {} {} the {} in one pass",
    "The {} is slow with many {}: find out where the time goes",
    "Write a test that kills the {} between two {}",
)
_SAID = (
    "Done: the {} now {}s them once, and a test holds it.",
    "The cause was the order of the {}: it is fixed, and the {} is measured.",
)


@dataclass
class Made:
    """One commit: when, what it says, and the files with their new text."""

    at: datetime
    subject: str
    files: dict[str, str]
    id: str = ""


@dataclass
class Work:
    """One session as it went: its entries in order, each with its moment."""

    began: datetime
    title: str
    goals: list[tuple[str, bool]]
    llm: str
    made: list[Made] = field(default_factory=list)
    entries: list[tuple[datetime, str | Made, str]] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)

    @property
    def id(self) -> str:
        return f"{self.began:%Y%m%d-%H%M%S}"


class World:
    """The project as it grows; everything is drawn from one chance."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.files: dict[str, list[str]] = {}
        self.failing: dict[str, int] = {}  # a test, and how many more runs it will fail
        self.open: list[str] = []  # goals that are carried over

    def pick(self, words: Sequence[str]) -> str:
        return self.chance.choice(words)

    def title(self) -> str:
        return f"{self.pick(_VERBS).capitalize()} the {self.pick(_PARTS)} of the {self.pick(_THINGS)}"

    def subject(self) -> str:
        why = f", {self.pick(_WHY)}" if self.chance.random() < 0.25 else ""
        return f"{self.pick(_KINDS)}: {self.pick(_VERBS)} the {self.pick(_PARTS)} of the {self.pick(_THINGS)}{why}"

    def line(self) -> str:
        verb, part, thing = self.pick(_VERBS), self.pick(_PARTS), self.pick(_THINGS)
        forms = (
            f"    {part} = self.{thing}.{verb}({part}, limit={self.chance.randint(1, 900)})",
            f"    if not {part}:",
            f"        return {thing}.{verb}({part}[{self.chance.randint(0, 40)}:])",
            f"    # The {thing} may {verb} its {part} twice, {self.pick(_WHY)}.",
            f'    log.debug("{verb} %d {part}", len({part}))',
            f"    for {part[:-1]} in {verb}_{part}({thing}):",
            "",
        )
        return self.pick(forms)

    def path(self) -> str:
        thing = _THINGS[min(int(self.chance.expovariate(0.25)), len(_THINGS) - 1)]
        shape = self.chance.random()
        if shape < 0.25:
            return f"tests/test_{thing}.py"
        return "README.md" if shape > 0.97 else f"src/{thing}/{self.pick(_PARTS[:4])}.py"

    def edited(self, path: str) -> str:
        """Return the file's text after one more change of some lines."""
        lines = self.files.setdefault(path, [])
        if not lines:
            lines += [f"def {self.pick(_VERBS)}_{self.pick(_PARTS)}(self) -> None:", *self._some(24)]
        for _ in range(self.chance.randint(1, 3)):
            at = self.chance.randint(0, len(lines))
            lines[at : at + self.chance.randint(0, 5)] = self._some(self.chance.randint(1, 8))
        del lines[220:]
        return "\n".join(lines) + "\n"

    def _some(self, count: int) -> list[str]:
        return [self.line() for _ in range(count)]

    def commit(self, at: datetime) -> Made:
        paths = dict.fromkeys(self.path() for _ in range(self.chance.choice((1, 1, 1, 2, 2))))
        for path in [p for p in paths if p.startswith("src/") and self.chance.random() < 0.4]:
            paths[f"tests/test_{path.split('/')[1]}.py"] = None
        return Made(at=at, subject=self.subject(), files={path: self.edited(path) for path in paths})

    def run(self, at: datetime, number: int) -> tuple[dict[str, Any], str, str]:
        """Return a run of the tests, and heading and body of its entry."""
        for name in [n for n, left in self.failing.items() if left <= 0]:
            del self.failing[name]
        if self.chance.random() < 0.12:
            test = f"tests/test_{self.pick(_THINGS)}.py::test_{self.pick(_VERBS)}_{self.pick(_PARTS)}"
            self.failing[test] = self.chance.randint(1, 6)
        failed = sorted(self.failing)
        for name in failed:
            self.failing[name] -= 1
        passed = 120 + 3 * number // 4 + self.chance.randint(0, 6) - len(failed)
        kind = "yolo" if self.chance.random() < 0.07 else "test"
        facts = {
            "id": f"{at:%Y%m%d-%H%M%S}-{number:04x}",
            "kind": kind,
            "command": "claude -p 'make the tests pass'" if kind == "yolo" else "pytest -q",
            "outcome": "failed" if failed else "passed",
            "seconds": round(self.chance.uniform(4, 90), 3),
            "passed": None if kind == "yolo" else passed,
            "failed": None if kind == "yolo" else len(failed),
            "failed_names": [] if kind == "yolo" else failed,
        }
        word = "YOLO run" if kind == "yolo" else "Test"
        return facts, f"{word} {facts['outcome']}", "\n".join(_told(facts))


def _told(facts: dict[str, Any]) -> Iterator[str]:
    yield f"Command: `{facts['command']}`"
    yield f"Took: {facts['seconds']:.1f} s"
    yield f"Exit code: {int(facts['outcome'] != 'passed')}"
    if facts["passed"] is not None:
        yield f"Tests: {facts['passed']} passed, {facts['failed']} failed, 2 skipped"
    if facts["failed_names"]:
        yield "Failed:"
        yield from (f"- `{name}`" for name in facts["failed_names"])
    yield f"Log: patina runs show {facts['id']}"
    if facts["outcome"] != "passed":
        yield "\n```\n>       assert kept == written\nE       AssertionError: assert [3, 4] == [3, 4, 5]\n```"


def works(sessions: int, commits: int, *, seed: int = 1) -> list[Work]:
    """Return the sessions, the earliest first, with so many commits over all of them."""
    world = World(seed)
    found: list[Work] = []
    weights = [world.chance.choice((0.0, 0.15, 0.5, 1.0, 1.0, 1.5, 3.0)) for _ in range(sessions - 1)] + [1.0]
    parts = [round(commits * sum(weights[:n]) / sum(weights)) for n in range(sessions + 1)]
    for number, at in enumerate(_mornings(world.chance, sessions)):
        fresh = [world.title() for _ in range(world.chance.randint(0, 2))]
        goals = list(dict.fromkeys([*world.open, *fresh])) or [world.title()]
        done = [world.chance.random() < 0.6 and number + 1 < sessions for _ in goals]
        world.open = [goal for goal, over in zip(goals, done, strict=True) if not over]
        work = Work(
            began=at,
            title=world.title(),
            goals=list(zip(goals, done, strict=True)),
            llm=world.pick(("claude", "claude", "codex", "none")),
        )
        _fill(world, work, parts[number + 1] - parts[number], number)
        found.append(work)
    return found


def _mornings(chance: random.Random, count: int) -> list[datetime]:
    """Return when the sessions began: one to three on a working day, the last one near the end."""
    found: list[datetime] = []
    day = _LAST
    while len(found) < count:
        if day.weekday() < 5 or chance.random() < 0.1:
            hours = sorted(chance.sample((8, 10, 13, 15, 20), chance.choice((1, 2, 2, 3))), reverse=True)
            found += [day.replace(hour=h, minute=chance.randint(0, 50)) for h in hours]
        day -= timedelta(days=1)
    return found[count - 1 :: -1]


def _fill(world: World, work: Work, commits: int, number: int) -> None:
    chance = world.chance
    kinds = ["commit"] * commits + ["note"] * chance.randint(0, 3) + ["run"] * chance.randint(1, 4)
    kinds += ["turn"] * (chance.randint(1, 4) if work.llm != "none" else 0)
    chance.shuffle(kinds)
    at = work.began
    for kind in kinds:
        at += timedelta(seconds=chance.randint(60, 9000 // len(kinds)))
        what: str | Made
        if kind == "commit":
            work.made.append(made := world.commit(at))
            what, body = made, ""
        elif kind == "note":
            what = "Note [main]"
            body = f"The {world.pick(_THINGS)} counts `{world.pick(_PARTS)}` in bytes, {world.pick(_WHY)}."
        elif kind == "run":
            facts, what, body = world.run(at, number)
            work.runs.append(facts)
        else:
            what, body = _turn(world, work.llm)
        work.entries.append((at, what, body))
    points = f"\n**Work completed:**\n- {world.title()}\n\n**Key decisions:**\n- {world.title()}, {world.pick(_WHY)}"
    work.entries.append((at + timedelta(minutes=4), f"Update (covering since {work.began:%H:%M})", points))


def _turn(world: World, llm: str) -> tuple[str, str]:
    words = [world.pick(_THINGS), world.pick(_PARTS), world.pick(_PARTS)]
    asked = world.pick(_ASKED).format(*words, world.pick(_PARTS))
    said = world.pick(_SAID).format(world.pick(_THINGS), world.pick(_VERBS))
    edited = f"- edited: `{world.path()}`"
    name = {"claude": "Claude", "codex": "Codex"}[llm]
    return f"{name}: {asked}", f"Answered: {said}\n7 tool calls: Bash 3, Edit 2, Read 2\n{edited}"


def write(folder: Path, sessions: int, commits: int, *, seed: int = 1) -> Repo:
    """Make the repository in a folder that is not there yet, with Patina set up and all journals archived."""
    repo = Repo.create(folder)
    made = works(sessions, commits, seed=seed)
    _commit(repo, [commit for work in made for commit in work.made])
    repo.patina("init")
    archive = folder / ".git" / "patina" / "archive"
    archive.mkdir(exist_ok=True)
    for number, work in enumerate(made):
        (archive / f"{work.id}.md").write_text(_journal(work, made[number - 1] if number else None))
    return repo


def _commit(repo: Repo, commits: Sequence[Made]) -> None:
    """Write them by git's own importer, which takes seconds for thousands, and learn their ids."""
    with subprocess.Popen(
        ["git", "fast-import", "--quiet", "--export-marks=.git/made"], cwd=repo.path, stdin=subprocess.PIPE
    ) as importer:
        assert importer.stdin is not None
        for number, commit in enumerate(commits, 1):
            importer.stdin.write(_record(number, commit))
    assert importer.returncode == 0
    ids = dict(line.split() for line in (repo.path / ".git" / "made").read_text().splitlines())
    (repo.path / ".git" / "made").unlink()
    for number, commit in enumerate(commits, 1):
        commit.id = ids[f":{number}"]
    repo.git("reset", "--quiet", "--hard", "main")
    repo.git("repack", "--quiet", "-a", "-d")


def _record(number: int, commit: Made) -> bytes:
    when = f"{int(commit.at.timestamp())} {commit.at:%z}"
    message = commit.subject.encode()
    head = f"commit refs/heads/main\nmark :{number}\ncommitter Ada Lovelace <ada@example.org> {when}\n"
    parts = [head.encode(), b"data %d\n%s\n" % (len(message), message)]
    for path, text in commit.files.items():
        data = text.encode()
        parts.append(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data))
    return b"".join(parts)


def _journal(work: Work, before: Work | None) -> str:
    context = (
        "No previous session." if before is None else f"The last session, “{before.title}” ({before.id})."
    )
    done = [f"- [{'x' if over else ' '}] {goal}" for goal, over in work.goals]
    started = work.began.astimezone(UTC)
    head = (
        f"# Session: {work.title}\n**ID**: {work.id}\n**Started**: {started:%Y-%m-%dT%H:%M:%SZ}\n"
        f"**LLM**: {work.llm}\n**Git Branch**: main\n**Session Tag**: session-{work.id}-start\n"
        f"**Starting Commit**: none\n\n## Previous Session Context\n{context}\n\n## Goals\n" + "\n".join(done)
    )
    log = "\n\n".join(_entry(*entry) for entry in work.entries)
    paths = sorted({path for commit in work.made for path in commit.files})
    kind = "experiment" if len(work.made) < 3 else "major-feature" if len(paths) > 10 else "feature"
    tail = (
        f"## Session Classification\n- Work Type: {kind if work.made else 'exploration'}\n"
        f"- Files Changed: {len(paths)}\n- Commits: {len(work.made)}\n- Patterns Modified: 0\n"
    )
    begun = f"### {work.began:%H:%M} - Session Start\nSession initialized with goal: {work.title}"
    return f"{head}\n\n## Activity Log\n{begun}\n\n{log}\n\n{tail}\n{metadata.comment(_facts(work, paths))}\n"


def _entry(at: datetime, what: str | Made, body: str) -> str:
    if isinstance(what, Made):
        names = "\n".join(f"- changed: `{path}`" for path in what.files)
        body = f"On `main`, {len(what.files)} file{'s' * (len(what.files) > 1)}\n{names}"
        what = f"Commit {what.id[:10]}: {what.subject}"
    return f"### {at:%H:%M} - {what}\n{body}"


def _facts(work: Work, paths: list[str]) -> dict[str, Any]:
    return {
        "v": 1,
        "kept": True,
        "author": "Ada Lovelace <ada@example.org>",
        "started": work.began.astimezone(UTC).isoformat(),
        "ended": (work.entries[-1][0] + timedelta(minutes=2)).astimezone(UTC).isoformat(),
        "tz": f"{work.began:%z}",
        "branch": "main",
        "head": work.made[-1].id if work.made else None,
        "commits": [[commit.id, "", ""] for commit in work.made],
        "files": paths,
        "rewrites": [],
        "runs": work.runs,
        "agents": [],
    }


if __name__ == "__main__":
    write(Path(sys.argv[1]), *map(int, sys.argv[2:] or ("40", "320")))
