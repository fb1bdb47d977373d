"""The page of results: one row a bench, kept from run to run as long as the machine is the same."""

from __future__ import annotations

import os
import platform
import re
import subprocess

from bench.pairs import Bench, Ratio

HEAD = "| bench | A | B | B / A | 19 in 20 | bar | pairs | added | date |\n|---|---|---|--:|--:|--:|--:|--:|---|\n"


def machine() -> str:
    """Return what somebody must know of this machine to judge the figures; not its name."""
    git = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout.split()[2]
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"{platform.python_implementation()} {platform.python_version()}, git {git}"
    )


def row(bench: Bench, ratio: Ratio, *, day: str) -> str:
    """Return the bench's line of the table; a missed bar stands out."""
    low, high = ratio.interval
    median = f"{ratio.median:.2f}" if ratio.median <= bench.bar else f"**{ratio.median:.2f}**"
    added = f"{ratio.added * 1000:+.1f} ms" if bench.counts == "seconds" else f"{ratio.added:+g}"
    return (
        f"| {bench.name} | {bench.a} | {bench.b} | {median} | {low:.2f} to {high:.2f} "
        f"| {bench.bar:.2f} | {len(ratio.a)} | {added} | {day} |\n"
    )


def page(rows: dict[str, str], *, machine: str, before: str) -> str:
    """Return the page with these rows, and with those of `before` that nobody measured anew on the same machine."""
    kept: dict[str, str] = {}
    if f"\n{machine}\n" in before:
        kept = {match[1]: match[0] for match in re.finditer(r"^\| ([\w-]+) \|.*\n", before, re.MULTILINE)}
        kept.pop("bench", None)
    merged = kept | rows
    return (
        "# What Patina costs\n\n"
        "Written by `make bench`. A and B are measured in turn; `B / A` is the median of the pairs' ratios, "
        "`19 in 20` the bounds that hold the true median so often, `added` the median of B - A.\n\n"
        f"{machine}\n\n{HEAD}{''.join(merged[name] for name in sorted(merged))}"
    )
