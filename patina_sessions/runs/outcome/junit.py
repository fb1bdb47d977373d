"""JUnit's XML, as pytest, Maven, Gradle, Go's and JavaScript's reporters write it. Pure.

The file comes out of a container: no document type is allowed in it (entities that blow up), and its size has an end.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree as Xml

from patina_sessions.runs.outcome.count import Tests, unique

LARGEST = 16_000_000  # bytes


def read(data: bytes) -> Tests | None:
    """Return what one file says, None where it is no report of tests."""
    if len(data) > LARGEST or b"<!DOCTYPE" in data or b"<!ENTITY" in data or b"\0" in data:
        return None  # a NUL: UTF-16, in which a document type would hide
    try:
        root = Xml.fromstring(data)  # noqa: S314 - see above
    except (Xml.ParseError, ValueError, LookupError):
        return None
    if root.tag not in ("testsuites", "testsuite"):
        return None
    passed = failed = skipped = 0
    names: list[str] = []
    for case in root.iter("testcase"):
        kinds = {child.tag for child in case}
        if kinds & {"failure", "error"}:
            failed += 1
            names.append(_name(case))
        elif "skipped" in kinds:
            skipped += 1
        else:
            passed += 1
    return Tests(runner="JUnit", passed=passed, failed=failed, skipped=skipped, names=unique(names))


def read_all(files: Iterable[bytes]) -> Tests | None:
    """Return what all files say together, None where none of them is a report."""
    found = [tests for tests in map(read, files) if tests is not None]
    total = found[0] if found else None
    for more in found[1:]:
        assert total is not None
        total = total.plus(more)
    return (
        None
        if total is None
        else Tests(
            runner="JUnit", passed=total.passed, failed=total.failed, skipped=total.skipped, names=total.names
        )
    )


def _name(case: Xml.Element) -> str:
    place, name = case.get("classname") or case.get("file") or "", case.get("name") or "unnamed"
    return f"{place}.{name}" if place and not name.startswith(place) else name
