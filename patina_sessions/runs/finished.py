"""What is recorded of a run that is over: outcome, tests, what changed since the last time, the telling lines.

The readers of output are loaded where there is some: their patterns would cost a warm `exec -- true` a tenth.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from patina_sessions.model import RunFinished, RunStarted
from patina_sessions.paths import Layout
from patina_sessions.redact import redact
from patina_sessions.runs import history
from patina_sessions.runs.hidden import Hide
from patina_sessions.runs.outcome import Ended, code_words, verdict
from patina_sessions.runs.outcome.count import Tests, changes
from patina_sessions.runs.run_log import Output
from patina_sessions.system import untrusted

REPORTS = 500  # files of JUnit's XML that are looked at
LARGEST = 16_000_000  # bytes of one


def compose(
    started: RunStarted,
    ended: Ended,
    details: Iterable[str],
    output: Output,
    *,
    seconds: float,
    layout: Layout,
    junit: tuple[bytes, ...] = (),
    hide: Hide = str,
) -> tuple[RunFinished, int]:
    """Return what is recorded and the exit code for the user. `hide` is for the reports: the output is hidden."""
    judged = verdict(ended)
    counted = _counted(started, output, junit)
    names = tuple(redact(hide(name)) for name in counted.names) if counted else ()
    before = history.last_failed(layout, started) if counted else None
    began, ceased = changes(before, names) if _complete(ended) else ((), ())
    said = list(details)
    if output.dropped:
        said.append(f"{output.dropped:,} of {output.size:,} bytes of output are not in its log")
    if output.unwritten:
        said.append(f"Its log is not whole: {output.unwritten}")
    data = RunFinished(
        run=started.run,
        kind=started.kind,
        command=started.command,
        outcome=judged.word,
        exit_code=ended.code,
        exit_words="" if judged.word == "out of memory" else code_words(ended.code) if ended.code else "",
        seconds=round(seconds, 2),
        image=started.image,
        where=started.where,
        passed=counted.passed if counted else None,
        failed=counted.failed if counted else None,
        skipped=counted.skipped if counted else None,
        failed_names=names,
        newly_failing=began,
        newly_passing=ceased,
        telling=_telling(output.text) if judged.word != "passed" else "",
        details=tuple(said),
        log=f"{started.run}.log" if output.size else None,
    )
    return data, judged.code


def _complete(ended: Ended) -> bool:
    """Whether all tests had their turn: what an interrupted run did not reach has not ceased to fail."""
    return not ended.stopped and ended.answered and ended.whole and not ended.out_of_memory


def _counted(started: RunStarted, output: Output, reports: tuple[bytes, ...]) -> Tests | None:
    if started.kind == "build" or not (reports or output.text):
        return None
    from patina_sessions.runs.outcome import junit, tests

    return junit.read_all(reports) or tests.read(output.text)


def _telling(text: str) -> str:
    if not text:
        return ""
    from patina_sessions.runs.outcome import telling

    return telling.telling(text)


def reports(top: Path, pattern: str, *, since: float) -> tuple[bytes, ...]:
    """Return the reports that were written since a moment. A link is not followed: it may lead out of the tree."""
    if pattern.startswith("/") or ".." in Path(pattern).parts:
        return ()
    found = []
    for path in sorted(top.glob(pattern))[:REPORTS]:
        seen = untrusted.signature(path)
        data = untrusted.read(path, most=LARGEST) if seen and seen[3] / 1e9 >= since - 2 else None
        if data is not None:
            found.append(data)
    return tuple(found)
