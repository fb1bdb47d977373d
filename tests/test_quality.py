"""The figures of bench/quality.py can be trusted: what it reads, asks and counts, on a history that was made up."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from bench import others, quality, retold

_GIT = """commit 0123456789012345678901234567890123456789
Author: Grace Hopper <grace@example.org>
Date:   Tue Feb 3 10:00:00 2026 +0100

    reader: keep the last line

    A file without a newline lost its end.

    Signed-off-by: Grace Hopper <grace@example.org>

 src/reader.c | 2 +-
 1 file changed, 1 insertion(+), 1 deletion(-)

commit 1123456789012345678901234567890123456789
Author: Ada Lovelace <ada@example.org>
Date:   Mon Feb 2 10:00:00 2026 +0000

    begin
"""
_GNU = """2026-02-03  Grace Hopper  <grace@example.org>

\treader: keep the last line
\t* src/reader.c (read): Look at the end of the file.

\twriter: one write a line
\t* src/writer.c: Likewise.

2026-01-05  Ada Lovelace  <ada@example.org>

\tbegin
"""
_NEWS = """* Noteworthy changes in release 1.1 (2026-02-04) [stable]

** Bug fixes

  Text files that lack a newline at their very end are
  now kept whole.

  * writer: one write a line

* Noteworthy changes in release 1.0 (2026-01-05)
"""


def test_what_git_printed_is_read_commit_by_commit_the_earliest_first() -> None:
    first, last = others.git_log(_GIT)
    assert (first.name, first.subject, first.body, first.files) == ("Ada Lovelace", "begin", "", ())
    assert last.subject == "reader: keep the last line"
    assert last.body.startswith("A file without a newline lost its end.")
    assert last.files == ("src/reader.c",)
    assert last.at.isoformat() == "2026-02-03T10:00:00+01:00"


def test_a_release_is_asked_for_by_its_news_but_not_by_what_its_journal_says_word_for_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "made-up").mkdir()
    (tmp_path / "made-up" / "changelog.gz").write_bytes(gzip.compress(_GNU.encode()))
    (tmp_path / "made-up" / "NEWS.gz").write_bytes(gzip.compress(_NEWS.encode()))
    monkeypatch.setattr(others, "DOC", tmp_path)
    case = retold.releases("made up", "made-up", tmp_path / "journals")
    assert case is not None
    assert [(one.text, one.meant) for one in case.questions] == [
        ("Text files that lack a newline at their very end are now kept whole.", "20260204-120000")
    ]
    said = (case.folder / "20260204-120000.md").read_text()
    assert "reader: keep the last line" in said
    assert "begin" not in said
    assert quality.ours(case.folder, tmp_path / "index.db")("the end of the file") == ["20260204-120000"]
    assert retold.releases("none", "nowhere", tmp_path / "other") is None


def test_a_place_counts_by_its_reciprocal_and_the_journal_with_the_question_takes_none() -> None:
    asked = retold.Question(text="?", meant="b", aside="a")
    assert quality.reciprocal(lambda _: ["a", "x", "b"], asked) == 1 / 2
    assert quality.reciprocal(lambda _: ["x"] * 10 + ["b"], asked) == 0.0


def test_questions_on_one_session_are_one_observation() -> None:
    differences = [0.0, 0.0, 1.0, 1.0]
    apart = quality.error(differences, "abcd")
    together = quality.error(differences, "aabb")
    assert apart == pytest.approx(0.25)
    assert together == pytest.approx(apart * 2**0.5)
