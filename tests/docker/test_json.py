"""What the commands that speak to an engine print with `--json` has a schema, each with a golden file of its own."""

from __future__ import annotations

import json
import signal
from typing import Any

from tests.cli.test_json import check
from tests.docker.conftest import IMAGE, Bench


def test_every_schema_of_the_runs_keeps_its_fields(bench: Bench) -> None:
    def run(*args: str) -> dict[str, Any]:
        return check(bench.run(*args, "--json").stdout)

    bench.configure(
        f'docker.image = "{IMAGE}"\ncommands.build = "echo built"\ncommands.test = "cat report; exit 1"\n'
    )
    assert run("test", "--dry-run")["command"] is not None
    line = "===== 1 failed, 2 passed, 3 skipped in 0.10s =====\n"
    bench.repo.write("report", f"FAILED tests/test_a.py::test_one - oh\n{line}")
    bench.run("test")
    bench.repo.write("report", f"FAILED tests/test_a.py::test_two - oh\n{line}")
    tested = run("test")
    assert (tested["code"], tested["run"]["newly_failing"]) == (1, ["tests/test_a.py::test_two"])
    assert run("runs", "compare")["ceased_to_fail"] == ["tests/test_a.py::test_one"]
    assert "test_two" in run("runs", "show", tested["run"]["id"])["log"]
    assert run("build")["run"]["outcome"] == "passed"
    killed = check(bench.run("exec", "--json", "--", "sh", "-c", "kill -9 $$").stdout)
    assert (killed["code"], killed["run"]["exit_code"]) == (137, 137)
    with bench.start("exec", "--", "sh", "-c", "echo ready; sleep 4242") as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n"
        assert [r["outcome"] for r in run("runs")["runs"]][:2] == [None, "failed"]
        running.send_signal(signal.SIGINT)
    status = json.loads(bench.run("workspace", "status", "--json").stdout)
    for field in ("limits", "not_enforced"):  # what an engine can enforce differs; that it is named does not
        status[field].append("something")
    assert check(json.dumps(status))["workspaces"][0]["state"] == "running"
    assert run("clean", "--dry-run")["done"] == "would be removed"
    assert run("workspace", "stop")["done"] == "stopped"
    assert run("workspace", "rm")["done"] == "removed"
