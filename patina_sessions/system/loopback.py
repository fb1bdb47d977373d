"""A page that is served to this machine alone: on loopback, under a name that nobody can guess, to no other site.

A browser sends what any site asks it to send, and a name of anybody's may lead to 127.0.0.1 (DNS rebinding), so the
address is no protection: the `Host` must be ours, so must `Origin` where there is one, and the path begins with a
secret, since another user of the machine has the same loopback.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeAlias

from patina_sessions.errors import PatinaError

ADDRESS = "127.0.0.1"
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_PATIENCE = 30.0  # seconds for a client that says nothing

# A name below the secret, the kind of text, and what gives it.
Pages: TypeAlias = Mapping[str, tuple[str, Callable[[], Iterable[str]]]]


class Server(ThreadingHTTPServer):
    """The server; `url` is where it is to be found."""

    daemon_threads = True
    block_on_close = False  # who still reads does not keep us from ending

    def __init__(self, pages: Pages, port: int) -> None:
        super().__init__((ADDRESS, port), _Handler)
        self.pages = pages
        self.secret = secrets.token_urlsafe(18)

    @property
    def hosts(self) -> tuple[str, str]:
        """What a browser of ours may call us."""
        return f"{ADDRESS}:{self.server_port}", f"localhost:{self.server_port}"

    @property
    def url(self) -> str:
        return f"http://{self.hosts[0]}/{self.secret}/"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a client that went away."""


@contextmanager
def served(pages: Pages, *, port: int = 0) -> Iterator[Server]:
    """Open the server; `serve_forever` answers. Raises `PatinaError` where the port is taken."""
    try:
        server = Server(pages, port)
    except OSError as error:
        raise PatinaError(
            f"cannot listen on port {port}: {error.strerror or error}", "Name another one, or none: --port 0"
        ) from error
    with server:
        yield server


class _Handler(BaseHTTPRequestHandler):
    """One request. What is not exactly what our own page asks for is refused, without a word about why."""

    server: Server
    timeout = _PATIENCE
    server_version = "patina"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer with a page, or refuse."""
        self._answer()

    def do_HEAD(self) -> None:
        """Answer with the head of one."""
        self._answer()

    def log_message(self, _form: str, *_words: object) -> None:
        """Keep quiet: an address in a log would hold the secret."""

    def _answer(self) -> None:
        found = self._page()
        if not self._is_ours():
            self._refuse(403)
        elif found is None:
            self._refuse(404)
        else:
            kind, make = found
            try:
                pieces = make()
            except PatinaError:
                self._refuse(503)  # there is nothing to show just now: a session was discarded
                return
            self.send_response(200)
            self._say(f"text/{kind}; charset=utf-8")
            for piece in pieces if self.command == "GET" else ():
                self.wfile.write(piece.encode("utf-8", "replace"))

    def _is_ours(self) -> bool:
        """Tell whether this comes from the page itself, or from a person who opens it."""
        hosts = self.headers.get_all("Host") or []
        if len(hosts) != 1 or hosts[0].lower() not in self.server.hosts:
            return False
        origin = self.headers.get("Origin")
        if origin is not None and origin.lower() != f"http://{hosts[0].lower()}":
            return False
        # A browser says who asks; opened by hand it is "none", and a program says nothing at all.
        return self.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin")

    def _page(self) -> tuple[str, Callable[[], Iterable[str]]] | None:
        parts = self.path.partition("?")[0].split("/", 2)
        secret = parts[1] if len(parts) == 3 else ""
        known = hmac.compare_digest(secret.encode("utf-8", "replace"), self.server.secret.encode())
        return self.server.pages.get(parts[2]) if known else None

    def _refuse(self, status: int) -> None:
        self.send_response(status)
        self._say("text/plain; charset=utf-8")

    def _say(self, kind: str) -> None:
        for name, value in {"Content-Type": kind, **_HEADERS}.items():
            self.send_header(name, value)
        self.end_headers()
