"""What the commands of autonomous runs print with `--json` has a schema, each with a golden file of its own."""

from __future__ import annotations

import signal
from typing import Any

from tests.cli.test_json import check
from tests.docker.yolo.conftest import Yolo, said


def test_every_schema_of_autonomous_runs_keeps_its_fields(yolo: Yolo) -> None:
    def run(*args: str) -> dict[str, Any]:
        return check(yolo.run("yolo", *args, "--json").stdout)

    assert check(yolo.go("true", "--dry-run", "--json").stdout)["network"] == "none"
    yolo.repo.write("a.txt", "changed\n")
    done = check(yolo.go("echo x > x; exit 3", "--json").stdout)
    assert (done["code"], done["home"]) == (3, True)
    assert run("show", "last")["run"]["outcome"] == "failed"
    with yolo.start(
        "yolo", "run", *yolo.words("echo y > y; echo ready; exec sleep 4242", "--name", "left")
    ) as left:
        assert left.stdout is not None
        assert left.stdout.readline() == b"ready\n"
        left.send_signal(signal.SIGKILL)
    assert [r["state"] for r in run("list")["runs"]] == ["its work waits", "failed"]
    assert run("stop", "left")["recover"]
    assert said(yolo.run("clean", "--dry-run", "--json"))["kept"]
    assert run("recover", "left")["branches"]
    assert run("rm", "last", "--branch")["branches"]
