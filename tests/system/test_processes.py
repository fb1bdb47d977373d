"""Children that are listened to: whatever they say, and however they end."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from patina_sessions.system import processes
from tests.waiting import until


def listened(script: str, folder: Path) -> list[bytes]:
    return list(processes.records(["sh", "-c", script], cwd=folder))


def test_records_come_whole_however_large_they_are(tmp_path: Path) -> None:
    script = "printf 'a\\0\\0'; head -c 200000 /dev/zero | tr '\\0' x; printf '\\0last'"
    assert listened(script, tmp_path) == [b"a", b"", b"x" * 200_000, b"last"]


@pytest.mark.timeout(20)
def test_a_child_that_complains_of_everything_is_heard_to_its_end(tmp_path: Path) -> None:
    assert listened("head -c 500000 /dev/zero | tr '\\0' x >&2; printf 'a\\0'", tmp_path) == [b"a"]


def test_a_child_that_fails_once_all_is_said_has_failed(tmp_path: Path) -> None:
    script = "printf 'a\\0'; exec >&-; sleep 0.2; echo 'fatal: torn' >&2; echo more >&2; exit 3"
    with pytest.raises(processes.Failed, match=r"^sh failed: fatal: torn$"):
        listened(script, tmp_path)
    with pytest.raises(processes.Failed, match="exit status 3"):
        listened("exit 3", tmp_path)


def test_who_stops_listening_ends_the_child(tmp_path: Path) -> None:
    listening = processes.records(
        ["sh", "-c", "echo $$ > pid; printf 'a\\0'; exec cat /dev/zero"], cwd=tmp_path
    )
    assert next(listening) == b"a"
    pid = int((tmp_path / "pid").read_text())
    del listening
    until(lambda: not _lives(pid), "the child's end")


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_last_words_of_a_child_that_is_not_trusted_are_heard_however_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = processes._drain

    def late(*given: Any) -> None:
        time.sleep(0.3)
        at_once(*given)

    monkeypatch.setattr(processes, "_drain", late)
    argv, env = ["sh", "-c", "echo 'fatal: why' >&2; exit 3"], {"PATH": os.environ["PATH"]}
    said = processes.alone(argv, cwd=tmp_path, env=env, seconds=10, most=100)
    assert (said.code, said.err) == (3, b"fatal: why\n")
