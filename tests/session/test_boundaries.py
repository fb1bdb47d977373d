"""Where a session's boundaries stand: as tags that nobody pushes or describes by, and not where a build reads tags."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from patina_sessions.session.boundaries import build_by_tags
from tests.repository import Repo

HERE, ASIDE = "refs/tags", "refs/patina/tags"


def lived(repo: Repo, **setting: str) -> dict[str, str]:
    """Live a session of one update; return the refs of its boundaries, by their names, with what they point to."""
    env = {f"PATINA_{name.upper()}": value for name, value in setting.items()}
    repo.patina("init", env=env)
    repo.patina("session", "start", "the work", env=env)
    repo.commit("feat: work", b="1\n")
    repo.patina("session", "update", env=env)
    repo.patina("session", "end", env=env)
    listed = repo.git("for-each-ref", "--format=%(refname) %(objecttype)", HERE, ASIDE)
    return dict(line.split() for line in listed.splitlines() if "session-" in line)


def whats(refs: dict[str, str], below: str) -> list[str]:
    return sorted(re.sub(r"session-\d{8}-\d{6}-", "", r.removeprefix(f"{below}/")) for r in refs)


@pytest.mark.parametrize(
    ("tags", "below", "kind"),
    [
        ("auto", HERE, "commit"),
        ("lightweight", HERE, "commit"),
        ("annotated", HERE, "tag"),
        ("refs", ASIDE, "commit"),
    ],
)
def test_start_update_and_end_are_marked_as_the_setting_says(
    repo: Repo, tags: str, below: str, kind: str
) -> None:
    repo.commit("first", a="1\n")
    found = lived(repo, tags=tags)
    assert whats(found, below) == ["end", "start", "update-1"]
    assert set(found.values()) == {kind}


def test_none_marks_nothing(repo: Repo) -> None:
    repo.commit("first", a="1\n")
    assert lived(repo, tags="none") == {}


def test_plain_describe_and_a_push_that_follows_tags_pass_them_over(repo: Repo, tmp_path: Path) -> None:
    repo.commit("first", a="1\n")
    repo.git("tag", "-a", "v1.0", "-m", "v1.0")
    lived(repo)
    assert repo.git("describe") == f"v1.0-1-g{repo.git('rev-parse', '--short', 'HEAD')}"
    subprocess.run(["git", "init", "--quiet", "--bare", str(tmp_path / "theirs")], check=True)
    repo.git("push", "--quiet", "--follow-tags", str(tmp_path / "theirs"), "main")
    assert Repo(tmp_path / "theirs").git("tag") == "v1.0"


def test_a_project_that_reads_its_version_from_tags_is_built_in_mid_session(repo: Repo) -> None:
    repo.write("pyproject.toml", '[build-system]\nrequires = ["setuptools-scm>=8"]\n[tool.setuptools_scm]\n')
    repo.git("add", "--all")
    repo.commit("first", a="1\n")
    repo.git("tag", "v1.2.3")
    ask = [sys.executable, "-c", "import setuptools_scm; print(setuptools_scm.get_version())"]

    def version() -> str:
        return subprocess.run(ask, cwd=repo.path, capture_output=True, text=True).stdout.strip()

    repo.patina("init")
    repo.git("add", "--all")
    repo.git("commit", "--quiet", "--allow-empty", "-m", "Patina")
    repo.patina("session", "start", "the work")
    assert version().startswith("1.2.4.dev1")
    repo.patina("session", "end")
    # The setting that says otherwise is obeyed, and shows what is avoided.
    repo.patina("session", "start", "another", env={"PATINA_TAGS": "lightweight"})
    assert version() == ""


BY_TAGS = {
    "pyproject.toml": '[tool.hatch.version]\nsource = "vcs"\n',
    "setup.py": "setup(use_scm_version=True, setup_requires=['setuptools_scm'])\n",
    "versioneer.py": "# versioneer\n",
    ".goreleaser.yml": "builds: []\n",
    "Makefile": "VERSION := $(shell git describe --tags --always)\n",
    "CMakeLists.txt": 'execute_process(COMMAND git describe --tags --dirty OUTPUT_VARIABLE "V")\n',
    "package.json": '{"scripts": {"version": "git describe --all"}}\n',
    "build.gradle": 'plugins { id "pl.allegro.tech.build.axion-release" version "1" }\n',
    "setup.cfg": "[metadata]\nversion = attr: x\n[options]\nsetup_requires = pbr\n",
    "build.gradle.kts": 'commandLine("git", "describe",\n    "--tags")\n',
    "release.sh": '#!/bin/sh\nversion=$(git describe --tags "$1")\n',
    "scripts/version": "#!/bin/sh\nexec git tag --list --sort=-v:refname\n",
    "ci/build.bash": "git describe --abbrev=0 --tags\n",
    ".github/workflows/release.yml": "on:\n  push:\n    tags:\n      - '*'\n",
    ".github/workflows/build.yaml": "on: { push: { tags: ['**'] } }\n",
    ".gitlab-ci.yml": "release:\n  rules:\n    - if: $CI_COMMIT_TAG\n",
    ".github/workflows/publish.yml": "on: push\njobs:\n  a:\n    if: startsWith(github.ref, 'refs/tags/')\n",
    ".circleci/config.yml": "filters: { tags: { only: /.*/ } }\n",
    ".travis.yml": "deploy:\n  on:\n    tags: true\n",
    "azure-pipelines.yml": "trigger:\n  tags:\n    include: ['*']\n",
}
NOT_BY_TAGS = {
    "pyproject.toml": '[project]\nname = "tags"\nversion = "1.0"\n',
    "Makefile": "deploy:\n\tgit describe\n\tdocker build --tag app .\n",
    "release.sh": "git push --follow-tags\n",
    "src/release.sh": "git describe --tags\n",
    ".github/workflows/test.yml": "on: [push]\njobs:\n  a:\n    steps:\n      - run: make test\n",
    ".gitlab-ci.yml": "test:\n  tags: [a-runner]\n",
    "README.md": "git describe --tags\n",
}


@pytest.mark.parametrize("name", BY_TAGS)
def test_a_file_by_which_something_is_built_from_tags_is_found(tmp_path: Path, name: str) -> None:
    assert build_by_tags(tmp_path) is None
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text(BY_TAGS[name])
    assert build_by_tags(tmp_path) == name


@pytest.mark.parametrize(
    "text", ["only: [tags]", "only:\n    - tags\n", "only:\r\n  - 'tags' # releases\r\n"]
)
def test_gitlab_says_in_many_ways_that_a_job_is_for_tags(tmp_path: Path, text: str) -> None:
    (tmp_path / ".gitlab-ci.yml").write_bytes(f"release:\n  {text}".encode())
    assert build_by_tags(tmp_path) == ".gitlab-ci.yml"


@pytest.mark.parametrize("name", NOT_BY_TAGS)
def test_a_file_that_asks_for_no_tags_is_none(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text(NOT_BY_TAGS[name])
    assert build_by_tags(tmp_path) is None


def test_a_workflow_that_begins_with_every_tag_keeps_them_out_of_the_way(repo: Repo) -> None:
    repo.commit("first", {".github/workflows/release.yml": "on:\n  push:\n    tags:\n      - '*'\n"})
    assert whats(lived(repo), ASIDE) == ["end", "start", "update-1"]


def test_what_cannot_be_read_is_no_reason_to_begin_no_session(repo: Repo) -> None:
    repo.commit("first", a="1\n")
    for name in ("Makefile", "release.sh", "scripts", ".github"):
        (repo.path / name).symlink_to(name)
    assert whats(lived(repo), HERE) == ["end", "start", "update-1"]


@pytest.mark.parametrize(
    "text", ["\n", "- ", "describe ", "describe\n", " \t", "tags ", "only: [", "source ="]
)
def test_what_is_made_to_take_long_does_not(tmp_path: Path, text: str) -> None:
    for name in ("Makefile", ".gitlab-ci.yml", ".travis.yml"):
        (tmp_path / name).write_text(text * (500_000 // len(text)))
    (tmp_path / "scripts").mkdir()
    for number in range(200):
        (tmp_path / f"scripts/{number}").write_text(text * 10_000)
    start = time.process_time()
    assert build_by_tags(tmp_path) is None
    taken = time.process_time() - start
    start = time.process_time()
    re.findall("(a|b|c|d|e|f)x", "abcdefgh" * 125_000, re.IGNORECASE)
    assert taken < 20 * (time.process_time() - start)


def test_programs_and_what_lies_behind_a_hundred_others_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/program").write_bytes(b"\x7fELF\0git describe --tags")
    assert build_by_tags(tmp_path) is None
    for number in range(120):
        (tmp_path / f"a{number}.txt").write_text("")
    (tmp_path / "release.sh").write_text("git describe --tags\n")
    assert build_by_tags(tmp_path) == "release.sh"


def test_a_name_that_is_enough_by_itself_may_be_a_link_to_nowhere(repo: Repo) -> None:
    repo.commit("first", a="1\n")
    (repo.path / ".goreleaser.yml").symlink_to(".goreleaser.yml")
    assert whats(lived(repo), ASIDE) == ["end", "start", "update-1"]
