"""Claude Code, the real one, in a container behind the gate, against a model that is a stub on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.agents import claude
from tests.agents.stub import model
from tests.docker.yolo.conftest import Yolo

pytestmark = pytest.mark.agents


@pytest.mark.timeout(600)
def test_claude_code_makes_a_commit_that_comes_back_and_its_hooks_become_events(
    yolo: Yolo, gateway: str
) -> None:
    with model(*claude.commit_in(Path("/clone/repo")), host="0.0.0.0") as stub:
        place = f"{gateway}:{stub.port}"
        env = {
            "ANTHROPIC_BASE_URL": f"http://{place}",
            "ANTHROPIC_API_KEY": "sk-ant-a-key-that-nobody-shall-see-4242",
            "PATINA_DOCKER_BUILD_NETWORK": "host",
        }
        done = yolo.run("yolo", "run", "--network", place, "--timeout", "3m", "Write the parser", env=env)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "The parser is in." in done.stdout
    assert yolo.repo.git("log", "-1", "--format=%s", yolo.branch()) == "feat: a parser"
    assert yolo.repo.git("show", f"{yolo.branch()}:parser.py").startswith("x = ")
    entry = yolo.entry()
    assert f"Reached: {place}" in entry
    assert f"Loosened: network: it may reach {place}" in entry
    assert "Loosened: handed on: ANTHROPIC_API_KEY" in entry
    assert "4242" not in yolo.journal
    assert "- Claude: Write the parser" in yolo.journal  # the turn, as the agent's own hooks told it
    assert yolo.left() == {}
