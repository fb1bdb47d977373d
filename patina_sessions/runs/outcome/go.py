"""go test: `--- FAIL:` a test, `ok` or `FAIL` a package; tests that passed are only named with -v. Pure."""

from __future__ import annotations

import re

from patina_sessions.runs.outcome.count import Tests, unique

_TEST = re.compile(r"^(\s*)--- (PASS|FAIL|SKIP): (\S+) \([\d.]+s\)\s*$")
_PACKAGE = re.compile(r"^(ok|FAIL|---|\?)\s+(\S+)\s+(\(cached\)|[\d.]+s|\[[a-z ]+\])")


def read(output: str) -> Tests | None:
    """Return what go counted, None where this is not its output."""
    packages = 0
    passed = failed = skipped = 0
    names: list[str] = []
    pending: list[str] = []  # failed tests of the package whose line is still to come
    for line in output.splitlines():
        if test := _TEST.match(line):
            if not test[1]:
                passed += test[2] == "PASS"
                failed += test[2] == "FAIL"
                skipped += test[2] == "SKIP"
            if test[2] == "FAIL":
                pending.append(test[3])
        elif (package := _PACKAGE.match(line)) and package[1] in ("ok", "FAIL", "?"):
            packages += 1
            if package[1] == "FAIL" and not pending:  # it did not build, or a panic ended it
                failed += 1
                names.append(f"{package[2]} {package[3]}" if package[3].startswith("[") else package[2])
            names += [f"{package[2]}.{name}" for name in _leaves(pending)]
            pending = []
    if not packages:
        return None
    names += _leaves(pending)
    quiet = not passed and "--- PASS:" not in output and "=== RUN" not in output
    return Tests(
        runner="go test",
        passed=None if quiet else passed,
        failed=failed,
        skipped=skipped,
        names=unique(names),
    )


def _leaves(names: list[str]) -> list[str]:
    """Return the tests that failed without those that failed only because a part of them did."""
    return [name for name in names if not any(other.startswith(f"{name}/") for other in names)]
