"""Secrets that their place gives away: the user part of a URL, headers, cookies, signatures, options of tools."""

from __future__ import annotations

import binascii
import re

from patina_sessions.redact import value as values
from patina_sessions.redact.rule import LOOK, Rule, Span, compiled, sequential, stands_in

_QUOTE = r"(?:\\{0,7}[\"'`]|&quot;|\\u0022)"
_SIGN = rf"(?:{_QUOTE}|[\])]){{0,4}}[ \t]{{0,9}}(?:=>|[:=]|,(?= ?{_QUOTE}))[ \t]{{0,9}}(?P<quote>{_QUOTE})?"
_STAND_FOR = frozenset("password pass passwd pwd pw secret token user credentials auth".split())


def _in_url(match: re.Match[str]) -> Span:
    """Return the span of a password in a URL, unless it says that it is one."""
    word = match["value"][:LOOK]
    if (
        len(word) < 4
        or word.lower() in _STAND_FOR
        or stands_in(word)
        or re.match(r"\$[\w{(]|[<{%][\w(<{]*", word)
    ):
        return None
    return match.span("value")


def _drawn(match: re.Match[str]) -> Span:
    """Return the span of what is no word."""
    name = match["value"][:LOOK]
    return match.span("value") if values.random(name) and not sequential(name) else None


def _scheme(match: re.Match[str]) -> Span:
    """Return the span of what follows `Authorization: Bearer`; of all, where the scheme has parameters."""
    text, at = match.string, match.end()
    scheme = (match["scheme"] or "").lower()
    end, _ = values.extent(text, at, None, at + LOOK)
    word = text[at:end]
    if not values.chosen(word) or len(word) < 8:
        return None
    if scheme in ("digest", "oauth", "hawk", "signature") or scheme.startswith("aws4"):
        return at, _line(text, at, match["quote"], len(text))
    convincing = values.mixed(word) or bool(re.search("[a-z][A-Z]", word)) if scheme else values.random(word)
    return (at, values.extent(text, at, None, len(text))[0]) if convincing else None


def _bearer(match: re.Match[str]) -> Span:
    text, at = match.string, match.end()
    word = text[at : values.extent(text, at, None, at + LOOK)[0]]
    if len(word) < 16 or not values.chosen(word) or not values.random(word):
        return None
    return at, values.extent(text, at, None, len(text))[0]


def _basic(match: re.Match[str]) -> Span:
    """Return the span of Base64 that says `user:password`."""
    try:
        plain = binascii.a2b_base64(match["value"][:LOOK] + "==").decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return match.span("value") if ":" in plain[1:-1] and plain.isprintable() else None


def _cookies(match: re.Match[str]) -> Span:
    """Return the span of all cookies of a header, when one of them says more than a setting does."""
    text, at, quote = match.string, match.end(), match["quote"]
    words = re.findall(r"=([^\s;\"'=]{8,})", text[at : _line(text, at, quote, at + 8 * LOOK)])
    telling = any(values.chosen(word) and (values.mixed(word) or values.random(word)) for word in words)
    return (at, _line(text, at, quote, len(text))) if telling else None


def _line(text: str, at: int, quote: str | None, stop: int) -> int:
    """Return where a header ends, at the latest at `stop`: at its quote, or with the line, as JSON says it too."""
    end = compiled(re.escape(quote) if quote else r"[\n\r\"'`]|\\+[nr\"']").search(text, at, stop)
    return end.start() if end else min(stop, len(text))


def _login(match: re.Match[str]) -> Span:
    """Return the span of a password in a .netrc: prose does not name the machine."""
    sure = match[0][:7].lower() == "machine" or values.mixed(match["value"][:LOOK])
    return _option(match) if sure else None


def _option(match: re.Match[str]) -> Span:
    """Return the span of a password that an option of a tool gives."""
    return match.span("value") if values.chosen(match["value"][:LOOK]) else None


_SHELL_WORD = r"[\"']?(?P<value>[^\s\"'$<{-][^\s\"']{3,})"
_COMMAND = r"\b[^\n|;&]{0,200}?\s"
_TIED = _COMMAND + "?-p ?" + _SHELL_WORD
_IN_URL = r":\\?/\\?/[^\s/:@\"'<>\\`]{0,128}:(?P<value>[^\s/\"'<>`\\]+)@(?=[\w\[$.{-])"
_URL_ENCODED = r"%3a%2f%2f[^\s%&\"']{0,128}%3a(?P<value>(?:(?!%40|%2f)[^\s&\"'])+)%40"

CARRIERS: tuple[Rule, ...] = (
    Rule("url-password", ("://", ":\\/\\/"), _IN_URL, _in_url),
    Rule("url-password", ("%3a%2f%2f",), "(?i)" + _URL_ENCODED, _in_url),
    Rule(
        "url-token",
        ("://", ":\\/\\/"),
        r":\\?/\\?/(?P<value>[\w.~%-]{16,}+)(?::x-oauth-basic)?@(?=\w)",
        _drawn,
    ),
    Rule(
        "authorization",
        ("authorization",),
        rf"(?i)authorization{_SIGN}(?:(?P<scheme>[a-z][\w-]{{1,20}})[ \t]{{1,3}})?",
        _scheme,
    ),
    Rule("authorization", ("bearer ",), r"(?i)bearer {1,3}", _bearer),
    Rule("authorization", ("basic ",), r"(?i)basic {1,3}(?P<value>[A-Za-z0-9+/]{8,}={0,2})", _basic),
    Rule("authorization", ("auth",), rf"(?i)auth{_SIGN}(?P<value>[A-Za-z0-9+/]{{8,}}={{0,2}})", _basic),
    Rule("cookie", ("cookie",), rf"(?i)cookie{_SIGN}(?=[\w.!%-]{{1,80}}=)", _cookies),
    Rule("signature", ("sig=", "signature="), r"(?i)sig(?:nature)?=(?P<value>[\w%+/=.-]{20,})", _drawn),
    Rule(
        "signature",
        ("x-amz-security-token=",),
        r"(?i)x-amz-security-token=(?P<value>[\w%+/=.-]{20,})",
        _drawn,
    ),
    Rule(
        "password",
        ("machine ", "login "),
        r"(?i)(?:machine\s+\S{1,200}\s+)?login\s+\S{1,200}\s+password\s+(?P<value>\S{4,})",
        _login,
    ),
    Rule("password", ("mysql", "mariadb"), rf"(?:mysql|mariadb)\w*{_COMMAND}-p{_SHELL_WORD}", _option),
    Rule("password", ("sshpass ",), "sshpass" + _TIED, _option),
    Rule(
        "password",
        ("docker login", "podman login"),
        rf"(?:docker|podman) login{_COMMAND}-p[ =]?{_SHELL_WORD}",
        _option,
    ),
    Rule(
        "password",
        ("curl",),
        rf"curl{_COMMAND}(?:-u|--user|-U|--proxy-user)[ =]?[\"']?[^\s:\"'$]{{1,100}}:{_SHELL_WORD}",
        _option,
    ),
    Rule("password", ("-pass",), rf"-pass(?:in|out)?\s+pass:{_SHELL_WORD}", _option),
    Rule(
        "password", ("identified by ",), r"(?i)identified by (?:password )?'(?P<value>[^'\n]{4,})'", _option
    ),
)
