"""What the README shows is so."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from patina_sessions import settings
from patina_sessions.cli import COMMANDS, HIDDEN
from tests.repository import Repo

TOP = Path(__file__).resolve().parents[1]
README = (TOP / "README.md").read_text()
SHOWN = re.findall(r"^\$ (patina .*?)(?: +#.*)?$", README, re.MULTILINE)


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


@pytest.mark.parametrize("line", [line for line in SHOWN if " init" not in line])
def test_every_command_line_that_it_shows_works(repo: Repo, line: str) -> None:
    repo.commit("first", a="1\n")
    repo.patina("init")
    if "session start" not in line:
        repo.patina("session", "start", "the work")
    repo.patina(*shlex.split(line)[1:])


@pytest.mark.parametrize("line", [line for line in SHOWN if " init" in line])
def test_every_way_to_set_up_that_it_shows_works(repo: Repo, line: str) -> None:
    repo.patina(*shlex.split(line)[1:])
