"""While a recorder sits out a burst hooks need not ring; a lease that ran out, or a clock that nothing tells, rings."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.bells import SHELLS, Bell
from tests.waiting import until


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("ahead", "reflog", "silent"), [(60, True, True), (-60, True, False), (60, False, False)]
)
def test_a_ring_is_saved_only_while_the_lease_lasts(
    tmp_path: Path, shell: str, ahead: int, reflog: bool, silent: bool
) -> None:
    bell = Bell.hang(tmp_path, SHELLS[shell])
    if reflog:
        (bell.git / "logs").mkdir()
        (bell.git / "logs" / "HEAD").touch()
    (bell.state / "lease").touch()
    os.utime(bell.state / "lease", (time.time() + ahead,) * 2)
    done = bell.run(bell.hook("post-commit", "#!/bin/sh\necho mine\n"))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"mine\n", b"")
    assert (bell.state / "rung").exists() is not silent
    if not silent:
        until(bell.called, "the recorder to be called")
