"""What the README shows is so: every command line in it is run, or is what `.ci/run` runs."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from patina_sessions import settings
from patina_sessions.cli import COMMANDS, HIDDEN, patina
from tests import built
from tests.repository import Repo

TOP = Path(__file__).resolve().parents[1]
README = (TOP / "README.md").read_text()
BLOCKS = [
    [line[2:] for line in block.splitlines() if line.startswith("$ ")]
    for block in re.findall(r"^```console\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
]
MAKE, STORY, LOOK, INSTALL = BLOCKS
BIN = Path(sys.executable).parent


def test_the_table_of_settings_is_the_codes() -> None:
    """On a difference the README is rewritten and the test fails once."""
    start, end = "checked by tests/test_readme.py -->\n", "<!-- end of settings -->"
    head, _, rest = README.partition(start)
    table, _, tail = rest.partition(end)
    if table != settings.table():
        (TOP / "README.md").write_text(head + start + settings.table() + end + tail)
    assert table == settings.table(), "the README's table was rewritten: look at the difference"


def test_every_command_that_it_names_is_there_and_every_command_is_named() -> None:
    named = set(re.findall(r"`patina ([a-z]+)", README))
    assert named - {"session"} <= set(COMMANDS)
    assert not {
        name for name in COMMANDS if name not in (*named, *HIDDEN) and f"session {name}" not in README
    } - {"rename"}


def test_every_link_leads_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (TOP / target).exists(), target


def test_the_two_commands_are_those_that_ci_proves() -> None:
    ci = (TOP / ".ci/run").read_text()
    for line in MAKE:
        command, _, words = line.partition("#")
        assert f"    {command.strip()}" in ci, line
        assert words.strip()
    assert [line.split()[:2] for line in MAKE] == [["make", "demo"], ["make", "test"]]


def test_the_story_that_it_shows_is_lived_line_by_line_and_is_in_the_journal(repo: Repo) -> None:
    """Between the lines a person works: edits before a commit, and has a branch to rebase before a rebase."""
    repo.commit("chore: begin", a="1\n")
    for line in STORY:
        program, *words = shlex.split(line)
        if words[0] == "commit":
            repo.write("src/parser.py", "quotes = 1\n")
            repo.git("add", "src/parser.py")
        elif words[0] == "rebase":
            repo.git("switch", "--quiet", "-c", "fuzz", "HEAD~1")
            repo.commit("test: a fuzzer", b="1\n")
        if program == "git":
            repo.git(*words)
        else:
            assert program == "patina"
            repo.patina(*words)
    assert repo.git("log", "-1", "--format=%s").endswith("Make the parser robust")
    (journal,) = (repo.path / "layer/sessions").glob("2*.md")
    text = journal.read_text()
    for told in (
        "# Session: Make the parser robust",
        "- [ ] The fuzzer runs an hour",
        ": feat: parse quotes",
        "The tokenizer keeps offsets in bytes: that is why the columns were off.",
        "Rebase of `fuzz`",
        "Offsets are bytes everywhere, since only errors need columns",
    ):
        assert text.count(told) >= 1, told


@pytest.mark.parametrize("line", LOOK)
def test_the_report_that_it_shows_is_written(repo: Repo, line: str) -> None:
    repo.commit("first", a="1\n")
    repo.patina("init")
    repo.patina("session", "start", "the work")
    assert "Report: " in repo.patina(*shlex.split(line)[1:]).stdout


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize("installer", ["uv", "pipx", "pip"])
def test_each_way_to_install_it_that_it_shows_gives_one_that_records(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installer: str
) -> None:
    """What is installed by its name is this checkout: its wheel is offered beside those of the registry."""
    built.wheel(tmp_path / "source")
    dist = str(tmp_path / "source/dist")
    monkeypatch.setenv("UV_FIND_LINKS", dist)
    monkeypatch.setenv("PIP_FIND_LINKS", f"{os.environ.get('PIP_FIND_LINKS', '')} {dist}".strip())
    programs = tmp_path / "programs"
    if installer == "pip":
        venv.create(programs, with_pip=True)
        found = f"{programs}/bin"
    else:
        programs.mkdir()
        (programs / installer).symlink_to(BIN / installer)
        found = f"{programs}:{Path.home()}/.local/bin"
    monkeypatch.setenv("PATH", f"{found}:{os.environ['PATH']}")
    first, *rest = INSTALL
    (line,) = (way for way in re.split(r" +# or: |, or: ", first) if way.startswith(f"{installer} "))
    repo.commit("chore: begin", a="1\n")
    repo.path.rename(tmp_path / "your-repository")
    done = subprocess.run(
        ["sh", "-ec", "\n".join([line, *rest, 'patina session start "the work"'])],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (shutil.which("patina") or "").startswith(tuple(found.split(":")))
    yours = Repo(tmp_path / "your-repository")
    yours.commit("feat: a hook woke the one that was installed", b="1\n")
    done = subprocess.run(["patina", "session", "end"], cwd=yours.path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (journal,) = (yours.path / "layer/sessions").glob("2*.md")
    assert journal.read_text().count(": feat: a hook woke the one that was installed") == 1


def test_every_option_that_it_names_is_one_of_the_commands_named_beside_it() -> None:
    """A row of the table, or a paragraph, names an option with its command or after it."""
    told = 0
    for part in re.split(
        r"\n\n|\n(?=\| )", re.sub(r"^```.*?^```", "", README, flags=re.MULTILINE | re.DOTALL)
    ):
        spans = re.findall(r"`([^`]+)`", part)
        commands = [found for span in spans if span.startswith("patina ") and (found := _command(span))]
        options = {option for command in commands for option in _options(command)}
        for span in spans:
            if span.startswith(("patina", "--")):
                for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", span.partition(" -- ")[0]):
                    assert option in {*options, "--help", "--json"} | FOREIGN, f"{option} in: {part}"
                    told += 1
    assert told > 15


def test_it_names_the_commands_that_have_no_json_and_every_option_says_what_it_does() -> None:
    found = re.search(r"The others are (.*?)\. `NO_COLOR`", README, re.DOTALL)
    assert found
    commands = dict(_commands(patina, ""))
    without = {name for name, command in commands.items() if "--json" not in _options(command)}
    assert set(re.findall(r"`([^`]+)`", found[1])) == without
    silent = [
        (name, option.name)
        for name, command in commands.items()
        for option in command.params
        if isinstance(option, click.Option) and not option.help and not option.hidden
    ]
    assert silent == []


def _commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """Yield every command that is not for hooks alone, with the words that call it."""
    if isinstance(command, click.Group):
        for word in command.list_commands(click.Context(command)):
            found = command.get_command(click.Context(command), word)
            if found is not None and word not in HIDDEN:
                yield from _commands(found, f"{name} {word}".strip())
    else:
        yield name, command


FOREIGN = {"--no-verify", "--hook-type"}


def _command(span: str) -> click.Command | None:
    """Return the command that a span of code calls, as far as its words are names of commands."""
    command: click.Command = patina
    for word in span.split()[1:]:
        if not isinstance(command, click.Group):
            break
        found = command.get_command(click.Context(command), word)
        if found is None:
            break
        command = found
    return None if command is patina else command


def _options(command: click.Command) -> set[str]:
    own = {name for parameter in command.params for name in parameter.opts}
    return own.union(*(_options(inner) for inner in getattr(command, "commands", {}).values()))


def test_every_extra_that_it_names_is_there() -> None:
    extras = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = re.findall(r"patina-sessions\[(\w+)\]", README)
    assert named
    assert set(named) <= set(extras)
