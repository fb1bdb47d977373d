"""Whether git would take a journal in, and what would have it do so."""

from __future__ import annotations

import pytest

from patina_sessions.system import ignored
from patina_sessions.system.ignored import Rule
from tests.repository import Repo

JOURNAL = "layer/sessions/20260101-080000.md"
OTHERS = ("layer/sessions/other.txt", "layer/other.txt", "other.md")
RULES = "layer/ *.md layer layer/sessions sessions/ **/sessions/** la*/ * layer/sessions/* /layer/**".split()


def rule_of(repo: Repo) -> Rule | None:
    return ignored.by_rule(repo.path / ".git", repo.path, JOURNAL)


@pytest.mark.parametrize("rule", RULES)
def test_the_advice_takes_journals_in_and_nothing_else(repo: Repo, rule: str) -> None:
    for name in OTHERS:
        repo.write(name, "")
    repo.write(".gitignore", f"{rule}\n")
    before = repo.git("check-ignore", *OTHERS, check=False)
    said = rule_of(repo)
    assert said is not None
    assert said.words == f".gitignore:1:{rule}"
    repo.write(".gitignore", "\n".join((rule, *said.advice.partition(": ")[2].split(" "), "")))
    assert rule_of(repo) is None
    assert repo.git("check-ignore", JOURNAL, check=False) == ""
    assert repo.git("check-ignore", *OTHERS, check=False) == before


@pytest.mark.parametrize("rules", ["", "*.md\n!layer/sessions/*.md\n", "/layer/*\n!/layer/sessions/\n"])
def test_a_rule_that_takes_it_in_is_none_that_ignores_it(repo: Repo, rules: str) -> None:
    repo.write(".gitignore", rules)
    assert rule_of(repo) is None


def test_what_git_tracks_is_ignored_by_no_rule(repo: Repo) -> None:
    repo.write(JOURNAL, "# Session: x\n")
    repo.git("add", JOURNAL)
    repo.write(".gitignore", "layer/\n")
    assert rule_of(repo) is None


def test_a_rule_in_a_folder_below_is_stronger_than_any_line_and_is_to_be_taken_out(repo: Repo) -> None:
    repo.write("layer/.gitignore", "sessions/\n")
    said = rule_of(repo)
    assert said is not None
    assert said.advice == "Take that rule out"
