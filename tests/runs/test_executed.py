"""Files that run on the machine of whoever checks a branch out are found by their names, whoever would run them."""

from __future__ import annotations

import time

import pytest

from patina_sessions.runs.yolo import executed
from patina_sessions.runs.yolo.work import Change


@pytest.mark.parametrize(
    ("path", "who"),
    [
        (".vscode/tasks.json", "an editor"),
        ("sub/.idea/workspace.xml", "an editor"),
        (".envrc", "a shell"),
        (".env.local", "a shell"),
        ("flake.nix", "a shell"),
        (".gitmodules", "git"),
        (".gitattributes", "git"),
        (".husky/pre-commit", "git"),
        (".pre-commit-config.yaml", "git"),
        ("web/package.json", "a package manager or build"),
        ("setup.py", "a package manager or build"),
        ("x.pth", "a package manager or build"),
        ("build.rs", "a package manager or build"),
        ("Makefile", "a package manager or build"),
        ("makeFILE", "a package manager or build"),
        ("tests/conftest.py", "a test runner or tool"),
        ("vite.config.ts", "a test runner or tool"),
        (".claude/settings.json", "an agent"),
        (".mcp.json", "an agent"),
        ("AGENTS.md", "an agent"),
        (".github/copilot-instructions.md", "an agent"),
        (".patina/config.toml", "an agent"),
        (".devcontainer/devcontainer.json", "a container"),
        ("Dockerfile.dev", "a container"),
        (".github/workflows/ci.yml", "CI"),
        (".gitlab-ci.yml", "CI"),
        ("Jenkinsfile", "CI"),
        ("src/parser.py", ""),
        ("README.md", ""),
        ("docs/package.json.md", ""),
        ("environment.py", ""),
    ],
)
def test_who_runs_a_file_is_told_by_its_name(path: str, who: str) -> None:
    assert executed.by(path) == who


def test_links_programs_and_submodules_are_told_and_what_is_gone_is_not() -> None:
    def change(path: str, mode: str) -> Change:
        return Change(path=path, added=1, deleted=0, mode=mode)

    found = executed.listed(
        [
            change("run.sh", "100755"),
            change("plain.sh", "100644"),
            change("link", "120000"),
            change("Makefile", "120000"),
            change("vendor", "160000"),
            change("package.json", ""),
        ]
    )
    assert found == {
        "you, as a program": ["run.sh"],
        "whoever follows a link": ["link", "Makefile"],
        "git, as a submodule": ["vendor"],
    }


def test_long_names_are_looked_at_by_their_ends_and_cost_no_time() -> None:
    deep = "a/" * 20_000
    began = time.process_time()
    assert all(executed.by(f"{deep}{number}") == "" for number in range(200))
    assert executed.by(f".vscode/{deep}x") == "an editor"
    assert executed.by(f"{deep}.envrc") == "a shell"
    assert time.process_time() - began < 60  # minutes, where the whole name is looked at
