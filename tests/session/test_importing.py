"""A memory on the first day: nothing that comes in is lost, nothing that is there is written over."""

from __future__ import annotations

import itertools
import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patina_sessions.journal import grammar
from patina_sessions.session import history
from tests import corpus
from tests.repository import Repo


@pytest.fixture
def ready(repo: Repo) -> Repo:
    """Return a repository with three stretches of work by two authors, and Patina."""
    for number, (day, hour, name) in enumerate(
        [(1, 9, "Ada"), (1, 10, "Ada"), (1, 11, "Bob"), (2, 9, "Ada"), (2, 12, "Ada"), (2, 17, "Ada")]
    ):
        date = f"2025-03-0{day}T{hour:02d}:00:00+02:00"
        env = {
            f"GIT_{w}_{k}": v
            for w in ("AUTHOR", "COMMITTER")
            for k, v in (("NAME", name), ("EMAIL", f"{name.lower()}@example.org"), ("DATE", date))
        }
        repo.write(f"file{number}.txt", f"{number}\n")
        repo.git("add", ".")
        repo.git(
            "commit",
            "--quiet",
            "-m",
            f"change {number}: the quasar" if number == 4 else f"change {number}",
            env=env,
        )
    repo.patina("init")
    return repo


def archived(repo: Repo) -> dict[str, grammar.Journal]:
    folder = repo.path / ".git/patina/archive"
    return {p.stem: grammar.parse(p.read_bytes()) for p in sorted(folder.glob("*.md"))}


def test_the_history_becomes_sessions_by_author_and_gap(ready: Repo) -> None:
    ready.patina("import", "--git")
    found = archived(ready)
    assert [len((j.archived or {})["commits"]) for j in found.values()] == [2, 1, 2, 1]
    assert list(found) == [
        "20250301-090000-git",
        "20250301-110000-git",
        "20250302-090000-git",
        "20250302-170000-git",
    ]
    assert all(j.fields["Reconstructed"] for j in found.values())
    assert not list(ready.path.glob("layer/sessions/2*.md"))


def test_a_second_import_adds_nothing_and_a_dry_run_writes_nothing(ready: Repo) -> None:
    assert "4 journals would come in" in ready.patina("import", "--git", "--dry-run").stdout
    assert archived(ready) == {}
    ready.patina("import", "--git")
    before = {name: grammar.render(j) for name, j in archived(ready).items()}
    assert "0 journals came in, 4 were here already" in ready.patina("import", "--git").stdout
    assert {name: grammar.render(j) for name, j in archived(ready).items()} == before


def test_what_a_recorded_session_tells_of_is_not_made_a_second_time(ready: Repo) -> None:
    ready.patina("session", "start", "recorded", "--goal", "stays open")
    ready.git("checkout", "--quiet", "-b", "side")
    ready.commit("on the side", side="1\n")
    ready.git("checkout", "--quiet", "main")
    ready.commit("in the session", kept="1\n")
    ready.git("merge", "--quiet", "--no-ff", "-m", "merged", "side")
    assert "4 journals would come in" in ready.patina("import", "--git", "--dry-run").stdout  # it still runs
    ready.patina("session", "end", "--commit")
    ready.git("rebase", "--quiet", "--no-ff", "--root")  # other ids, the same patches
    names = {"GIT_AUTHOR_DATE": "2035-01-01T10:00:00+00:00"}
    ready.git("commit", "--quiet", "--allow-empty", "-m", "later, in no session", env=names)
    ready.patina("import", "--git")
    made = {name: (j.archived or {})["commits"] for name, j in archived(ready).items()}
    assert [len(made[name]) for name in sorted(made) if name.endswith("-git")] == [2, 1, 2, 1, 1]
    told = json.loads(ready.patina("explain", "HEAD~1", "--json").stdout)["commits"][0]
    assert told["session"]
    goals = json.loads(ready.patina("goals", "--json").stdout)["goals"]
    assert [(goal["text"], goal["dropped"]) for goal in goals] == [("stays open", False)]
    ready.patina("session", "start", "the next one")
    assert "- [ ] stays open" in (ready.path / ".patina/local/active-session.md").read_text()


def test_a_session_of_the_past_that_went_on_is_one_session_still(ready: Repo) -> None:
    ready.patina("import", "--git")
    ready.patina("rename", "20250301-090000-git", "what Ada did first")
    for hour in (18, 19):
        date = f"2025-03-02T{hour}:00:00+02:00"
        env = {"GIT_AUTHOR_DATE": date, "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org"}
        ready.git("commit", "--quiet", "--allow-empty", "-m", f"at {hour}", env=env)
        assert "1 journal came in, 3 were here already" in ready.patina("import", "--git").stdout
    found = archived(ready)
    assert [len((j.archived or {})["commits"]) for j in found.values()] == [2, 1, 2, 3]
    assert found["20250301-090000-git"].title == "what Ada did first"


def test_sessions_of_the_past_are_found_explained_and_told(ready: Repo) -> None:
    ready.patina("import", "--git")
    assert ready.patina("search", "quasar", "--ids").stdout.split() == ["20250302-090000-git"]
    told = json.loads(ready.patina("explain", "HEAD~1", "--json").stdout)["commits"][0]
    assert told["session"] == "20250302-090000-git"
    assert "change 5" in ready.patina("context", "--max-words", "60").stdout


def test_every_journal_of_the_corpus_comes_in_as_it_is(repo: Repo, tmp_path: Path) -> None:
    repo.patina("init")
    folder = tmp_path / "old"
    folder.mkdir()
    for path in corpus.journals():
        (folder / path.name).write_bytes(path.read_bytes())
    repo.patina("import", str(folder))
    for path in folder.iterdir():
        assert (repo.path / ".git/patina/archive" / path.name).read_bytes() == path.read_bytes()


def test_another_journal_of_the_same_id_is_not_written_over(repo: Repo, tmp_path: Path) -> None:
    repo.patina("init")
    one, two = tmp_path / "a" / "20250101-100000.md", tmp_path / "b" / "20250101-100000.md"
    for path, text in ((one, "# Session: one\n"), (two, "# Session: two\n")):
        path.parent.mkdir()
        path.write_text(text)
        repo.patina("import", str(path))
    assert {j.title for j in archived(repo).values()} == {"one", "two"}


def test_secrets_in_what_comes_in_are_redacted(repo: Repo, tmp_path: Path) -> None:
    repo.patina("init")
    secret = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hI6"
    file = tmp_path / "20250101-100000.md"
    file.write_text(f"# Session: x\n\nthe token is {secret}\n")
    repo.patina("import", str(file))
    assert secret not in (repo.path / ".git/patina/archive/20250101-100000.md").read_text()


def test_what_holds_no_journal_is_said(repo: Repo, tmp_path: Path) -> None:
    repo.patina("init")
    for arguments in ([str(tmp_path / "nowhere")], ["--git"]):
        said = repo.patina("import", *arguments, check=False)
        assert said.returncode == 1
        assert said.stderr.startswith("Error: ")


def test_a_history_of_thousands_of_commits_comes_in(repo: Repo) -> None:
    stream = "".join(
        f"commit refs/heads/main\ncommitter A <a@b.c> {1600000000 + n * 1800} +0000\ndata 8\nchange {n % 10}"
        f"\nM 100644 inline f{n % 50}\ndata {len(str(n))}\n{n}\n"
        for n in range(3000)
    )
    subprocess.run(["git", "fast-import", "--quiet"], cwd=repo.path, input=stream.encode(), check=True)
    repo.git("reset", "--quiet", "--hard", "main")
    repo.patina("init")
    repo.patina("import", "--git", "--gap", "0.4")
    assert len(archived(repo)) == 3000


def test_names_and_words_of_the_past_are_what_they_were_whatever_git_is_set_to(ready: Repo) -> None:
    ready.commit("feat: café", {"d/café.txt": "1\n", 'a\tb "c"\n.txt': "2\n"})
    root = ready.git("rev-list", "--max-parents=0", "HEAD")
    for name, value in (
        ("i18n.logOutputEncoding", "latin1"),
        ("log.showRoot", "false"),
        ("log.showSignature", "true"),
        ("color.ui", "always"),
        ("diff.external", "false"),
        ("log.date", "relative"),
    ):
        ready.git("config", name, value)
    ready.patina("import", "--git")
    found = archived(ready)
    meta = [j.archived or {} for j in found.values()]
    last = meta[-1]
    assert last["files"] == ['a\tb "c"\n.txt', "d/café.txt"]
    assert list(found.values())[-1].title == "feat: café"
    assert next(m for m in meta if m["commits"][0][0] == root)["files"] == ["file0.txt", "file1.txt"]
    assert ready.patina("search", "file:café", "--ids").stdout.split() == [list(found)[-1]]


def test_a_partial_clone_is_remembered_without_counts_and_without_fetching(
    ready: Repo, tmp_path: Path
) -> None:
    ready.git("config", "uploadpack.allowFilter", "true")
    ready.git(
        "clone", "--quiet", "--no-checkout", "--filter=blob:none", f"file://{ready.path}", str(tmp_path / "c")
    )
    clone = Repo(tmp_path / "c")
    clone.patina("init")
    clone.patina("import", "--git")
    assert [len((j.archived or {})["files"]) for j in archived(clone).values()] == [2, 1, 2, 1]
    assert len(clone.git("rev-list", "--objects", "--all", "--missing=print").split("?")) == 7


def test_a_robot_that_never_rests_has_sessions_all_the_same() -> None:
    made = (
        history.Past(id=str(n), tree="", parents=(), authored=n, zone=0, name="", mail="bot@x", subject="")
        for n in range(history.MOST * 2 + 1)
    )
    assert [len(group) for group in history.sessions(made, gap=2)] == [history.MOST, history.MOST, 1]


@given(st.lists(st.binary(max_size=40), max_size=20), st.booleans())
def test_any_output_of_git_can_be_read(records: list[bytes], counted: bool) -> None:
    for group in history.sessions(history.commits(records, counted=counted), gap=1):
        grammar.parse(
            history.journal("x", group, major_files=10, feature_commits=3).encode("utf-8", "surrogateescape")
        )


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 10**6)), max_size=40))
def test_every_commit_is_in_one_session_of_its_author_with_no_long_gap(steps: list[tuple[int, int]]) -> None:
    made = [
        history.Past(
            id=str(n), tree="", parents=(), authored=at, zone=0, name="", mail=f"{who}@x", subject=""
        )
        for n, (who, at) in enumerate(sorted(steps, key=lambda s: s[1]))
    ]
    groups = list(history.sessions(iter(made), gap=2))
    assert sorted((c.id for g in groups for c in g), key=int) == [c.id for c in made]
    for group in groups:
        assert len({c.mail for c in group}) == 1
        assert all(b.authored - a.authored <= 7200 for a, b in itertools.pairwise(group))
