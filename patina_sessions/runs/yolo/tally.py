"""Who asked the proxy for whom, counted in the proxy's own container, so that no flood of requests hides one of them.

An engine keeps the end of what a container says, and its log has a size: a program that asks a million times for one
host would push another out of it. So squid's lines pass a counter, which says a host's first requests one by one, and
further ones each time that their number has grown by a quarter. The names are hostile text: bounded, and counted as one
where there are too many. The lines are the counter's alone, one a request or more:

    PATINA <seconds> <how many> <let|refused> <host, or * for all those beyond the first 500>
"""

from __future__ import annotations

import re

from patina_sessions.frozen import dataclass

LINES = 100_000  # more than 1,000 hosts can make in an hour
HOSTS = 500  # of each kind, let through and refused
ONE_BY_ONE = 20

# What squid is told to say of a request: when, whether it was denied (%Ss), and the address that was asked for.
FORMAT = "PATINA %ts.%03tu %Ss %ru"

# Read from squid's standard output; what is no request is passed on, as far as somebody may want to read it.
SCRIPT = r"""
import re, sys
counts, said, passed = {}, {}, 0
names = {"let": 0, "refused": 0}
for line in iter(lambda: sys.stdin.buffer.readline(65536), b""):
    words = line.decode("utf-8", "replace").split()
    if len(words) != 4 or words[0] != "PATINA":
        passed += 1
        if passed < 500:
            sys.stdout.write(line[:500].decode("utf-8", "replace").rstrip("\n").replace("PATINA", "patina") + "\n")
            sys.stdout.flush()
        continue
    if words[3].startswith("error:"):
        continue
    kind = "refused" if "DENIED" in words[2] else "let"
    host = re.sub(r"^[a-z]+://", "", words[3]).split("/", 1)[0].rpartition("@")[2][:200] or "?"
    key = (kind, host)
    if key not in counts:
        if names[kind] >= @HOSTS@:
            key = (kind, "*")
        names[kind] += 1
    counts[key] = counts.get(key, 0) + 1
    new = counts[key] - said.get(key, 0)
    if counts[key] <= @ONE_BY_ONE@ or 4 * new >= said[key]:
        said[key] = counts[key]
        sys.stdout.write(f"PATINA {words[1]} {new} {kind} {key[1]}\n")
        sys.stdout.flush()
""".replace("@HOSTS@", str(HOSTS)).replace("@ONE_BY_ONE@", str(ONE_BY_ONE))

_LINE = re.compile(r"PATINA (\d{1,12}\.\d{3}) (\d{1,12}) (let|refused) (\S{1,200})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A host that was asked for, how often (beyond 20 times: at least), and whether the proxy let it through."""

    host: str
    times: int
    let: bool


def contacts(log: str, *, since: float = 0.0) -> tuple[Contact, ...]:
    """Return who was asked for from a moment on, in the order of their first time. The hosts are hostile text."""
    found: dict[tuple[str, bool], int] = {}
    for line in log.splitlines():
        said = _LINE.search(line)
        if said and float(said[1]) > since:
            key = (said[4], said[3] == "let")
            found[key] = found.get(key, 0) + int(said[2])
    return tuple(Contact(host=host, times=times, let=let) for (host, let), times in found.items())


def told(found: tuple[Contact, ...]) -> tuple[str, ...]:
    """Return what the report says of them: the first 40 of each kind by name."""
    lines = []
    for title, let in (("Reached", True), ("Refused", False)):
        some = [c for c in found if c.let is let and c.host != "*"]
        beyond = sum(c.times for c in found if c.let is let and c.host == "*")
        if some:
            words = ", ".join(f"{c.host} ({c.times})" for c in some[:40])
            more = f" and {len(some) - 40} more" if len(some) > 40 else ""
            rest = f", and others still ({beyond} times)" if beyond else ""
            lines.append(f"{title}: {words}{more}{rest}")
    return tuple(lines)
