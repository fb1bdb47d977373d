"""The door to what is mounted where: some file systems do not tell of what others write to them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# Changed from the other side of a network, a virtual machine or another system, they give no events (watchfiles#134).
# fakeowner is what Docker Desktop lays over a folder of the host.
SILENT = frozenset("9p afs ceph cifs drvfs fakeowner fuse ncpfs nfs nfs4 prl_fs smb3 vboxsf virtiofs".split())


def silent(path: Path) -> str:
    """Return the kind of the file system that holds the path where it is one of the silent, else nothing."""
    kind = kind_of(path)
    return kind if kind in SILENT or kind.startswith("fuse.") else ""


def kind_of(path: Path) -> str:
    """Return the kind of the file system that holds the path, nothing where the system does not say."""
    if sys.platform != "linux":
        return ""
    try:
        table = Path("/proc/self/mountinfo").read_bytes()
    except OSError:
        return ""
    return find(table, os.fsencode(os.path.realpath(path)))


def find(table: bytes, path: bytes) -> str:
    """Return the kind of the file system that holds the path, by a table as in `/proc/self/mountinfo`."""
    best, kind = -1, ""
    for line in table.splitlines():
        left, _, right = line.partition(b" - ")
        words = left.split(b" ")
        if len(words) < 5 or not right:
            continue
        point = _plain(words[4])
        inside = path == point or path.startswith(point.rstrip(b"/") + b"/")
        if inside and len(point) >= best:  # the later of two at one point lies on top
            best, kind = len(point), right.split(b" ")[0].decode("ascii", "replace")
    return kind


def _plain(word: bytes) -> bytes:
    for code, char in ((b"\\040", b" "), (b"\\011", b"\t"), (b"\\012", b"\n"), (b"\\134", b"\\")):
        word = word.replace(code, char)
    return word
