"""The search itself: which rules apply to a text, and what they find in it, in order and without overlaps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from patina_sessions.redact.carriers import CARRIERS
from patina_sessions.redact.named import NAMED
from patina_sessions.redact.rule import LONG, Rule, compiled
from patina_sessions.redact.shapes import SHAPES

# Where two rules see the same secret, the earlier one names it: a shape says more than a name.
RULES: tuple[Rule, ...] = (*SHAPES, *CARRIERS, *NAMED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A secret of this kind is at text[start:end]."""

    kind: str
    start: int
    end: int


def find(text: str) -> list[Found]:
    """Return the secrets in a text, in order and apart from each other."""
    # The only character whose lower case is longer than itself; a hint has to be where it is in the text.
    low = text.replace("\u0130", "I").lower()
    words = [word for word in text.split() if len(word) >= LONG]
    longest = max(map(len, words), default=LONG)
    # Most of a text is short words: whether a token's prefix stands in the others is soon said.
    long = "\n".join(words)
    spans = sorted(
        (start, rank, end)
        for rank, rule in enumerate(RULES)
        if not rule.least or (longest >= rule.least and any(hint in long for hint in rule.hints))
        for start, end in _spans(rule, text, text if rule.exact else low)
    )
    return list(_united(spans)) if spans else []


def _spans(rule: Rule, text: str, hinted: str) -> Iterator[tuple[int, int]]:
    for hint in () if rule.ending else rule.hints:
        at = hinted.find(hint)
        while at >= 0:
            span, end = _at(rule, text, at)
            if span:
                yield span
            at = hinted.find(hint, end)
    if rule.ending:
        yield from _spans_at_endings(rule, text, hinted)


def _spans_at_endings(rule: Rule, text: str, hinted: str) -> Iterator[tuple[int, int]]:
    """Yield the same for hints of one ending: a search for each of a hundred would be most of the time."""
    first = 0
    end = hinted.find(rule.ending) + len(rule.ending)
    while end >= len(rule.ending):
        if hinted.endswith(rule.hints, first, end):
            hint = next(hint for hint in rule.hints if hinted.endswith(hint, first, end))
            span, first = _at(rule, text, end - len(hint))
            if span:
                yield span
            end = max(end, first)
        end = hinted.find(rule.ending, end) + len(rule.ending)


def _at(rule: Rule, text: str, at: int) -> tuple[tuple[int, int] | None, int]:
    """Return what the rule finds at this hint, and where the search goes on."""
    match = compiled(rule.pattern).match(text, at)
    span = rule.span(match) if match else None
    if span and not _marked(text, at, at + 1) and not _marked(text, *span):
        return span, span[1]
    return None, span[1] if span else match.end() if match else at + 1


def _marked(text: str, start: int, end: int) -> bool:
    """Tell whether a span lies in the mark that an earlier pass has left: its kind is no name, and no value."""
    at = text.rfind("[redacted:", max(0, start - 40), start + 10)
    return at >= 0 and text.find("]", at, at + 40) + 1 >= end


def _united(spans: list[tuple[int, int, int]]) -> Iterator[Found]:
    """Make one of what overlaps, so that no part of a longer secret stays."""
    start, rank, end = spans[0]
    for next_start, next_rank, next_end in spans[1:]:
        if next_start < end:
            rank, end = min(rank, next_rank), max(end, next_end)
        else:
            yield Found(kind=RULES[rank].kind, start=start, end=end)
            start, rank, end = next_start, next_rank, next_end
    yield Found(kind=RULES[rank].kind, start=start, end=end)


def replaced(text: str, spans: list[Found], start: int, end: int) -> str:
    """Return text[start:end] with a mark for each of the spans that lie in it."""
    parts: list[str] = []
    for span in spans:
        if start <= span.start and span.end <= end:
            parts += text[start : span.start], f"[redacted:{span.kind}]"
            start = span.end
    return "".join((*parts, text[start:end]))


def redact(text: str) -> str:
    """Return the text with `[redacted:<kind>]` for each secret in it. A second pass changes nothing."""
    # A mark is longer or shorter than what it stands for, which can bring a name nearer to a value. Nobody has met a
    # third round that finds something; a limit keeps the time linear for who would make one.
    for _ in range(4):
        spans = find(text)
        if not spans:
            break
        text = replaced(text, spans, 0, len(text))
    return text
