"""Which of the files that git calls untracked are Patina's own: what `init` made, and finished journals. Pure.

They are nobody's work, and in a repository that was set up today they are all that there is. A person's own files below
`layer/` are work like any other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

PLACES = (".patina", "layer")
LIST = ("ls-files", "--others", "--exclude-standard", "-z", "--", *PLACES)

_OWN = re.compile(r"\.patina/.+|layer/(?:[^/]+/)?\.gitkeep|layer/sessions/[^/]+\.md")


def alone(shown: Iterable[str], listed: Callable[[], Iterable[str]]) -> set[str]:
    """Return those of the untracked files, and folders in whose place git shows one name, that hold our own alone.

    `listed` gives what `LIST` prints; it is called where a name may be such a one.
    """
    names = [name for name in shown if name.startswith(tuple(f"{place}/" for place in PLACES))]
    files = list(listed()) if names else []
    return {name for name in names if _holds_ours(name, [file for file in files if file.startswith(name)])}


def _holds_ours(name: str, files: list[str]) -> bool:
    return bool(files) and all(_OWN.fullmatch(file) for file in files if file == name or name.endswith("/"))
