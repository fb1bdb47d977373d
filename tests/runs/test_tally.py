"""The proxy's requests are counted by the host, and no flood of some hides another."""

from __future__ import annotations

import subprocess
import sys

from hypothesis import given, settings
from hypothesis import strategies as st

from patina_sessions.runs.yolo import tally
from patina_sessions.runs.yolo.tally import Contact


def counted(lines: list[str]) -> str:
    """Return what the counter says of squid's lines, in a process of its own as beside squid."""
    done = subprocess.run(
        [sys.executable, "-c", tally.SCRIPT],
        input="".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass"),
        capture_output=True,
        check=True,
    )
    assert done.stderr == b""
    return done.stdout.decode()


def asked(host: str, *, at: float = 200.0, status: str = "TCP_TUNNEL") -> str:
    return f"PATINA {at:.3f} {status} {host}"


def test_who_was_asked_for_is_told_from_the_moment_on_when_the_program_started() -> None:
    log = counted(
        [
            "2026/01/01 noise",
            asked("ours.invalid:443", at=100.0, status="TCP_DENIED"),
            asked("pypi.org:443"),
            asked("pypi.org:443", at=201.0),
            asked("http://evil.org/path?secret", status="TCP_DENIED"),
            asked("http://ada:word@evil.org/", status="TCP_DENIED"),
            asked("error:invalid-request", status="NONE_NONE"),
            "PATINA x y z w",
            "PATINA 203.000 200",
        ]
    )
    found = tally.contacts(log, since=150.0)
    assert found == (
        Contact(host="pypi.org:443", times=2, let=True),
        Contact(host="evil.org", times=2, let=False),
    )
    assert tally.told(found) == ("Reached: pypi.org:443 (2)", "Refused: evil.org (2)")
    assert "2026/01/01 noise" in log  # whether squid is ready is read there


def test_an_allowed_host_that_itself_refuses_was_reached() -> None:
    (one,) = tally.contacts(counted(["PATINA 200.000 TCP_MISS http://api.example.org/secret"]))
    assert one.let


def test_a_flood_of_requests_hides_no_host_and_makes_few_lines() -> None:
    flood = [asked("loud.example.org:443")] * 300_000
    log = counted(
        [asked("first.example.org:443"), *flood, asked("last.example.org:443", status="TCP_DENIED")]
    )
    first, loud, last = tally.contacts(log)
    assert (first.host, first.times, first.let) == ("first.example.org:443", 1, True)
    assert (last.host, last.times, last.let) == ("last.example.org:443", 1, False)
    assert 300_000 / 1.25 <= loud.times <= 300_000
    assert log.count("\n") < 100


def test_a_flood_of_hosts_hides_none_that_was_let_through_and_is_bounded() -> None:
    flood = [asked(f"h{n}.example.org:443", status="TCP_DENIED") for n in range(30_000)]
    log = counted([*flood, asked("api.example.org:443")])
    assert log.count("\n") < tally.HOSTS + 200
    reached, refused = tally.told(tally.contacts(log))
    assert reached == "Reached: api.example.org:443 (1)"
    assert refused.startswith("Refused: h0.example.org:443 (1), ")
    assert " and 460 more, and others still (" in refused


@settings(max_examples=25)
@given(st.lists(st.text(st.characters(exclude_characters="\n"), max_size=40), max_size=12))
def test_no_text_of_a_stranger_s_is_taken_for_a_line_of_the_counter(lines: list[str]) -> None:
    """A request has no spaces in squid's log; whatever comes otherwise is no request."""
    forged = [f"PATINA 200.000 1 let forged.example.org {line}" for line in lines]
    hosts = {contact.host for contact in tally.contacts(counted([*lines, *forged]))}
    assert "forged.example.org" not in hosts
