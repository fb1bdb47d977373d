"""What `init` makes, what it joins, and what it refuses to write through."""

from __future__ import annotations

import json
import os
import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from patina_sessions.errors import PatinaError
from patina_sessions.settings import KEYS
from patina_sessions.setup import hook_text, init, project, sharing, uninstall
from patina_sessions.setup.plan import Done
from patina_sessions.system import repository as repositories
from tests.repository import Repo
from tests.twins import snapshot

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def set_up(repo: Repo, *, memory: bool = False, python: str = "/nonexistent/python") -> Done:
    return init.apply(init.plan(repositories.discover(repo.path), memory=memory, python=python), NOW)


def test_git_sees_what_is_the_projects_and_nothing_of_a_session(repo: Repo) -> None:
    set_up(repo)
    repo.write(".patina/local/active-session.md", "# Session\n")
    assert repo.git("status", "--short", "--untracked-files=all").split("\n") == [
        "?? .patina/.gitignore",
        "?? .patina/config.toml",
        "?? layer/core/.gitkeep",
        "?? layer/dust/.gitkeep",
        "?? layer/sessions/.gitkeep",
        "?? layer/surface/.gitkeep",
    ]


def test_a_session_stays_out_of_git_on_a_branch_without_our_gitignore(repo: Repo) -> None:
    repo.commit("first")
    repo.git("branch", "older")
    set_up(repo)
    repo.git("add", "--all")
    repo.commit("with patina")
    repo.write(".patina/local/active-session.md", "# Session\n")
    repo.git("checkout", "--quiet", "older")
    repo.git("add", "--all")
    assert repo.git("status", "--short") == ""
    assert (repo.path / ".patina/local/active-session.md").exists()


def test_the_settings_are_valid_and_change_nothing_until_a_line_is_uncommented(repo: Repo) -> None:
    set_up(repo)
    text = (repo.path / ".patina/config.toml").read_text()
    assert tomllib.loads(text) == {}
    lines = [line.removeprefix("# ") for line in text.split("\n") if " = " in line]
    assert len(lines) == len([key for key in KEYS if key.project and not key.table])
    flat = {line.partition(" = ")[0]: tomllib.loads(line) for line in lines}
    for key in KEYS:
        if key.project and not key.table:
            value: object = flat[key.name]
            for part in key.name.split("."):
                assert isinstance(value, dict)
                value = value[part]
            assert value == (list(key.default) if isinstance(key.default, tuple) else key.default)


def test_consent_says_what_may_read_it_and_since_when(repo: Repo) -> None:
    set_up(repo)
    consent = json.loads((repo.path / ".git/patina/repo.json").read_text())
    assert consent == {"format": 1, "patina": "0.1.0", "consent": "2026-11-25T09:00:00+00:00"}


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"format": "x"}'])
def test_damaged_consent_is_mended(repo: Repo, text: bytes) -> None:
    set_up(repo)
    consent = repo.path / ".git/patina/repo.json"
    good = consent.read_bytes()
    consent.write_bytes(text)
    set_up(repo)
    assert consent.read_bytes() == good


def test_a_repository_of_a_teammate_or_of_the_original_patina_is_joined(repo: Repo) -> None:
    theirs = {
        ".patina/config.json": '{"project_type": "app"}\n',
        ".patina/versions.json": "{}\n",
        ".patina/.gitignore": "cache/\n",
        ".patina/config.toml": 'tags = "none"\n',
        "layer/core/a.md": "what is known\n",
        "layer/sessions/20250909-171502.md": "# Session: old\n",
    }
    for name, text in theirs.items():
        repo.write(name, text)
    repo.git("add", "--all")
    repo.commit("theirs")
    before = snapshot(repo.path)
    done = set_up(repo)
    assert {name: (repo.path / name).read_text() for name in theirs} == theirs
    assert any("There was a .patina/ already" in line for line in done.lines)
    assert repo.git("status", "--short") == "?? layer/dust/\n?? layer/surface/"
    uninstall.apply(uninstall.plan(repositories.discover(repo.path)))
    after = snapshot(repo.path)
    assert {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)} == set()


@pytest.mark.parametrize("name", [".patina", ".patina/local", "layer"])
@pytest.mark.parametrize("kind", ["link", "file"])
def test_what_a_clone_puts_in_the_place_of_our_folders_is_not_written_through(
    repo: Repo, tmp_path: Path, name: str, kind: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    place = repo.path / name
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(outside) if kind == "link" else place.write_text("a file\n")
    before = snapshot(repo.path)
    with pytest.raises(PatinaError):
        set_up(repo)
    assert snapshot(repo.path) == before
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("name", ["CLAUDE.md", "AGENTS.md"])
def test_a_file_for_the_assistant_that_leads_out_of_the_project_is_left_alone(
    repo: Repo, tmp_path: Path, name: str
) -> None:
    outside = tmp_path / "mine.md"
    outside.write_text("mine\n")
    (repo.path / name).symlink_to(outside)
    planned = init.plan(repositories.discover(repo.path), memory=True, python="/p")
    init.apply(planned, NOW)
    assert outside.read_text() == "mine\n"
    assert [note.about for note in planned.notes] == [name]


def test_a_claude_md_that_is_a_link_to_agents_md_keeps_being_one(repo: Repo) -> None:
    agents = repo.write("AGENTS.md", "# Rules\n")
    (repo.path / "CLAUDE.md").symlink_to("AGENTS.md")
    set_up(repo, memory=True)
    assert (repo.path / "CLAUDE.md").is_symlink()
    assert agents.read_text().startswith("# Rules\n<!-- >>> patina 1 >>> -->\n")
    uninstall.apply(uninstall.plan(repositories.discover(repo.path)))
    assert agents.read_text() == "# Rules\n"


def test_the_file_that_is_there_is_the_one_that_is_told(repo: Repo) -> None:
    repo.write("AGENTS.md", "# Rules\n")
    set_up(repo, memory=True)
    assert not (repo.path / "CLAUDE.md").exists()
    assert "@.patina/local/last-session.md" in (repo.path / "AGENTS.md").read_text()


def test_init_again_renews_the_script_for_another_interpreter(repo: Repo) -> None:
    set_up(repo, python="/old/python")
    done = set_up(repo, python="/new/python")
    assert "run=/new/python d=" in (repo.path / ".git/patina/hook.sh").read_text()
    assert [step.path.name for step in done.plan.steps] == ["hook.sh", "manifest.json"]


@pytest.mark.parametrize("python", ["python3", "", "/a\nb"])
def test_an_interpreter_that_no_hook_could_find_again_is_refused(repo: Repo, python: str) -> None:
    with pytest.raises(PatinaError):
        init.plan(repositories.discover(repo.path), python=python or "relative")


@pytest.mark.parametrize("when", ["before it is done", "while it is done"])
def test_a_file_that_somebody_saves_after_it_was_looked_at_is_not_overwritten(repo: Repo, when: str) -> None:
    hook = repo.write(".git/hooks/post-commit", "#!/bin/sh\n")
    hook.chmod(0o755)
    planned = init.plan(repositories.discover(repo.path), python="/p")
    hook.write_text("#!/bin/sh\necho saved meanwhile\n")
    if when == "before it is done":
        init.apply(planned, NOW)  # it looks again
        assert hook.read_text().endswith("echo saved meanwhile\n")
        return
    with pytest.raises(PatinaError, match="changed while"):
        init.apply(replace(planned, again=None), NOW)
    assert hook.read_text() == "#!/bin/sh\necho saved meanwhile\n"
    assert not (repo.path / ".git/patina/repo.json").exists()
    set_up(repo)
    uninstall.apply(uninstall.plan(repositories.discover(repo.path)))
    assert hook.read_text() == "#!/bin/sh\necho saved meanwhile\n"


def test_a_manifest_of_0_1_0_is_read(repo: Repo) -> None:
    """It had the mode of what was there before, too."""
    before = snapshot(repo.path)
    set_up(repo)
    path = repo.path / ".git/patina/manifest.json"
    whole = json.loads(path.read_text())
    path.write_text(json.dumps({**whole, "entries": [{**e, "mode": None} for e in whole["entries"]]}))
    uninstall.apply(uninstall.plan(repositories.discover(repo.path)))
    assert snapshot(repo.path) == before


# ------------------------------------------------------------------------------------------------- whose the state is


@pytest.mark.parametrize(
    ("setting", "folder", "umask"),
    [
        ("", 0o700, 0o077),
        ("false", 0o700, 0o077),
        ("umask", 0o700, 0o077),
        ("group", 0o2770, 0o007),
        ("true", 0o2770, 0o007),
        ("1", 0o2770, 0o007),
        ("all", 0o2775, 0o002),
        ("everybody", 0o2775, 0o002),
        ("2", 0o2775, 0o002),
        ("0660", 0o2770, 0o007),
        ("0640", 0o750, 0o027),
        ("0600", 0o700, 0o077),
        ("nonsense", 0o700, 0o077),
    ],
)
def test_core_shared_repository_says_who_may_read_the_state(setting: str, folder: int, umask: int) -> None:
    bits = sharing.others(setting)
    assert (sharing.folder_mode(bits), sharing.umask(bits)) == (folder, umask)


def modes(state: Path) -> dict[str, set[str]]:
    """Return the modes of all folders and of all files of the state but the script's parts."""
    found: dict[str, set[str]] = {"folders": {oct(state.stat().st_mode & 0o7777)}, "files": set()}
    for path in state.rglob("*"):
        found["folders" if path.is_dir() else "files"].add(oct(path.stat().st_mode & 0o7777))
    return found


def test_state_is_its_owners_alone(repo: Repo) -> None:
    set_up(repo)
    assert modes(repo.path / ".git/patina") == {"folders": {"0o700"}, "files": {"0o600"}}


def test_a_group_that_shares_the_repository_shares_the_state(tmp_path: Path) -> None:
    repo = Repo.create(tmp_path / "shared", "--shared=group")
    set_up(repo)
    assert modes(repo.path / ".git/patina") == {"folders": {"0o2770"}, "files": {"0o660"}}
    assert "umask 007" in (repo.path / ".git/patina/hook.sh").read_text()


def test_root_leaves_nothing_that_the_owner_cannot_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can act in somebody else's place")
    repo = Repo.create(tmp_path / "of-nobody")
    repo.write(".git/hooks/post-merge", "#!/bin/sh\n").chmod(0o755)
    repo.write("CLAUDE.md", "# Rules\n")
    for path in (repo.path, *repo.path.rglob("*")):
        os.chown(path, 65534, 65534)
    repo.git("config", "--file", str(tmp_path / "trust"), "safe.directory", "*")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "trust"))
    set_up(repo, memory=True)
    owners = {path: path.lstat().st_uid for path in (repo.path, *repo.path.rglob("*"))}
    assert {str(path) for path, owner in owners.items() if owner != 65534} == set()


def test_the_script_in_the_state_is_the_one_of_this_version(repo: Repo) -> None:
    set_up(repo)
    template = (Path(__file__).parents[2] / "hooks" / "git.sh").read_text()
    written = (repo.path / ".git/patina/hook.sh").read_bytes()
    assert written == hook_text.script(template, python="/nonexistent/python", umask=0o077)


def test_every_setting_of_the_template_says_what_it_does() -> None:
    text = project.template().decode()
    assert all(f"# {key.words}" in text for key in KEYS if key.project and not key.table)
