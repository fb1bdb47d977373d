"""What `--json` prints has a schema: fields may be added, never renamed. Each has a golden file of its fields and types.

On a difference the file is rewritten and the test fails once: look at the difference, then run again.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from tests.repository import Repo

GOLDEN = Path(__file__).parent / "golden"


def shape(value: Any) -> Any:
    """Return what kind of value it is, all the way down; of a list the shapes of its members, each once."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        shapes = [shape(inner) for inner in value]
        return [s for n, s in enumerate(shapes) if s not in shapes[:n]]
    return "null" if value is None else type(value).__name__


def check(said: str) -> dict[str, Any]:
    """Compare what a command printed with its golden file, and return it."""
    printed: dict[str, Any] = json.loads(said)
    name, _, version = printed["schema"].removeprefix("patina.").partition("/")
    golden = GOLDEN / f"{name}-{version}.json"
    made = json.dumps(shape(printed), indent=1, sort_keys=True) + "\n"
    before = golden.read_text() if golden.exists() else ""
    if made != before:
        golden.write_text(made)
    assert made == before, f"{golden.name} was rewritten: look at the difference"
    return printed


def test_every_schema_keeps_its_fields(repo: Repo) -> None:
    def run(*args: str, input: str | None = None) -> dict[str, Any]:  # noqa: A002 - as Repo.patina has it
        return check(repo.patina(*args, "--json", check=False, input=input).stdout)

    repo.commit("first", readme="hello\n")
    assert run("note", "x")["schema"] == "patina.error/1"
    run("init", "--dry-run")
    repo.patina("init")
    repo.patina("session", "start", "before")
    repo.patina("note", "kept")
    repo.patina("session", "end")
    begun = run("session", "start", "the work", "--goal", "one")
    repo.git("commit", "--quiet", "--allow-empty", "-m", "more", env={"PATINA": "0"})
    assert [e["type"] for e in run("record")["events"]] == ["git.commit"]
    run("note", "x")
    run("session", "goal", "two")
    assert run("session", "goal", "--done", "1")["done"] is True
    points = json.dumps({"work": ["done"], "decision": "one", "challenge": [], "pattern": []})
    updated = check(repo.patina("session", "update", "--from-json", "-", "--json", input=points).stdout)
    assert updated["commits"] == 1
    assert run("session", "status")["session"]["id"] == begun["id"]
    assert [row["id"] for row in run("list", "--all")["sessions"]].count(begun["id"]) == 1
    run("show")
    run("context")
    assert run("session", "end")["id"] == begun["id"]
    repo.git("add", "layer")
    repo.git("commit", "--quiet", "-m", "the journals")
    repo.patina("session", "start", "a third")
    assert run("rebuild", begun["id"])["same"] is True
    assert run("forget", begun["id"])["session"] == begun["id"]
    run("session", "end", "--discard")
    repo.write("layer/sessions/half.md", "no title\n")
    assert run("check")["wrong"] is True
    (repo.path / "layer/sessions/half.md").unlink()
    (state,) = (repo.path / ".git/patina/worktrees").iterdir()
    (state / "runs").mkdir()
    (state / "runs" / "old.log").touch()
    os.utime(state / "runs" / "old.log", (1, 1))
    assert len(run("gc")["removed"]) == 1
    # One of each kind: a hint and none, a thing that was mended.
    (repo.path / ".git/hooks/post-merge").unlink()
    assert run("doctor", "--fix")["fixed"]
    assert run("off")["changed"] is run("on")["changed"] is True
    run("uninstall", "--dry-run")
