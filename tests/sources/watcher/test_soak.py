"""A random day at the keyboard against a model of what must be told: edits, commits, switches, kills at any moment."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.repository import Repo
from tests.sources.watcher.watching import ON, Watched, watched
from tests.waiting import events, until

SECONDS = float(os.environ.get("SOAK_SECONDS", "600"))
FOLDERS = ("", "src", "src/deep/er", "docs", "ünï cödé", "a -> b")


@dataclass(slots=True)
class Day:
    """One person's work, and what the watcher has to tell of it."""

    here: Watched
    dice: random.Random
    new: set[str] = field(default_factory=set)  # untracked files that were told of
    seen: int = 0  # facts that were compared already
    commits: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def repo(self) -> Repo:
        return self.here.repo

    def round(self) -> None:
        """Work for a moment, perhaps with the watcher killed in the middle, and compare."""
        touched: set[str] = set()
        killed = False
        for _ in range(self.dice.randint(1, 12)):
            touched |= self.edit()
            if not killed and self.dice.random() < 0.03:
                killed = True
                self.kill()
                touched |= self.edit()
                self.revive()
        self.compare(touched, killed=killed)
        roll = self.dice.random()
        if roll < 0.35:
            self.commit()
        elif roll < 0.45:
            self.switch()
        elif roll < 0.5:
            self.counts["update"] += 1
            self.repo.patina("session", "update", "--work", "went on", env=ON)

    # ------------------------------------------------------------------------------------------ what a person does

    def edit(self) -> set[str]:
        """Do one thing to one file and return the paths that it is about."""
        tracked = [p for p in self.repo.git("ls-files", "-z").split("\0") if p and self.there(p)]
        mine = {*tracked, *(p for p in self.new if self.there(p))}
        known = sorted(p for p in mine if not p.startswith((".gitignore", ".patina/", "layer/", "CLAUDE.md")))
        what = self.dice.choice(
            ["write", "write", "rename-over", "vim", "new", "new", "delete", "move", "ignored"]
        )
        self.counts[what] += 1
        path = self.dice.choice(known) if known else "first.txt"
        fresh = os.path.join(self.dice.choice(FOLDERS), f"file{self.dice.randrange(10**6)}.txt")
        text = f"{self.dice.random()}\n"
        if what == "ignored":
            self.repo.write(f"build/{fresh}", text)
            return set()
        if what == "new" or not known:
            self.repo.write(fresh, text)
            return {fresh}
        file = self.repo.path / path
        if what == "delete":
            file.unlink()
        elif what == "move":
            target = self.repo.path / fresh
            target.parent.mkdir(parents=True, exist_ok=True)
            file.rename(target)
            return {path, fresh}
        elif what == "vim":
            backup = file.with_name(file.name + "~")
            file.rename(backup)
            file.write_text(text)
            backup.unlink()
        elif what == "rename-over":
            beside = file.with_name(".beside.tmp")
            beside.write_text(text)
            beside.rename(file)
        else:
            file.write_text(text)
        return {path}

    def commit(self) -> None:
        """Commit all, and find the commit in the journal without asking for it."""
        self.counts["commit"] += 1
        self.repo.git("add", "-A")
        self.repo.git("commit", "-q", "--allow-empty", "-m", f"feat: step {len(self.commits)}")
        self.commits.append(self.repo.git("rev-parse", "HEAD"))
        self.new.clear()
        heading = f"Commit {self.commits[-1][:10]}: "
        until(lambda: heading in self.here.journal(), "the commit in the journal")
        self.compare(set(), killed=False)

    def switch(self) -> None:
        """Go to another branch and back with a clean tree: git's own doing, and no file is named."""
        self.commit()
        self.counts["switch"] += 1
        back = self.repo.git("rev-parse", f"HEAD~{min(3, len(self.commits) - 1)}")
        self.repo.git("checkout", "-q", "-B", "side", back)
        self.compare(set(), killed=False)
        self.repo.git("checkout", "-q", "main")
        self.compare(set(), killed=False)

    def kill(self) -> None:
        self.counts["kill"] += 1
        pid = self.here.pid
        os.kill(pid, signal.SIGKILL)
        until(lambda: self.here.gone(pid), "the watcher to be gone")

    def revive(self) -> None:
        pid = self.here.pid
        self.repo.patina("note", "whoever comes next", env=ON)
        self.here.ready(other_than=pid)

    # --------------------------------------------------------------------------------------------- what must be told

    def there(self, path: str) -> bool:
        return os.path.lexists(self.repo.path / path)

    def compare(self, touched: set[str], *, killed: bool) -> None:
        """Fail unless exactly what was touched and is still to be seen has been told since the last comparison."""
        facts = self.here.facts()
        told = {f["path"] for fact in facts[self.seen :] for f in fact.get("files", ())}
        told |= {
            f["old_path"] for fact in facts[self.seen :] for f in fact.get("files", ()) if f.get("old_path")
        }
        self.seen = len(facts)
        tracked = set(self.repo.git("ls-files", "-z").split("\0"))
        wanted = {p for p in touched if self.there(p) or p in tracked}
        missing = wanted - told
        assert not missing, f"not told: {sorted(missing)}; told: {sorted(told)}"
        # A new file that was moved or taken away again within the round may have been told of meanwhile, or not. After
        # a kill, what was told a moment before may be told again: the last sign of life was before it.
        extra = told - touched - (self.new if killed else set())
        dirty = {
            line[3:] for line in self.repo.git("status", "--porcelain", "-z", "-uall").split("\0") if line
        }
        assert not (extra - dirty if killed else extra), f"told of what nobody did: {sorted(extra)}"
        self.new |= {p for p in wanted if p not in tracked}
        self.new = {p for p in self.new if self.there(p)}

    def archived(self) -> str:
        """End the session and return its journal."""
        self.repo.patina("session", "end", env=ON)
        [path] = Path(self.repo.path / ".git/patina/archive").glob("2*.md")
        return path.read_text()


def play(repo: Repo, seed: int, *, seconds: float, rounds: int) -> Counter[str]:
    """Play until the time or the rounds are over; return what was done, as often."""
    dice = random.Random(seed)
    repo.commit(
        "first", {f"{folder}/begin.txt".lstrip("/"): "0\n" for folder in FOLDERS} | {".gitignore": "build/\n"}
    )
    with watched(repo) as here:
        repo.git("config", "core.hooksPath", os.devnull)
        day = Day(here=here, dice=dice)
        until_when = time.monotonic() + seconds
        while rounds and time.monotonic() < until_when:
            rounds -= 1
            day.counts["round"] += 1
            day.round()
        text = day.archived()
        assert [text.count(f"Commit {made[:10]}: ") for made in day.commits] == [1] * len(day.commits)
        made = [e["data"]["commit"]["id"] for e in events(repo) if e["type"] == "git.commit"]
        assert made == day.commits
        return day.counts


def test_a_few_random_rounds_are_told_as_they_were(repo: Repo) -> None:
    counts = play(repo, 20260301, seconds=60, rounds=6)
    assert counts["round"] >= 1


@pytest.mark.soak
def test_a_long_random_day_is_told_as_it_was(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    seed = int(os.environ.get("SOAK_SEED", str(random.randrange(10**9))))
    with capsys.disabled():
        print(f"\nwatcher: seed {seed}, {SECONDS:.0f} s", flush=True)
        counts = play(repo, seed, seconds=SECONDS, rounds=10**9)
        print(f"watcher: seed {seed}: {dict(sorted(counts.items()))}", flush=True)
