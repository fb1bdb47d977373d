"""A search as a person types it: words, "phrases", -without, prefix*, and fields such as `branch:main`. Pure.

Anything else is plain text: there is no syntax error. What FTS5 gets is made of quoted strings alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from itertools import pairwise

from patina_sessions.frozen import dataclass

FIELDS = ("llm", "branch", "since", "file", "commit", "author")
# A minus leaves out the word or phrase that follows. `--quick`, `-P` and `-1` are what somebody tells of: plain words.
_PART = re.compile(r'((?:-(?=["\w])(?!\d|[A-Za-z](?!\w)))?)(?:([a-z]+):)?("([^"]*)"?|\S+)')
_WORD = re.compile(r"\w+")

# Words that say nothing of what is looked for, unless nothing else was said.
STOP = frozenset(
    (
        "a about after all also an and any are as at be been before being but by can could did do does for "
        "from had has have he how i if in into is it its just me more most my no not of on once one only or "
        "our out over own per she should so some such than that the their them then there these they this "
        "those through to too two under until up very via was we were what when where which while who why "
        "will with would you your "
    ).split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What was asked for. `words` are OR-ed and ranked; each of `phrases` and `prefixes` is one more of them.

    `prefixes` are beginnings until the index has said which words begin so.
    """

    words: tuple[str, ...] = ()
    phrases: tuple[tuple[str, ...], ...] = ()
    prefixes: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def says_nothing(self) -> bool:
        """Tell whether only fields were given: then the latest come first."""
        return not (self.words or self.phrases or self.prefixes)


def parse(text: str) -> Query:
    """Read a query; whatever it holds, it is one."""
    words: list[str] = []
    phrases: list[tuple[str, ...]] = []
    prefixes: list[str] = []
    without: list[str] = []
    fields: dict[str, tuple[str, ...]] = {}
    for minus, name, whole, quoted in _PART.findall(text):
        value = quoted if whole.startswith('"') else whole
        if name in FIELDS and value and not minus:
            fields[name] = (*fields.get(name, ()), value)
            continue
        told = tuple(_WORD.findall(f"{name} {value}" if name else value))
        if minus and told:
            without.append(" ".join(told))
        elif whole.startswith('"') and len(told) > 1:
            phrases.append(told)
        elif whole.endswith("*") and told:
            words += told[:-1]
            prefixes.append(told[-1])
        else:
            words += told
    return Query(
        words=tuple(words),
        phrases=tuple(phrases),
        prefixes=tuple(prefixes),
        without=tuple(without),
        fields=fields,
    )


def telling(words: Sequence[str]) -> list[str]:
    """Return the words that say something, each once; all of them where none does."""
    kept = [w for w in dict.fromkeys(w.lower() for w in words) if w not in STOP and len(w) > 1]
    return kept or list(dict.fromkeys(w.lower() for w in words))


def expression(query: Query) -> str:
    """Return the query as FTS5 reads it.

    Beside the words stand the pairs of neighbours, as phrases. They are rare, so bm25 makes much of them: each word
    stands twice, which halves that. What both were measured to bring stands in layer/core/search.md.
    """
    wanted = [_quoted(w) for w in telling(query.words)]
    wanted += [_quoted(" ".join(p)) for p in query.phrases]
    wanted += [_quoted(p) for p in query.prefixes]
    beside = dict.fromkeys(pairwise(w.lower() for w in query.words))
    pairs = [_quoted(f"{a} {b}") for a, b in beside if not (a in STOP and b in STOP)]
    found = " OR ".join(wanted * 2 + pairs if pairs else wanted)
    if query.without and found:
        found = f"({found}) NOT ({' OR '.join(_quoted(w) for w in query.without)})"
    return found


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
