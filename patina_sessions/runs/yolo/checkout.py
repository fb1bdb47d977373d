"""The checkout of the clone where it has arrived, in the words of a shell: what the program's container does before it
becomes the program.

Sending the files would take longer than writing them there: an engine takes a millisecond for each one that it unpacks
(20.10, 3.2 s for 2,850 files; git writes them in 0.3).
"""

from __future__ import annotations

UNREADY = "patina-unready"  # in the clone's git directory, until its files are there
BEGINS = "patina-begins"  # in there, once the program was found that takes the shell's place

# No configuration but the clone's own, which is ours still: no filter runs, and LFS stays pointers. An object above the
# threshold is written as a stream, or it would have to fit into the memory that the program gets.
SCRIPT = (
    f"if [ -e .git/{UNREADY} ]; then"
    ' env -i PATH="$PATH" HOME=/nonexistent LC_ALL=C GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1'
    " GIT_ATTR_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0 git -c core.hooksPath=/dev/null -c core.bigFileThreshold=8m"
    " -c checkout.workers=0 read-tree --reset -u HEAD </dev/null"
    f" && rm .git/{UNREADY} || {{ echo 'the clone could not be checked out' >&2; exit 125; }}; fi; "
)
# `true`, since a shell dies of a redirection of `:` that fails.
FOUND = f'command -v -- "$1" >/dev/null 2>&1 && true 2>/dev/null >.git/{BEGINS}; '
