"""What a user can cause is one line of error, one line of what to do, the right exit code, and nothing lost."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.repository import Repo

Said = subprocess.CompletedProcess[str]


@pytest.fixture
def ready(repo: Repo) -> Repo:
    """Return a repository with a commit and Patina."""
    repo.commit("first", readme="hello\n")
    repo.patina("init")
    return repo


@pytest.fixture
def working(ready: Repo) -> Repo:
    """Return one with an active session."""
    ready.patina("session", "start", "the work")
    return ready


def refused(said: Said, code: int = 1) -> str:
    """Check the form of a refusal and return its error line."""
    assert said.returncode == code, said.stdout + said.stderr
    lines = said.stderr.splitlines()
    assert len(lines) == 2, said.stderr
    assert lines[0].startswith("Error: ")
    assert lines[1].startswith("Hint: ")
    assert "Traceback" not in said.stderr + said.stdout
    return lines[0]


def test_outside_a_repository(tmp_path: Path) -> None:
    outside = Repo(tmp_path)
    for command in (["session", "status"], ["note", "x"], ["init"], ["list"], ["record"]):
        assert "is not in a git repository" in refused(outside.patina(*command, check=False))


def test_in_a_repository_that_was_never_given_to_patina(repo: Repo) -> None:
    assert "not set up" in refused(repo.patina("session", "start", "x", check=False))


def test_in_a_bare_repository(new_repo: Callable[..., Repo]) -> None:
    assert "without a working tree" in refused(new_repo("bare", "--bare").patina("init", check=False))


def test_the_bare_word_says_as_the_others_why_there_is_nothing_to_tell(new_repo: Callable[..., Repo]) -> None:
    bare = new_repo("bare", "--bare")
    for place in (bare, Repo(bare.path / "hooks"), Repo(bare.path.parent)):
        why = refused(place.patina("session", "status", check=False)).removeprefix("Error: ")
        assert place.patina().stdout.splitlines()[0].lower() == f"{why}.".lower()


def test_a_group_without_a_command_shows_its_help_and_is_wrong_usage(repo: Repo) -> None:
    for group in ("session", "yolo"):
        said = repo.patina(group, check=False)
        assert (said.returncode, said.stdout) == (2, "")
        assert said.stderr == repo.patina(group, "--help").stdout


def test_before_the_first_commit_the_status_reads_as_a_sentence(repo: Repo) -> None:
    repo.patina("init")
    repo.patina("session", "start", "the work")
    assert "On main, no commit yet; 0 commits," in repo.patina("status").stdout


def test_without_a_session(ready: Repo) -> None:
    for command in (["note", "x"], ["goal", "x"], ["session", "update"], ["session", "end"], ["rename", "x"]):
        assert refused(ready.patina(*command, check=False)) == "Error: no session is active"
    assert ready.patina("session", "status").stdout.startswith("No active session")


def test_wrong_usage_is_exit_code_two(ready: Repo) -> None:
    refused(ready.patina("nonsense", check=False), 2)
    refused(ready.patina("session", "start", check=False), 2)
    refused(ready.patina("session", "start", "x", "--gaol", "y", check=False), 2)
    refused(ready.patina("goal", check=False), 2)


def test_an_unknown_id(ready: Repo) -> None:
    refused(ready.patina("show", "19990101-000000", check=False))


def test_an_error_as_json_is_one_object_on_standard_output(ready: Repo) -> None:
    said = ready.patina("note", "x", "--json", check=False)
    assert json.loads(said.stdout) == {
        "schema": "patina.error/1",
        "error": "no session is active",
        "hint": 'Start one: patina session start "what you want to do"',
        "code": 1,
    }
    assert said.stderr == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tags = ", "not valid TOML"),
        ('tags = "sometimes"', "tags cannot be 'sometimes'"),
        ("[session]\nidle_hours = 'long'", "session.idle_hours cannot be 'long'"),
    ],
)
def test_what_a_file_of_settings_cannot_hold_is_said_and_keeps_nothing_from_being_done(
    working: Repo, text: str, words: str
) -> None:
    """A pull brings a colleague's slip: the recorder, and `end`, go on without it."""
    working.write(".patina/config.toml", text)
    made = working.commit("feat: recorded", a="2\n")
    for command in (("note", "x"), ("session", "end")):
        error = working.patina(*command).stderr
        assert error.startswith("Warning: ")
        assert words in error
        assert "\nHint: " in error
    checks = json.loads(working.patina("doctor", "--json", check=False).stdout)["checks"]
    assert [c["level"] for c in checks if words in c["words"]] == ["wrong"]
    [journal] = (working.path / "layer/sessions").glob("2*.md")
    assert f"Commit {made[:10]}" in journal.read_text()


def test_a_variable_that_cannot_be_is_refused(working: Repo) -> None:
    done = working.patina("note", "x", check=False, env={"PATINA_SESSION_IDLE_HOURS": "long"})
    assert "session.idle_hours cannot be 'long'" in refused(done)


def test_fix_sets_nothing_up_where_nobody_said_init(repo: Repo) -> None:
    repo.commit("first", a="1")
    done = repo.patina("doctor", "--fix", check=False)
    assert done.returncode == 1
    assert "do: patina init" in done.stdout
    assert not (repo.path / ".git/patina").exists()
    assert [p.name for p in repo.path.iterdir() if p.name != ".git"] == ["a.txt"]


def test_nothing_switches_redaction_off(working: Repo) -> None:
    working.write(".patina/config.toml", "redact = false\n")
    working.patina("note", "the password: hunter2hunter2!", env={"PATINA_REDACT": "false"})
    assert "hunter2" not in (working.path / ".patina/local/active-session.md").read_text()


def test_without_a_home(working: Repo) -> None:
    env = {k: v for k, v in os.environ.items() if k != "HOME"}
    said = subprocess.run(
        [sys.executable, "-P", "-m", "patina_sessions", "note", "homeless"],
        cwd=working.path,
        env=env,
        check=True,
    )
    assert said.returncode == 0


def test_data_of_a_newer_patina_is_left_alone(working: Repo) -> None:
    consent = working.path / ".git/patina/repo.json"
    newer = json.dumps({**json.loads(consent.read_text()), "format": 99})
    consent.write_text(newer)
    for command in (["note", "x"], ["session", "end"], ["init"], ["uninstall"], ["list"]):
        assert "format 99" in refused(working.patina(*command, check=False))
    assert consent.read_text() == newer


def test_a_folder_in_the_place_of_the_journal_is_moved_away(working: Repo) -> None:
    journal = working.path / ".patina/local/active-session.md"
    journal.unlink()
    journal.mkdir()
    said = working.patina("note", "found again")
    assert "not this session's journal" in said.stderr
    assert "found again" in journal.read_text()


def test_a_half_written_journal_is_a_journal(working: Repo) -> None:
    journal = working.path / ".patina/local/active-session.md"
    journal.write_bytes(journal.read_bytes()[:90] + b"\xff\xfe\x00")
    working.patina("note", "goes on")
    working.patina("session", "end")
    [archived] = working.path.glob("layer/sessions/2*.md")
    assert "goes on" in archived.read_text(errors="replace")


def test_a_read_only_folder(working: Repo) -> None:
    as_nobody = (
        subprocess.run(["setpriv", "--help"], capture_output=True).returncode == 0 and os.geteuid() == 0
    )
    if not as_nobody and os.geteuid() == 0:
        pytest.skip("LOUD: root writes into everything, and there is no setpriv to be somebody else")
    before = (working.path / ".patina/local/active-session.md").read_bytes()
    for path in (working.path, *working.path.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    for parent in working.path.parents[:5]:
        parent.chmod(0o755)
    become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if as_nobody else []
    safe = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
    command = [*become, sys.executable, "-P", "-m", "patina_sessions", "note", "x"]
    said = subprocess.run(
        command,
        cwd=working.path,
        env={
            **os.environ,
            **safe,
            "HOME": "/nonexistent",
        },  # root's own home has settings that nobody may read
        capture_output=True,
        text=True,
    )
    assert re.match(r"Error: cannot \w+ .*(Permission denied|Read-only)", refused(said))
    assert (working.path / ".patina/local/active-session.md").read_bytes() == before


def test_a_fault_of_patina_is_exit_code_three_with_a_report(working: Repo, tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text(
        "import sys\n"
        "from patina_sessions.session import note\n"
        "note.note = lambda *a, **k: 1 / 0\n"
        "from patina_sessions import cli\n"
        "sys.exit(cli.answer(['note', 'x']))\n"
    )
    said = subprocess.run([sys.executable, str(broken)], cwd=working.path, capture_output=True, text=True)
    assert "fault of Patina: ZeroDivisionError" in refused(said, 3)
    report = Path(said.stderr.splitlines()[1].rpartition(" ")[2])
    assert "ZeroDivisionError" in report.read_text()
    assert report.is_relative_to(working.path / ".git")


def test_a_reader_that_leaves_early_is_no_error(working: Repo) -> None:
    for number in range(3):
        working.patina("note", f"{number} " * 2000)
    pipe = f"{sys.executable} -P -m patina_sessions show --raw | head -c 10"
    said = subprocess.run(["sh", "-c", pipe], cwd=working.path, capture_output=True, text=True)
    assert said.stderr == ""


def test_nothing_waits_for_a_key(working: Repo) -> None:
    said = subprocess.run(
        [sys.executable, "-P", "-m", "patina_sessions", "note"],
        cwd=working.path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert "the note is empty" in refused(said)


def test_interrupted_is_exit_code_130(working: Repo) -> None:
    import signal

    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "patina_sessions", "note"],
        cwd=working.path,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    ready = Path(f"/proc/{child.pid}/wchan")
    from tests.waiting import until

    until(lambda: "pipe" in ready.read_text(), "the command to read its input")
    child.send_signal(signal.SIGINT)
    _, err = child.communicate()
    assert child.returncode == 130
    assert err.strip() == "Interrupted"


@pytest.mark.parametrize(
    "command",
    [
        "",
        "init",
        "session",
        "session start",
        "session update",
        "session note",
        "session goal",
        "session status",
    ]
    + ["session end", "note", "goal", "status", "rename", "list", "show", "context", "record", "uninstall"],
)
def test_the_help_of_every_command_has_an_example(repo: Repo, command: str) -> None:
    assert "Example: patina" in " ".join(repo.patina(*command.split(), "--help").stdout.split())
