"""The facts of thousands of journals are kept, and what is kept is what reading them again would say."""

from __future__ import annotations

from pathlib import Path

import pytest

from patina_sessions.journal import archive
from patina_sessions.paths import Layout
from patina_sessions.readers import facts, shelf
from patina_sessions.readers.facts import Facts
from tests import corpus
from tests.readers.journals import facts as meta
from tests.readers.journals import journal, new_layout, put


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "FEW", 1)


def _repository(folder: Path) -> Layout:
    layout = new_layout(folder)
    layout.common.home.mkdir()
    return layout


def told(layout: Layout) -> dict[str, Facts]:
    return {one.id: found for one, found in shelf.all_facts(layout)}


def test_what_is_kept_is_what_reading_says(tmp_path: Path) -> None:
    layout = _repository(tmp_path)
    for path in corpus.own():
        put(layout, path.stem, path.read_bytes(), tree=False)
    put(layout, "20260301-120000", journal(meta=meta(tz="-0330"), title="caf\udce9"))
    expected = {one.id: facts.of(one.id, one.path.read_bytes()) for one in archive.all(layout)}
    assert told(layout) == expected
    assert told(layout) == expected, "what was kept says the same"
    assert len(expected) == len(corpus.own()) + 1


def test_nothing_is_read_again_but_what_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = _repository(tmp_path)
    for number in range(4):
        put(layout, f"2026030{number}-120000", journal(title=f"work {number}", meta=meta()))
    told(layout)
    put(layout, "20260301-120000", journal(title="another title", meta=meta()))
    archive.all(layout)[0].path.unlink()
    read: list[str] = []
    real = facts.of

    def listening(session: str, data: bytes) -> Facts:
        read.append(session)
        return real(session, data)

    monkeypatch.setattr(facts, "of", listening)
    assert [f.title for f in told(layout).values()] == ["another title", "work 2", "work 3"]
    told(layout)
    assert read == ["20260301-120000"]


@pytest.mark.parametrize("spoilt", [b"", b"no database", b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_spoilt_cache_is_made_anew(tmp_path: Path, spoilt: bytes) -> None:
    layout = _repository(tmp_path)
    for number in range(3):
        put(layout, f"2026030{number}-120000", journal(meta=meta()))
    layout.common.index.write_bytes(spoilt)
    assert len(told(layout)) == 3
    assert len(told(layout)) == 3


def test_what_cannot_be_understood_is_read_again(tmp_path: Path) -> None:
    from patina_sessions.readers import index

    layout = _repository(tmp_path)
    for number in range(3):
        put(layout, f"2026030{number}-120000", journal(title="work", meta=meta()))
    expected = told(layout)
    with index.opened(layout.common.index) as db, db:
        db.execute("UPDATE fact SET said = '[1, 2'")
    assert told(layout) == expected
