"""What is run, and in which image: the settings say it, else the project itself does."""

from __future__ import annotations

from pathlib import Path

import pytest

from patina_sessions.errors import PatinaError
from patina_sessions.runs import furnish, image, project, request
from patina_sessions.system.configured import load


def find(top: Path, settings: str = "", **files: str) -> project.Project:
    for name, text in files.items():
        path = top / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (top / ".patina").mkdir(exist_ok=True)
    (top / ".patina/config.toml").write_text(settings)
    return project.find(top, load(top, {}))


@pytest.mark.parametrize(
    ("name", "text", "image_", "test"),
    [
        ("pyproject.toml", "[project]\nname='x'\n", "python:3-slim", "python3 -m unittest"),
        ("pyproject.toml", "[tool.pytest.ini_options]\n", "python:3-slim", "python3 -m pytest"),
        ("requirements.txt", "click\n", "python:3-slim", "python3 -m unittest"),
        ("Cargo.toml", "[package]\n", "rust:1-slim", "cargo test"),
        ("go.mod", "module x\n", "golang:1", "go test -v ./..."),
        ("package.json", '{"scripts":{"test":"jest"}}', "node:lts-slim", "npm test"),
        ("pom.xml", "<project/>", "maven:3-eclipse-temurin-21", "mvn --batch-mode test"),
        ("build.gradle", "", "gradle:jdk21", "gradle --no-daemon test"),
        ("Makefile", "all:\n\ttrue\ncheck: all\n", "gcc:latest", "make check"),
    ],
)
def test_a_language_has_its_usual_image_and_command(
    tmp_path: Path, name: str, text: str, image_: str, test: str
) -> None:
    (tmp_path / name).write_text(text)
    found = find(tmp_path)
    assert (found.image, found.test) == (image_, test)
    assert found.why["image"] == name


def test_a_python_project_is_set_up_with_its_extra_for_tests(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project.optional-dependencies]\ntest = ['pytest']\n")
    assert find(tmp_path).setup == "python3 -m pip install --user --quiet -e '.[test]' pytest"


@pytest.mark.parametrize("text", ["{", "[]", '{"scripts": 3}', ""])
def test_a_file_that_is_broken_makes_nobody_stumble(tmp_path: Path, text: str) -> None:
    (tmp_path / "package.json").write_text(text)
    assert find(tmp_path).test == ""


def test_settings_win_over_everything_that_is_found(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM x\n")
    (tmp_path / "Cargo.toml").write_text("")
    found = find(tmp_path, 'docker.image = "mine:1"\ncommands.test = ["a", "b c"]\n')
    assert (found.image, found.dockerfile, found.test) == ("mine:1", None, ("a", "b c"))
    assert found.build == "cargo build"
    assert "test: a b c (from commands.test in the settings)" in found.lines()


def test_a_dockerfile_comes_before_the_language(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM x\n")
    (tmp_path / "go.mod").write_text("")
    found = find(tmp_path)
    assert found.dockerfile == project.Dockerfile(path="Dockerfile")
    assert found.image == ""


def test_a_devcontainer_is_read_with_its_comments_and_its_paths_are_its_own(tmp_path: Path) -> None:
    (tmp_path / ".devcontainer").mkdir()
    (tmp_path / ".devcontainer/devcontainer.json").write_text(
        """{
          // what it is built of
          "build": {"dockerfile": "Dockerfile", "context": "..", "args": {"A": "1"}},
          "containerEnv": {"URL": "http://x//y"}, /* no comment in there */
          "postCreateCommand": "make deps",
          "initializeCommand": "touch /tmp/on-the-host",
        }"""
    )
    found = find(tmp_path)
    assert found.dockerfile == project.Dockerfile(
        path=".devcontainer/Dockerfile", context=".", arguments=(("A", "1"),)
    )
    assert found.environment == {"URL": "http://x//y"}
    assert found.setup == "make deps"
    assert "on-the-host" not in repr(found)


def test_a_devcontainer_cannot_lead_out_of_the_project(tmp_path: Path) -> None:
    (tmp_path / ".devcontainer.json").write_text('{"build": {"dockerfile": "../../etc/Dockerfile"}}')
    with pytest.raises(PatinaError, match="leads out of the project"):
        find(tmp_path)


def test_an_empty_project_says_that_nothing_was_found(tmp_path: Path) -> None:
    assert find(tmp_path).lines() == [
        "nothing was found: set docker.image and commands.test in .patina/config.toml"
    ]


def test_extra_words_are_arguments_and_no_shell_reads_them() -> None:
    assert request.command(("pytest", "-q"), ("-k", "a b")) == ("pytest", "-q", "-k", "a b")
    assert request.command("pytest -q", ("$(rm x)",)) == (
        "/bin/sh",
        "-c",
        'pytest -q "$@"',
        "sh",
        "$(rm x)",
    )


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("1.5s", 1.5), ("5m", 300), ("1h", 3600)])
def test_a_time_is_read_as_people_write_it(text: str, seconds: float) -> None:
    assert request.seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "-1", "5 days", "x", "1e9"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(PatinaError):
        request.seconds(text)


def test_a_variable_is_taken_by_name_and_its_value_is_not_repeated() -> None:
    with pytest.raises(PatinaError) as refused:
        request.variable("TOKEN=hunter2")
    assert "hunter2" not in refused.value.message + str(refused.value.hint)


def test_an_image_is_built_anew_when_what_it_is_made_of_changes_and_not_for_a_source(tmp_path: Path) -> None:
    dockerfile = project.Dockerfile(path="Dockerfile")
    (tmp_path / "Dockerfile").write_text("FROM x\nCOPY needed.txt /\nCOPY . .\n")
    (tmp_path / "needed.txt").write_text("a")
    (tmp_path / "source.py").write_text("1")

    def tag() -> str:
        return image._tag(tmp_path, "k", dockerfile)

    first = tag()
    (tmp_path / "source.py").write_text("2")
    assert tag() == first
    seen = {first}
    for name, text in (
        ("needed.txt", "b"),
        ("requirements.txt", "x"),
        ("Dockerfile", "FROM y\nCOPY needed.txt /\n"),
    ):
        (tmp_path / name).write_text(text)
        assert tag() not in seen
        seen.add(tag())


@pytest.mark.parametrize(
    ("hours", "looks", "apart"), [(8, 480, 60), (0.02, 11, 7), (0.0006, 3, 1), (0, 1, 1), (1000, 60_000, 60)]
)
def test_a_workspace_s_patience_is_what_the_settings_say(hours: float, looks: int, apart: int) -> None:
    assert furnish.patience(hours) == (looks, apart)
    assert looks * apart >= hours * 3600
