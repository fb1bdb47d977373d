"""A real project is built and tested: this one, by its own `.patina/config.toml` and Dockerfile."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.repository import Repo

ROOT = Path(__file__).resolve().parent.parent.parent
LEFT = shutil.ignore_patterns(
    ".git", ".venv", ".hypothesis", "*_cache", "__pycache__", "*.egg-info", "build", "dist", "local"
)


@pytest.mark.timeout(600)
def test_this_project_s_own_tests_run_in_a_container_and_the_journal_has_their_numbers(
    tmp_path: Path,
) -> None:
    shutil.copytree(ROOT, tmp_path / "project", ignore=LEFT, symlinks=True)
    repo = Repo.create(tmp_path / "project")
    repo.git("add", "--all")
    repo.git("commit", "--quiet", "-m", "as it is")
    repo.patina("init")
    repo.patina("session", "start", "Test ourselves")
    done = repo.patina("test", check=False, env={"PATINA_DOCKER_BUILD_NETWORK": "host"})
    try:
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        journal = (repo.path / ".patina/local/active-session.md").read_text()
        entry = journal[journal.index("- Test passed") :]
        passed = re.search(r"^Tests: ([\d,]+) passed, 0 failed", entry, re.MULTILINE)
        assert passed is not None, entry
        assert int(passed[1].replace(",", "")) > 80
        assert "/tmp/" not in entry
    finally:
        repo.patina("clean", "--force", check=False)
