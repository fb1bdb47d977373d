"""Made-up journals in their thousands, of the shape and the size of real ones; the same seed gives the same bytes.

Words are drawn as language draws them: few are frequent, many are rare. Nothing is kept: they come one by one.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

from patina_sessions.journal import metadata

WORDS = 8000
_BEGIN = datetime(2020, 1, 6, 8, tzinfo=UTC)
_SOUNDS = (
    "ba",
    "ker",
    "lin",
    "mo",
    "tra",
    "sel",
    "vi",
    "dor",
    "pen",
    "gu",
    "sta",
    "fil",
    "ro",
    "mer",
    "qui",
    "zon",
)
_KINDS = ("Note", "Decision", "Key Decision", "Work", "Challenge", "Test run")


class Tongue:
    """A vocabulary, and sentences in it."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        made: dict[str, None] = {}
        while len(made) < WORDS:
            made["".join(chance.choices(_SOUNDS, k=chance.choice((1, 2, 2, 3, 3, 4))))] = None
            made[f"{chance.choice(_SOUNDS)}{chance.choice(_SOUNDS)}{len(made):x}"] = None
        self.words = list(made)[:WORDS]
        self.frequency = list(accumulate(1 / (rank + 3) for rank in range(WORDS)))

    def some(self, count: int) -> list[str]:
        return self.chance.choices(self.words, cum_weights=self.frequency, k=count)

    def sentence(self) -> str:
        return " ".join(self.some(self.chance.randint(6, 22))).capitalize() + "."

    def path(self) -> str:
        return "/".join(self.some(self.chance.randint(1, 3))) + self.chance.choice(
            (".py", ".md", ".rs", ".toml")
        )

    def name(self) -> str:
        return f"{self.chance.getrandbits(160):040x}"


def many(count: int, *, seed: int = 1) -> Iterator[tuple[str, bytes]]:
    """Yield so many finished journals with their ids, the oldest first."""
    tongue = Tongue(random.Random(seed))
    at = _BEGIN
    for _ in range(count):
        at += timedelta(minutes=tongue.chance.randint(180, 900))
        yield f"{at:%Y%m%d-%H%M%S}", _journal(tongue, at)


def write(folder: Path, count: int, *, seed: int = 1) -> Path:
    """Put so many journals into a folder, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for session, data in many(count, seed=seed):
        (folder / f"{session}.md").write_bytes(data)
    return folder


def _journal(tongue: Tongue, at: datetime) -> bytes:
    chance = tongue.chance
    head = tongue.name()
    commits = [[tongue.name(), tongue.name(), tongue.name()] for _ in range(chance.randint(0, 8))]
    paths = sorted({tongue.path() for _ in range(chance.randint(1, 12))})
    goals = [f"- [{chance.choice(' xx')}] {' '.join(tongue.some(6))}" for _ in range(chance.randint(1, 4))]
    log = "\n".join(_entries(tongue, at, commits, paths))
    end = at + timedelta(minutes=chance.randint(20, 170))
    text = (
        f"# Session: {' '.join(tongue.some(5))}\n**ID**: {at:%Y%m%d-%H%M%S}\n**Started**: {at:%Y-%m-%dT%H:%M:%SZ}\n"
        f"**LLM**: {chance.choice(('claude', 'codex', 'none'))}\n**Git Branch**: {chance.choice(('main', 'docs'))}"
        f"\n**Starting Commit**: {head}\n\n## Previous Session Context\n{tongue.sentence()} {tongue.sentence()}\n\n"
        f"## Goals\n" + "\n".join(goals) + f"\n\n## Activity Log\n{log}\n\n## Session Classification\n"
        f"- Work Type: feature\n- Files Changed: {len(paths)}\n- Commits: {len(commits)}\n\n"
    )
    return (text + metadata.comment(_facts(at, end, head, commits, paths)) + "\n").encode()


def _entries(tongue: Tongue, at: datetime, commits: list[list[str]], paths: list[str]) -> Iterator[str]:
    chance = tongue.chance
    for number in range(chance.randint(12, 34)):
        at += timedelta(minutes=chance.randint(1, 9))
        yield f"### {at:%H:%M} - {chance.choice(_KINDS)} #{number + 1}"
        yield from (f"- {tongue.sentence()}" for _ in range(chance.randint(1, 4)))
        yield ""
    for commit, *_ in commits:
        yield f"### {at:%H:%M} - Commit {commit[:10]}: {' '.join(tongue.some(7))}"
        yield from (f"- {path} (+{chance.randint(1, 90)} −{chance.randint(0, 40)})" for path in paths[:5])
        yield ""


def _facts(
    at: datetime, end: datetime, head: str, commits: list[list[str]], paths: list[str]
) -> dict[str, Any]:
    return {
        "v": 1,
        "kept": True,
        "author": "Ada Lovelace <ada@example.org>",
        "started": at.isoformat(),
        "ended": end.isoformat(),
        "tz": "+0000",
        "branch": "main",
        "head": commits[-1][0] if commits else head,
        "commits": commits,
        "files": paths,
        "rewrites": [],
        "runs": [],
        "agents": [],
    }
