"""`patina report --serve`: to this machine alone, live, until Ctrl-C."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from tests.repository import Repo
from tests.waiting import until


@dataclass
class Served:
    """A report that is served, and the process that does it."""

    url: str
    process: subprocess.Popen[str]

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    def ask(self, path: str = "", *, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], str]:
        """Return status, headers and text of an answer; `Host=""` says no host at all."""
        connection = http.client.HTTPConnection(self.host, timeout=60)
        try:
            connection.putrequest(method, urlsplit(self.url).path + path, skip_host=True)
            for name, value in {"Host": self.host, **headers}.items():
                if value:
                    connection.putheader(name.replace("_", "-"), value)
            connection.endheaders()
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()
        finally:
            connection.close()


@pytest.fixture
def working(repo: Repo) -> Repo:
    repo.commit("chore: begin", a="1\n")
    repo.patina("init")
    repo.patina("session", "start", "While it runs")
    return repo


@pytest.fixture
def served(working: Repo) -> Iterator[Served]:
    with subprocess.Popen(
        [sys.executable, "-P", "-u", "-m", "patina_sessions", "report", "--serve"],
        cwd=working.path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            found = re.fullmatch(r"Report: (http://127\.0\.0\.1:\d+/[\w-]{20,}/) \(Ctrl-C ends it\)\n", said)
            assert found, said + (process.stderr.read() if process.stderr and process.poll() else "")
            yield Served(found[1], process)
        finally:
            process.kill()


def test_the_report_is_there_and_nowhere_else(served: Served) -> None:
    status, headers, text = served.ask()
    assert status == 200
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert "While it runs" in text
    assert text.rstrip().endswith("</html>")
    assert "connect-src 'self'" in text
    assert not [name for name in headers if name.lower().startswith("access-control-")]
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Content-Security-Policy"] == "frame-ancestors 'none'"
    assert served.ask("favicon.ico")[0] == 404
    assert served.ask("../")[0] == 404
    assert served.ask(method="HEAD")[2] == ""
    assert served.ask(method="POST")[0] == 501


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:80"},
        {"Host": "127.0.0.1"},
        {"Host": ""},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
def test_who_comes_under_another_name_or_from_another_site_is_refused(
    served: Served, headers: dict[str, str]
) -> None:
    for path in ("", "version"):
        status, _, text = served.ask(path, **headers)
        assert (status, text) == (403, "")


def test_a_host_that_is_said_twice_is_refused(served: Served) -> None:
    host, port = served.host.split(":")
    with socket.create_connection((host, int(port)), timeout=60) as line:
        path = urlsplit(served.url).path
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: {served.host}\r\nHost: evil.example\r\n\r\n".encode())
        assert b" 403 " in line.recv(4096)


def test_localhost_is_a_name_of_ours(served: Served) -> None:
    port = served.host.split(":")[1]
    assert served.ask("version", Host=f"localhost:{port}", Origin=f"http://localhost:{port}")[0] == 200


def test_who_does_not_know_the_secret_sees_nothing(served: Served) -> None:
    connection = http.client.HTTPConnection(served.host, timeout=60)
    for path in ("/", "/version", "/x/", "/x/version", "//", urlsplit(served.url).path[:-2] + "/"):
        connection.request("GET", path)
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (404, b"")
        connection.close()


def test_it_listens_on_loopback_alone(served: Served) -> None:
    port = int(served.host.split(":")[1])
    with open("/proc/net/tcp") as table:
        listening = {line.split()[1] for line in table if line.split()[3] == "0A"}
    assert f"0100007F:{port:04X}" in listening
    assert f"00000000:{port:04X}" not in listening


def test_what_happens_meanwhile_is_shown(working: Repo, served: Served) -> None:
    before = served.ask("version")[2]
    first = served.ask()[2]
    assert f'data-live="{served.ask("version")[2]}"' in served.ask()[2]
    working.commit("feat: made while they watched", {"b.py": "1\n"})
    working.patina("note", "Seen by all")
    until(lambda: served.ask("version")[2] != before, "another version")
    later = served.ask()[2]
    assert "feat: made while they watched" in later
    assert "Seen by all" in later
    assert "Seen by all" not in first


def test_ctrl_c_ends_it_and_that_is_no_failure(served: Served) -> None:
    served.process.send_signal(signal.SIGINT)
    out, err = served.process.communicate(timeout=60)
    assert (served.process.returncode, out, err) == (0, "", "Ended\n")
    with pytest.raises(ConnectionRefusedError):
        served.ask()


def test_a_client_that_says_nothing_holds_nobody_up(served: Served) -> None:
    host, port = served.host.split(":")
    with socket.create_connection((host, int(port)), timeout=60):
        assert served.ask()[0] == 200
        served.process.send_signal(signal.SIGINT)
        assert served.process.wait(timeout=60) == 0


def test_a_port_that_is_taken_is_said(working: Repo) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = working.patina("report", "--serve", "--port", str(port), check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: cannot listen on port {port}: ")


def test_without_a_session_nothing_is_served(repo: Repo) -> None:
    repo.patina("init")
    done = repo.patina("report", "--serve", check=False)
    assert (done.returncode, done.stderr.splitlines()[0]) == (1, "Error: there is no session to show")
    assert repo.patina("report", "--serve", "--out", "x.html", check=False).returncode == 2
    assert os.listdir(repo.path / ".patina/local") == [".gitignore"]
