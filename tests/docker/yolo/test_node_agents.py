"""Codex, Gemini CLI and OpenCode, the real ones, each in its image behind the gate, against a model that is a stub here.

Their images take minutes to build, so this is run by `make soak`.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.agents.stub import model
from tests.agents.test_others import CASES
from tests.docker.yolo.conftest import Yolo

pytestmark = pytest.mark.soak

CODEX = (
    'model_provider="stub"',
    'model="gpt-5.5"',
    'model_providers.stub={{name="stub",base_url="{url}/v1",wire_api="responses",env_key="OPENAI_API_KEY"}}',
)
OPENCODE = {
    "model": "stub/stub",
    "small_model": "stub/stub",
    "enabled_providers": ["stub"],
    "autoupdate": False,
    "share": "disabled",
    "permission": {"bash": "allow", "edit": "allow"},
}


def _commands(url: str) -> dict[str, list[str]]:
    """Return how each is called where its model is this one."""
    codex = [word for option in CODEX for word in ("-c", option.format(url=url))]
    return {
        "codex": ["codex", "exec", "--dangerously-bypass-approvals-and-sandbox", *codex, "{task}"],
        "gemini": ["gemini", "--yolo", "-m", "gemini-2.5-pro", "--prompt", "{task}"],
        "opencode": ["opencode", "run", "-m", "stub/stub", "{task}"],
    }


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("agent", sorted(CASES))
def test_an_agent_that_needs_node_makes_a_commit_that_comes_back(
    yolo: Yolo, gateway: str, agent: str
) -> None:
    _, commit = CASES[agent]
    with model(commit, {"text": "The parser is in."}, host="0.0.0.0") as stub:
        place = f"{gateway}:{stub.port}"
        command = _commands(f"http://{place}")[agent]
        settings = Path.home() / ".config" / "patina" / "config.toml"
        settings.parent.mkdir(parents=True)
        settings.write_text(f"[yolo.agents.{agent}]\ncommand = {json.dumps(command)}\n")
        provider = {
            "npm": "@ai-sdk/anthropic",
            "options": {"baseURL": f"http://{place}/v1", "apiKey": "test"},
            "models": {"stub": {"tool_call": True, "limit": {"context": 200_000, "output": 8_000}}},
        }
        # Gemini takes an address that is not Google's for a gateway, which wants no key, unless it is told otherwise.
        keyed = {"security": {"auth": {"selectedType": "gemini-api-key"}}}
        yolo.repo.commit(
            "their settings",
            {
                "opencode.json": json.dumps({**OPENCODE, "provider": {"stub": provider}}),
                ".gemini/settings.json": json.dumps(keyed),
            },
        )
        env = {
            "OPENAI_API_KEY": "test",
            "GEMINI_API_KEY": "test",
            "GOOGLE_GEMINI_BASE_URL": f"http://{place}",
            "PATINA_DOCKER_BUILD_NETWORK": "host",
        }
        given = ["--env", "GOOGLE_GEMINI_BASE_URL"] if agent == "gemini" else []
        options = ["--agent", agent, "--network", place, "--timeout", "5m", *given]
        done = yolo.run("yolo", "run", *options, "Write the parser", env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "feat: a parser" in yolo.repo.git("log", "-2", "--format=%s", yolo.branch()).splitlines()
    assert f"Reached: {place}" in yolo.entry()
    assert yolo.left() == {}
