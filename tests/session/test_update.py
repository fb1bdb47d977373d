"""An update prints what git says since the last one, and reminds of what is not committed."""

from __future__ import annotations

import json

from tests.repository import Repo


def test_it_prints_what_was_committed_since_the_last_one(repo: Repo) -> None:
    repo.commit("first", a="1\n")
    repo.patina("init")
    repo.patina("session", "start", "the work")
    repo.commit("one", b="1\n")
    repo.patina("session", "update", "--work", "one")
    repo.commit("two", c="1\n")
    repo.commit("half", d="1\n")
    repo.git("commit", "--quiet", "--amend", "-m", "three")
    said = json.loads(repo.patina("session", "update", "--json").stdout)
    assert said["subjects"] == ["two", "three"]
    assert said["commits"] == 3


def test_what_patina_put_there_itself_is_no_work_that_waits_and_what_a_person_adds_to_it_is(
    repo: Repo,
) -> None:
    repo.commit("first", a="1\n")
    repo.patina("init")
    repo.patina("session", "start", "the first work")
    repo.patina("note", "so that it is kept")
    repo.patina("session", "end")
    repo.patina("session", "start", "the work")

    def uncommitted() -> int:
        return int(json.loads(repo.patina("session", "update", "--json").stdout)["uncommitted"])

    assert uncommitted() == 0
    repo.git("config", "status.showUntrackedFiles", "all")
    assert uncommitted() == 0
    repo.git("config", "--unset", "status.showUntrackedFiles")
    repo.write("layer/core/decision.md", "why\n")
    repo.write("new.txt", "1\n")
    repo.write("a.txt", "2\n")
    assert uncommitted() == 3


def test_much_uncommitted_work_is_reminded_of(repo: Repo) -> None:
    repo.commit("first", a="1\n")
    repo.patina("init")
    repo.patina("session", "start", "the work")
    assert "Reminder" not in repo.patina("session", "update").stdout
    for number in range(20):
        repo.write(f"new{number}.txt", "x\n")
    assert "Reminder: " in repo.patina("session", "update").stdout


def test_the_four_headings_are_there_to_be_filled(repo: Repo) -> None:
    repo.commit("first", a="1\n")
    repo.patina("init")
    repo.patina("session", "start", "the work")
    repo.patina("session", "update")
    text = (repo.path / ".patina/local/active-session.md").read_text()
    for heading in ("Work completed", "Key decisions", "Challenges faced", "Patterns observed"):
        assert f"**{heading}:**\n\n- \n" in text


def test_what_comes_as_json_is_checked(repo: Repo) -> None:
    repo.patina("init")
    repo.patina("session", "start", "the work")
    for wrong in ("nonsense", "[]", '{"work": 1}', '{"unknown": ["x"]}'):
        said = repo.patina("session", "update", "--from-json", "-", input=wrong, check=False)
        assert said.returncode == 1
        assert said.stderr.startswith("Error: the input")
