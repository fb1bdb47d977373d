"""What comes out of a run is measured here once more, whatever the image said that packed it."""

from __future__ import annotations

from pathlib import Path

import pytest

from patina_sessions.paths import Common, Layout
from patina_sessions.runs.yolo import delivery
from patina_sessions.runs.yolo.harvest import NotHome
from patina_sessions.runs.yolo.work import Harvest
from tests.repository import Repo
from tests.runs.tickets import a_ticket


@pytest.mark.parametrize(
    ("limit", "largest", "words"),
    [
        (100_000_000, 2_000_000, "a file in its history has 3,000,000 bytes, more than 2,000,000"),
        (4_000_000, 3_000_000, r"its work has 6,000,\d\d\d bytes, more than 4,000,000"),
        (6_100_000, 3_000_000, ""),
    ],
)
def test_a_small_bundle_that_becomes_more_than_it_may_is_refused_here_too(
    repo: Repo, tmp_path: Path, limit: int, largest: int, words: str
) -> None:
    start = repo.commit("first", a="1", large=b"x" * 9_000_000)  # what is the user's own does not count
    Repo.create(tmp_path / "clone")
    clone = Repo(tmp_path / "clone")
    clone.git("fetch", "--quiet", str(repo.path), "main")
    clone.git("reset", "--quiet", "--hard", "FETCH_HEAD")
    tip = clone.commit("zeros", zeros=bytes(3_000_000), ones=b"1" * 3_000_000)
    clone.git("update-ref", "refs/patina/result", tip)
    bundle = tmp_path / "bundle"
    clone.git("bundle", "create", "--quiet", str(bundle), "refs/patina/result", f"^{start}")
    assert bundle.stat().st_size < 100_000
    loose = repo.git("count-objects")
    layout = Layout(top=repo.path, git=repo.path / ".git", common=Common(git=repo.path / ".git"), key="k")
    said = Harvest(result=tip, size=10, largest=10)
    one = a_ticket(start=start, base=start, limit=limit, largest=largest)
    if words:
        with pytest.raises(NotHome, match=words), delivery.looked_at(layout, one, bundle, said):
            pass
    else:
        with delivery.looked_at(layout, one, bundle, said) as (quarantine, _):
            assert delivery.deliver(layout, one, quarantine, said)[0].ref == "refs/heads/yolo/7"
        assert repo.git("cat-file", "-s", "yolo/7:zeros.txt") == "3000000"
    assert repo.git("count-objects") == loose  # what came stays packed
