"""An agent that speaks MCP runs the project's tests in the engine, is told how they ended, and can stop them."""

from __future__ import annotations

import anyio
import anyio.to_thread
import pytest
from mcp import Client

from tests.docker.conftest import IMAGE, Bench
from tests.server.test_mcp import TOKEN, ask, call
from tests.waiting import until

COUNTS = "===== 1 failed, 2 passed, 3 skipped in 0.10s ====="


@pytest.fixture
def tested(bench: Bench) -> Bench:
    """Return a project whose tests print a report and fail, or wait where they are asked to."""
    bench.configure(f'docker.image = "{IMAGE}"\ncommands.test = "sh tests.sh"\n')
    bench.repo.write(
        "tests.sh",
        'if [ "$1" = slow ]; then touch begun; sleep 4242; fi\n'
        f'echo "token {TOKEN}"; echo "FAILED tests/test_a.py::test_one - oh"; echo "{COUNTS}"; exit 1\n',
    )
    return bench


def test_the_tests_are_run_and_the_agent_is_told_what_failed(tested: Bench) -> None:
    async def talk(client: Client) -> None:
        failed, said = await call(client, "test")
        assert not failed, said  # that a test fails is an answer
        assert said.startswith("Tests failed: 2 passed, 1 failed, 3 skipped, ")
        assert "\nFailed: tests/test_a.py::test_one\n" in said
        assert said.endswith(COUNTS)
        assert TOKEN not in said

    ask(tested.repo.path, talk)
    journal = (tested.repo.path / ".patina/local/active-session.md").read_text()
    assert "Test failed" in journal
    assert TOKEN not in journal


def test_what_an_agent_gives_up_is_stopped_in_the_engine(tested: Bench) -> None:
    async def talk(client: Client) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(client.call_tool, "test", {"extra": ["slow"]})
            begun = tested.repo.path / "begun"
            await anyio.to_thread.run_sync(lambda: until(begun.exists, "the tests to begin"))
            group.cancel_scope.cancel()

    ask(tested.repo.path, talk)
    until(lambda: _slow(tested) == "", "the tests to be gone from the container")
    until(lambda: "interrupted" in tested.run("runs").stdout, "the run to be told as interrupted")


def _slow(tested: Bench) -> str:
    return tested.run("exec", "--", "sh", "-c", "ps | grep '[s]leep 4242' || true").stdout
