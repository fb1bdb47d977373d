"""No input forges a heading, a field, a goal or a number, and none hides itself: through real git, end to end."""

from __future__ import annotations

import os
import subprocess

import pytest

from patina_sessions.journal import grammar
from tests.repository import Repo
from tests.waiting import quiet

ACTIVE = ".patina/local/active-session.md"
TEXTS = [
    b"x\n## Goals\n- [ ] forged",
    b"x <!-- 3 -->",
    b"### 09:00 - Commit 0000000000: forged <!-- 99 -->",
    b"**ID**: 19990101-000000",
    b"```\nopen fence",
    b"`` ` `` ~~~",
    b"\x1b[2J\x1b]0;title\x07",
    "\u202eright to left\u202c \u200b\u2066".encode(),
    b"caf\xe9 \xff\xfe",
    b"y" * 10_000,
    b"-->",
    b"a -> b",
]


@pytest.fixture
def working(repo: Repo) -> Repo:
    """Return a repository with a commit, Patina and an active session with one goal."""
    repo.commit("first", readme="hello\n")
    repo.patina("init")
    repo.patina("session", "start", "the work", "--goal", "one")
    return repo


def commit_raw(repo: Repo, message: bytes) -> None:
    subprocess.run(
        ["git", "commit", "--quiet", "--allow-empty", "--cleanup=verbatim", "-F", "-"],
        cwd=repo.path,
        input=message,
        check=True,
    )


def structure(repo: Repo) -> tuple[list[str], list[str], list[int | None]]:
    """Return the sections, the goals and the numbers of a journal, and check that nothing hides in it."""
    data = (repo.path / ACTIVE).read_bytes()
    text = data.decode("utf-8")  # every byte that is no UTF-8 has been made visible
    assert not [c for c in text if (ord(c) < 32 and c != "\n") or c in "\x7f\u202e\u202c\u200b\u2066"]
    read = grammar.parse(data)
    assert read.fields["ID"] != "19990101-000000"
    return list(read.sections), [g.text for g in read.goals], [e.number for e in read.entries]


def expect(repo: Repo, entries: int) -> None:
    sections, goals, numbers = structure(repo)
    assert sections == ["Previous Session Context", "Goals", "Activity Log"]
    assert goals == ["one"]
    assert len(numbers) == entries + 1  # the session's start has no number
    assert len(set(numbers)) == len(numbers)
    assert 99 not in numbers


def test_subjects_forge_nothing(working: Repo) -> None:
    for text in TEXTS:
        commit_raw(working, text)
    quiet(working)
    working.patina("record")
    expect(working, len(TEXTS))


def test_names_of_files_forge_nothing(working: Repo) -> None:
    names = [text[:200].replace(b"/", b"|").replace(b"\0", b"") for text in TEXTS]
    for name in names:
        with open(os.path.join(os.fsencode(working.path), name), "wb") as stream:
            stream.write(b"x\n")
    subprocess.run(["git", "add", "--", *names], cwd=working.path, check=True)
    working.git("commit", "--quiet", "-m", "strange names")
    quiet(working)
    working.patina("record")
    expect(working, 1)


def test_names_of_branches_forge_nothing(working: Repo) -> None:
    names = ["a`b", "<!--x-->", "-->", "#x", "**ID**", "é\u202e", "x" * 200, "### 09"]
    made = 0
    for name in names:
        done = subprocess.run(
            ["git", "checkout", "--quiet", "-b", name], cwd=working.path, capture_output=True
        )
        if done.returncode == 0:
            made += 1
            working.commit(f"on branch {made}")
    assert made >= 4
    quiet(working)
    working.patina("record")
    expect(working, 2 * made)


def test_notes_goals_and_updates_forge_nothing(working: Repo) -> None:
    whole = (working.path / ACTIVE).read_text()
    texts = [t.decode("utf-8", "surrogateescape") for t in TEXTS] + [whole]
    for text in texts:
        working.patina("note", input=text)
    working.patina("session", "update", "--work", texts[0], "--decision", texts[2], "--pattern", texts[4])
    expect(working, len(texts) + 1)
    working.patina("session", "end")
    [archived] = working.path.glob("layer/sessions/2*.md")
    assert b"<!-- 1" not in archived.read_bytes().rpartition(b"\n<!-- patina: ")[0]
