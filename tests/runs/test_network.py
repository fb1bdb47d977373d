"""Whom an autonomous run may reach is read strictly, and what the proxy says of it is read without trust."""

from __future__ import annotations

import pytest

from patina_sessions.errors import PatinaError
from patina_sessions.runs.yolo import network


def test_hosts_are_read_with_their_ports() -> None:
    reach = network.read("pypi.org, *.example.org,10.0.0.7:8080")
    assert [(h.name, h.ports) for h in reach.hosts] == [
        ("pypi.org", (443, 80)),
        ("*.example.org", (443, 80)),
        ("10.0.0.7", (8080,)),
    ]
    assert network.read("none").loosened == ()
    assert network.read("agent", ("api.anthropic.com",)).words == "api.anthropic.com"
    assert network.read("agent", ()).words == "none"  # an agent that needs nobody


@pytest.mark.parametrize(
    "given",
    [
        "",
        "agent",
        "a b",
        "http://x.org",
        "x.org/path",
        "x.org:0",
        "x.org:99999",
        "x.org\nhttp_access allow all",
        "-x.org",
        "*",
        "*.*.org",
        "x.org:80:90",
        "[::1]",
    ],
)
def test_what_is_no_host_is_refused(given: str) -> None:
    with pytest.raises(PatinaError):
        network.read(given)


def test_names_that_lead_to_private_addresses_are_not_let_through_and_addresses_that_were_named_are() -> None:
    lines = network.configuration(network.read("pypi.org,10.0.0.7:8080").hosts, port=3128).splitlines()
    rules = [line for line in lines if line.startswith("http_access")]
    assert rules == [
        "http_access allow host0 port0 !private",
        "http_access allow host1 port1",
        "http_access deny all",
    ]
