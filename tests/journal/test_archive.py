"""A finished journal is found from every worktree, lost by no `git clean`, and written over by nobody."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patina_sessions.errors import PatinaError
from patina_sessions.journal import archive
from patina_sessions.paths import Common, Layout
from patina_sessions.system import files


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    git = tmp_path / "repo" / ".git"
    git.mkdir(parents=True)
    return Layout(top=git.parent, git=git, common=Common(git=git), key="00000001")


def put(layout: Layout, name: str, data: bytes = b"x", *, tree: bool = True) -> Path:
    folder = layout.sessions if tree else layout.common.archive
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)
    return folder / name


def test_the_archive_is_the_union_of_both_places_and_the_worktrees_copy_comes_first(layout: Layout) -> None:
    put(layout, "20260101-100000.md", b"edited")
    put(layout, "20260101-100000.md", b"as it was", tree=False)
    put(layout, "20260102-100000.md", b"of another branch", tree=False)
    put(layout, "imported-notes.md", b"older")
    assert archive.ids(layout) == ["20260101-100000", "20260102-100000", "imported-notes"]
    assert [(a.id, a.tree, files.read(a.path)) for a in archive.all(layout)] == [
        ("20260101-100000", True, b"edited"),
        ("20260102-100000", False, b"of another branch"),
        ("imported-notes", True, b"older"),
    ]
    assert archive.read(layout, "20260101-100000") == b"edited"
    assert archive.read(layout, "20260102-100000") == b"of another branch"


def test_without_any_archive_there_is_no_journal_and_no_error(layout: Layout) -> None:
    assert archive.ids(layout) == []
    assert archive.read(layout, "20260101-100000") is None


def test_what_is_no_journal_is_passed_over(layout: Layout, tmp_path: Path) -> None:
    put(layout, "README.md")
    put(layout, ".20260101-100000.md.77.tmp")
    put(layout, ".hidden.md")
    put(layout, "notes.txt")
    (layout.sessions / "folder.md").mkdir()
    secret = tmp_path / "secret"
    secret.write_bytes(b"not in the repository")
    (layout.sessions / "20260101-100000.md").symlink_to(secret)
    os.mkfifo(layout.sessions / "20260101-100001.md")
    assert archive.ids(layout) == []
    assert archive.read(layout, "20260101-100000") is None
    assert archive.read(layout, "20260101-100001") is None


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/b", "", ".", "..", "a\0b"])
def test_an_id_never_leads_out_of_the_archive(layout: Layout, name: str) -> None:
    put(layout, "secret.md").rename(layout.sessions.parent / "secret.md")
    assert archive.read(layout, name) is None


def test_a_prefix_that_fits_one_journal_means_it(layout: Layout) -> None:
    for name in ("20260101-100000", "20260101-100000-ab", "20260102-100000"):
        put(layout, f"{name}.md")
    assert archive.find(layout, "20260102") == "20260102-100000"
    assert archive.find(layout, "20260101-100000") == "20260101-100000"
    assert archive.find(layout, "20260101-100000-") == "20260101-100000-ab"


def test_a_prefix_that_fits_several_names_them(layout: Layout) -> None:
    names = [f"20260101-1000{i:02d}" for i in range(12)]
    for name in names:
        put(layout, f"{name}.md")
    with pytest.raises(PatinaError, match=r"^12 sessions begin with '2026'$") as error:
        archive.find(layout, "2026")
    assert error.value.hint == f"Say more of it: {', '.join(names[-8:])} and 4 more"


@pytest.mark.parametrize("prefix", ["", "2027", "\udcff"])
def test_a_prefix_that_fits_nothing_is_an_error_that_says_where_to_look(layout: Layout, prefix: str) -> None:
    put(layout, "20260101-100000.md")
    with pytest.raises(PatinaError) as error:
        archive.find(layout, prefix)
    assert error.value.message.encode().startswith(b"there is no session '")
    assert error.value.hint == "See them all: patina list --all"


@given(st.lists(st.text("ab", min_size=1, max_size=4), unique=True), st.text("ab", max_size=4))
def test_a_prefix_is_resolved_to_the_one_it_must_mean_or_refused(known: list[str], prefix: str) -> None:
    fits = [name for name in known if name.startswith(prefix)]
    try:
        chosen = archive.choose(prefix, known)
    except PatinaError:
        assert prefix not in known
        assert len(fits) != 1 or not prefix
    else:
        assert chosen == prefix or fits == [chosen]


# ----------------------------------------------------------------------------------------------------------- publish


def publish(layout: Layout, session: str, data: bytes, *, tree: bool) -> Path | None:
    """Publish as `end` does in a later try, which knows what the one before set out to write."""
    return archive.publish(layout, session, data, tree=tree, ours=lambda there: there == b"data")


def test_a_journal_is_published_in_both_places(layout: Layout) -> None:
    path = publish(layout, "20260101-100000", b"data", tree=True)
    assert path is not None
    assert path == layout.sessions / "20260101-100000.md"
    assert path.read_bytes() == (layout.common.archive / path.name).read_bytes() == b"data"
    assert os.listdir(layout.sessions) == os.listdir(layout.common.archive) == [path.name]


def test_a_journal_that_stays_on_this_machine_is_not_put_into_the_tree(layout: Layout) -> None:
    assert publish(layout, "20260101-100000", b"data", tree=False) is None
    assert not layout.sessions.exists()
    assert archive.read(layout, "20260101-100000") == b"data"


def test_the_common_copy_is_there_before_the_one_in_the_tree(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(files, "publish", killed)
    with pytest.raises(KeyboardInterrupt):
        publish(layout, "20260101-100000", b"data", tree=True)
    monkeypatch.undo()
    assert archive.read(layout, "20260101-100000") == b"data"
    publish(layout, "20260101-100000", b"data", tree=True)
    assert (layout.sessions / "20260101-100000.md").read_bytes() == b"data"


def test_other_bytes_renew_both_copies(layout: Layout) -> None:
    publish(layout, "20260101-100000", b"data", tree=True)
    path = publish(layout, "20260101-100000", b"more data", tree=True)
    assert path is not None
    assert path.read_bytes() == (layout.common.archive / path.name).read_bytes() == b"more data"


@pytest.mark.parametrize("kind", ["file", "edited", "link"])
def test_what_somebody_else_put_there_is_refused_and_kept(layout: Layout, tmp_path: Path, kind: str) -> None:
    path = layout.sessions / "20260101-100000.md"
    other = tmp_path / "other"
    other.write_bytes(b"theirs")
    if kind == "edited":
        publish(layout, "20260101-100000", b"data", tree=True)
        path.write_bytes(b"theirs")
    elif kind == "file":
        put(layout, path.name, b"theirs")
    else:
        layout.sessions.mkdir(parents=True)
        path.symlink_to(other)
    with pytest.raises(PatinaError, match="is there already"):
        publish(layout, "20260101-100000", b"more data", tree=True)
    assert path.read_bytes() == other.read_bytes() == b"theirs"
