"""How a run is told in the journal: one entry when it is over, and one before that where it takes long. Pure."""

from __future__ import annotations

from patina_sessions import model, safe

NAMES = 20  # failed tests that an entry names
_KINDS = {"build": "Build", "test": "Test", "exec": "Exec", "yolo": "YOLO run"}


def run_began(data: model.RunStarted) -> tuple[str, str]:
    """Return heading and body of a run that is still going on."""
    lines = [
        f"Command: {safe.code(data.command)}",
        f"Image: {safe.code(data.image)}" if data.image else "",
        f"Where: {safe.line(data.where)}" if data.where else "",
        f"Run: {safe.line(data.run)}",
    ]
    return f"{_KINDS.get(data.kind, 'Run')} begun", "\n".join(line for line in lines if line)


def run_finished(data: model.RunFinished) -> tuple[str, str]:
    """Return heading and body of a build, test, exec or YOLO run that is over."""
    lines = [
        f"Command: {safe.code(data.command)}",
        f"Image: {safe.code(data.image)}" if data.image else "",
        f"Took: {duration(data.seconds)}",
        f"Exit code: {_code(data)}" if data.exit_code is not None else "",
        f"Tests: {_counts(data)}" if data.failed is not None or data.passed is not None else "",
        *_names("Failed", data.failed_names, total=data.failed),
        *_names("Began to fail", data.newly_failing),
        *_names("Ceased to fail", data.newly_passing),
        *(f"- {safe.line(d)}" for d in data.details),
        f"Log: patina runs show {safe.line(data.run)}" if data.log else "",
    ]
    body = "\n".join(line for line in lines if line)
    telling = "\n\n" + safe.fence(data.telling).strip("\n") if data.telling else ""
    return f"{_KINDS.get(data.kind, 'Run')} {safe.line(data.outcome)}", body + telling


def duration(seconds: float) -> str:
    """Return how long something took, in the words of a person."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _code(data: model.RunFinished) -> str:
    words = f", {safe.line(data.exit_words)}" if data.exit_words else ""
    return f"{data.exit_code}{words}"


def _counts(data: model.RunFinished) -> str:
    counts = ((data.passed, "passed"), (data.failed, "failed"), (data.skipped, "skipped"))
    return ", ".join(f"{count:,} {word}" for count, word in counts if count is not None)


def _names(title: str, names: tuple[str, ...], total: int | None = None) -> list[str]:
    if not names:
        return []
    more = max(len(names), total or 0) - len(names[:NAMES])
    shown = [f"- {safe.code(name)}" for name in names[:NAMES]]
    return [f"{title}:", *shown, *([f"- … and {more:,} more"] if more else [])]
