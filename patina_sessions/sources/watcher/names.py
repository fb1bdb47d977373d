"""Names that tell nothing of the work: what editors put beside a file while they save it. Pure."""

from __future__ import annotations

import re

# vim's swap files and its probe, Emacs' locks and autosaves, backups, GNOME's and JetBrains' savings, KDE's swap files.
_TEMPORARY = re.compile(
    r"""
    \.(.*\.)?sw[a-px] | 4913 | .*~ | \.\#.* | \#.*\#
    | \.goutputstream-.* | .*___jb_(tmp|old)___ | \..*\.kate-swp | \.nfs[0-9a-f]{16,}
    """,
    re.VERBOSE | re.DOTALL,
)


def temporary(path: str) -> bool:
    """Tell whether a path that git does not track has the name of something that stands there only for a moment."""
    return _TEMPORARY.fullmatch(path.rpartition("/")[2]) is not None
