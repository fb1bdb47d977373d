"""A team brings the bell, and the check of journals, by `.pre-commit-config.yaml`: with the real pre-commit and prek."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repository import Repo
from tests.waiting import quiet, until

ROOT = Path(__file__).resolve().parents[2]
STAGES = ("post-commit", "post-checkout", "post-merge", "post-rewrite")


@pytest.fixture(scope="session")
def ours(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return this project as a repository that a team's configuration can name."""
    folder = tmp_path_factory.mktemp("patina")
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    for name in filter(None, os.fsdecode(names).split("\0")):
        if not name.startswith(("tests/", "bench/", "layer/")) and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    git = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--no-verify", "-m", "all"]):
        subprocess.run([*git, *words], cwd=folder, check=True)
    return str(folder)


@pytest.fixture
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have what the managers keep where the test ends."""
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "pre-commit"))
    monkeypatch.setenv("PREK_HOME", str(tmp_path / "prek"))


def run(repo: Repo, name: str, *args: str) -> None:
    program = Path(sys.executable).with_name(name)
    done = subprocess.run([program, *args], cwd=repo.path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def configure(repo: Repo, ours: str, hook: str) -> None:
    rev = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ours, capture_output=True, text=True, check=True)
    text = f"repos:\n- repo: {ours}\n  rev: {rev.stdout.strip()}\n  hooks:\n  - id: {hook}\n"
    repo.commit("the team's hooks", {".pre-commit-config.yaml": text})


@pytest.mark.parametrize("manager", ["pre-commit", "prek"])
def test_the_bell_comes_with_the_teams_configuration(
    repo: Repo, ours: str, manager: str, homes: None
) -> None:
    configure(repo, ours, "patina")
    repo.patina("init")
    repo.patina("session", "start", "the work")
    quiet(repo)
    run(repo, manager, "install", "--overwrite", *(f"--hook-type={stage}" for stage in STAGES))
    assert b"patina" not in (repo.path / ".git/hooks/post-commit").read_bytes()
    made = repo.commit("heard", b="1\n")
    journal = repo.path / ".patina/local/active-session.md"
    until(lambda: f"Commit {made[:10]}: heard" in journal.read_text(), "the recorder")
    quiet(repo)
    repo.git("checkout", "--quiet", "-b", "topic")
    until(lambda: "topic" in journal.read_text(), "the recorder")
    quiet(repo)


DOINGS = {
    "post-commit": (("commit", "--quiet", "--allow-empty", "-m", "heard"), ": heard"),
    "post-checkout": (("checkout", "--quiet", "-b", "topic"), "Checkout `main` → `topic`"),
    "post-merge": (("merge", "--quiet", "side"), "Fast-forward `main`: "),
    "post-rewrite": (("commit", "--quiet", "--amend", "--allow-empty", "-m", "heard"), ": heard"),
}


@pytest.mark.parametrize("manager", ["pre-commit", "prek"])
@pytest.mark.parametrize("stage", STAGES)
def test_each_stage_of_it_rings_alone(repo: Repo, ours: str, manager: str, stage: str, homes: None) -> None:
    configure(repo, ours, "patina")
    repo.git("branch", "side")
    repo.git("switch", "--quiet", "side")
    repo.commit("on the side", side="1\n")
    repo.git("switch", "--quiet", "main")
    repo.patina("init")
    repo.patina("session", "start", "the work")
    quiet(repo)
    for hook in (repo.path / ".git/hooks").iterdir():
        hook.unlink()
    run(repo, manager, "install", f"--hook-type={stage}")
    words, told = DOINGS[stage]
    repo.git(*words)
    journal = repo.path / ".patina/local/active-session.md"
    until(lambda: told in journal.read_text(), "the recorder")
    quiet(repo)


def test_a_teammate_who_has_not_said_yes_is_not_recorded(repo: Repo, ours: str, homes: None) -> None:
    configure(repo, ours, "patina")
    run(repo, "prek", "install", *(f"--hook-type={stage}" for stage in STAGES))
    repo.commit("unheard", b="1\n")
    assert not (repo.path / ".git/patina").exists()


def test_a_checkout_of_files_does_not_ring(repo: Repo) -> None:
    repo.commit("first", a="1\n")
    repo.patina("init")
    (repo.path / ".git/patina/rung").touch()
    marks = repo.path / ".git/patina/marks"
    for kind, rings in (("0", False), ("1", True)):
        done = subprocess.run(
            [ROOT / "hooks/pre-commit.sh"],
            cwd=repo.path,
            env={**os.environ, "PRE_COMMIT_CHECKOUT_TYPE": kind},
            capture_output=True,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
        assert marks.exists() is rings


@pytest.mark.parametrize("manager", ["pre-commit", "prek"])
def test_a_journal_with_a_secret_or_broken_grammar_is_refused(
    repo: Repo, ours: str, manager: str, homes: None
) -> None:
    configure(repo, ours, "patina-journals")
    run(repo, manager, "install")
    good = "# Session: the parser\n**ID**: 20260301-120000\n\n## Activity Log\n### 12:00 - Session Start\n"
    name = "layer/sessions/20260301-120000.md"
    repo.commit("a journal", {name: good})
    for bad in (
        good + "token: ghp_" + "a1B2c3D4e5F6g7H8i9J0" * 2 + "\n",
        good.replace("# Session: the parser\n", ""),
    ):
        repo.write(name, bad)
        repo.git("add", name)
        done = subprocess.run(
            ["git", "commit", "-m", "bad"], cwd=repo.path, capture_output=True, text=True, errors="replace"
        )
        assert done.returncode == 1
        assert f"{name}:" in done.stdout + done.stderr
        assert "ghp_" not in done.stdout + done.stderr
    assert repo.git("log", "-1", "--format=%s") == "a journal"
