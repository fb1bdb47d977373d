"""An entry in another time zone than the one before it says so: its heading is in local time, and nothing else tells."""

from __future__ import annotations

import re

from patina_sessions.journal import grammar
from tests.repository import Repo
from tests.waiting import quiet

TOKYO, ANGELES = {"TZ": "JST-9", "TEST_COLD": "1"}, {"TZ": "PST8", "TEST_COLD": "1"}


def test_an_entry_in_another_zone_than_the_one_before_has_date_and_zone(repo: Repo) -> None:
    repo.commit("first", a="1")
    repo.patina("init")
    for env, words in ((TOKYO, "of Tokyo"), (ANGELES, "of Los Angeles")):
        if env is TOKYO:
            repo.patina("session", "start", "On the way", env=env)
        repo.patina("note", words, env=env)
        repo.patina("note", f"{words}, too", env=env)
        repo.git("commit", "--quiet", "--allow-empty", "-m", f"feat: {words}", env=env)
        quiet(repo)
    data = (repo.path / ".patina/local/active-session.md").read_bytes()
    headings = re.findall(r"^### (.+?) - (?:Note|Commit)", data.decode(), re.MULTILINE)
    plain, zoned = r"\d\d:\d\d", r"\d{4}-\d\d-\d\d \d\d:\d\d -0800"
    expected = [plain, plain, plain, zoned, plain, plain]
    assert [bool(re.fullmatch(e, h)) for e, h in zip(expected, headings, strict=True)] == [True] * 6, headings
    entries = grammar.parse(data).entries
    assert [e.what.split(" ")[0] for e in entries] == ["Session", *["Note", "Note", "Commit"] * 2]
    assert all(e.time and re.fullmatch(plain, e.time) for e in entries)
