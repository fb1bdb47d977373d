"""What a command said, as an agent is told it: redacted, visible, and no longer than a client takes. Pure."""

from __future__ import annotations

import json

from patina_sessions import redact, safe
from patina_sessions.frozen import dataclass

MOST = 40_000  # characters of an answer; Claude Code warns at 10,000 tokens and refuses 25,000
TAIL = 6_000  # characters of a test run's output: its end has the failures


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a tool says; `failed` where it could not do what it was asked for."""

    text: str
    failed: bool = False


def plain(text: str) -> str:
    """Return a text as it may be shown to an agent: secrets out, and nothing in it that hides."""
    return safe.visible(redact.redact(text))


def told(code: int, out: str, err: str) -> Answer:
    """Return what a command said, the beginning where it is long; its error and hint where it failed."""
    if code:
        return Answer(text=plain(err.strip() or out.strip() or f"exit code {code}"), failed=True)
    said = plain("\n".join(filter(None, (out.strip("\n"), err.strip()))))
    if len(said) > MOST:
        said = f"{said[:MOST]}\n\n[{len(said) - MOST} more characters are in the journal itself]"
    return Answer(text=said)


def tested(code: int, out: str, err: str) -> Answer:
    """Return how a test run ended. Tests that fail are an answer; a run that could not be is a failure."""
    try:
        whole = json.loads(out)
        run = whole.get("run")
    except (ValueError, AttributeError):
        return told(code or 1, out, err)
    if run is None:
        parts = (("Error", whole.get("error")), ("Hint", whole.get("hint")))
        words = [*(f"{name}: {said}" for name, said in parts if said), *filter(None, [err.strip()])]
        return Answer(text=plain("\n".join(words) or "Error: no tests were found"), failed=True)
    numbers = [f"{run[n]} {n}" for n in ("passed", "failed", "skipped") if run.get(n) is not None]
    numbers.append(f"{run['seconds']:.1f} s")
    lines = [f"Tests {run['outcome']}: {', '.join(numbers)}, run {run['id']}"]
    for title, names in (
        ("Failed", run["failed_names"]),
        ("Began to fail", run["newly_failing"]),
        ("Ceased to fail", run["newly_passing"]),
    ):
        if names:
            more = f" and {len(names) - 20} more" if len(names) > 20 else ""
            lines.append(f"{title}: {', '.join(names[:20])}{more}")
    if err.strip():
        cut = err.strip("\n")[-TAIL:]
        lines.append(f"\n{'The end of the output' if len(cut) < len(err.strip()) else 'The output'}:\n{cut}")
    return Answer(text=plain("\n".join(lines)))
