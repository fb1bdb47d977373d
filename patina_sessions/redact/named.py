r"""Values that a name gives away: `API_KEY=…`, `"password": "…"`, `--token …`, also in escapes and across lines.

The pattern matches the name and what stands between it and the value; where the value ends and whether it is one is
seen to by `value`. The weaker the sign between them, the more the value itself has to look like a secret.
"""

from __future__ import annotations

import re
from functools import partial

from patina_sessions.redact import value as values
from patina_sessions.redact.rule import LOOK, Rule, Span, stands_in

_QUOTE = r"(?:\\{0,7}[\"'`]|&quot;|&#3[49];|\\u002[27])"
_BLANK = r"(?:\s|\\{1,7}[nrt]|\\\n)"
_VALUE_FIELD = r"[\"'\\]{0,8}value[\"'\\]{0,8}\s{0,9}[:=]\s{0,9}"
_DEFAULT = r"\s?\{\s{1,9}(?:type\s{0,20}=\s{0,9}string\s{1,9})?default\s{0,20}=\s{0,9}"
_SIGN = r"(?::=|=>|={1,3}|!==?|:)(?!:)"
_BLOCK = r"(?:[|>][+-]?(?=\s)|\*\*)"
_LONE = r"(?=[^\s\"'`]{0,64}[0-9])[^\s\"'`=]{8,200}={0,2}[\\\"'`]"
_BETWEEN = (
    rf"(?P<tail>[\w-]{{0,40}}+)(?:{_QUOTE}|[\])}}*]){{0,6}}(?:"
    rf"(?P<sign>[ \t]{{0,20}}{_SIGN}(?P<blank>[ \t]{{0,20}}{_BLOCK}?{_BLANK}{{0,20}}))"
    rf"|(?P<field>[\s,;]{{1,40}}{_VALUE_FIELD}|{_DEFAULT})"
    rf"|(?P<comma>\s?,{_BLANK}{{0,9}})(?={_QUOTE}{_LONE})"
    r"|(?P<verb>[ \t]{1,3}(?:is|was|to|->)(?::|[ \t]now:?)?[ \t]{1,3}(?=\S{0,64}[0-9]))"
    rf"|{_BLANK}{{1,20}}"
    r"|(?P<tag>>[ \t]{0,9}))"
    r"(?:[\[(]\s{0,9}(?=[\\\"'])|(?P<call>[A-Za-z_][\w.:]{0,40}\((?=[\"']))|(?:[bruf]{1,2}|@)(?=[\"']))?"
    rf"(?P<quote>{_QUOTE})?"
)
# What goes on after the name may make a statement about a secret of it: TOKEN_URL, password_min_length.
_ABOUT = frozenset(
    "id ids name names file files filename path dir url uri endpoint type kind count counts num length len hash hashed"
    " digest field fields ref size limit limits expiry expires expired expiration ttl timeout age header headers policy"
    " hint prompt label help min max env var arn format class regex pattern index usage budget alg algorithm algo"
    " method mode version provider manager store storage reset strength rotation rules rule input required enabled"
    " scope scopes owner family prefix suffix cost rate per price error message msg source stdin command cmd helper"
    " window salt rounds time date at and or".split()
)
_KEYS = (
    "api app access secret private auth account shared signing encryption master license service storage session admin"
    " consumer client webhook deploy write read ingest subscription functions".split()
)
# A test that passes is no password: PASS counts as the end of a longer name, or tied to its value.
_PASSING = r"(?:(?:user|db)pass|(?-i:(?<![A-Za-z])pass|Pass|(?<![A-Za-z])PASS(?= ?=)|(?<=[_\"'-])PASS))"
_OTHER_KEYS = "".join(rf"(?<!{word})" for word in "CACHE PUBLIC SORT PRIMARY FOREIGN PARTITION GROUP".split())
_ANY_KEY = rf"(?-i:(?<=[A-Z0-9]){_OTHER_KEYS}_KEY)"
_KEY = rf"(?:{'|'.join(_KEYS)})[_\- ]?key"


def _about(tail: str) -> bool:
    """Tell whether the rest of a name turns it into another thing: an attribute of a secret, or another word."""
    if tail[:1].islower() and tail != "s":
        return True
    return any(word.lower() in _ABOUT for word in re.findall("[A-Z]?[a-z]+|[A-Z]+(?![a-z])", tail))


def _name(match: re.Match[str]) -> str:
    """Return the whole name, with what of it stands before the match: `DB_`, or the dashes of an option."""
    text, first = match.string, match.start()
    while first > max(0, match.start() - 40) and (text[first - 1].isalnum() or text[first - 1] in "_-"):
        first -= 1
    return text[first : match.end("tail")]


def _alone(match: re.Match[str], name: str) -> bool:
    """Tell whether the name begins its line, as it does before a value on the next; `if a == b.token:` does not."""
    before = match.string[max(0, match.end("tail") - len(name) - LOOK) : match.end("tail") - len(name)]
    return not re.split(r"\n|\\+n", before)[-1].strip(" \t\"'-*#>\\")


def _needed(match: re.Match[str], name: str) -> int:
    """Return how much a password has to look like one: 1 any literal, 2 chosen with care, 3 drawn; 4 is never."""
    if match["call"] or match["comma"]:
        return 3
    if match["field"] or (match["sign"] == "=" and (name.isupper() or name.startswith("--"))):
        return 1
    if match["sign"]:
        if match["blank"].strip(" \t*"):  # the value is on the next line
            return 2 if match["quote"] or _alone(match, name) else 4
        return 1 if match["quote"] else 2
    if name.startswith("--") or match["verb"] or match["tag"] or match["quote"]:
        return 2
    blanks = match.string[match.end("tail") : match.end()].strip(" \t")
    return 3 if name.isupper() and not blanks else 4


def _value(more: int, match: re.Match[str]) -> Span:
    """Return the span of the value after a name; a token or key must look that much `more` like one."""
    text, at = match.string, match.end()
    needed = _needed(match, _name(match))
    if needed > 3 or _about(match["tail"]):
        return None
    end, quote = values.extent(text, at, match["quote"], at + LOOK)
    untied = match["tag"] and not text.startswith("</", end)
    if untied or not _convinces(text[at:end], min(needed + more, 3), more, quote):
        return None
    return at, values.extent(text, at, match["quote"], len(text))[0] if end > at + LOOK - 8 else end


def _convinces(value: str, needed: int, more: int, quote: str | None) -> bool:
    """Tell whether a value looks enough like a secret for the sign that stands before it."""
    words = value.split()
    if len(words) != 1:
        literal = bool(quote) and not (values.refers(value) or stands_in(value))
        return literal and not more and needed < 3 and any(map(values.random, words))
    if not quote and (value[:1] in ("(", "\\") or (more and not set("()[]{}").isdisjoint(value))):
        return False
    if needed == 1 or not values.chosen(value):
        return values.chosen(value)
    if needed == 2:
        return values.random(value) or (values.mixed(value) and not (more and values.worded(value)))
    return len(value) >= 8 + 4 * more and values.random(value)


def _named(kind: str, hints: tuple[str, ...], names: str, more: int, ending: str = "") -> Rule:
    return Rule(kind, hints, rf"(?i)(?:{names}){_BETWEEN}", partial(_value, more), ending=ending)


_PASSWORD = rf"[_'\"-]?(?:passw(?:or)?d|passphrase|passcode|pwd|{_PASSING}(?![a-z]))"
_HINTS = (
    "passw",
    "passphrase",
    "passcode",
    "pwd",
    "userpass",
    "dbpass",
    "_pass",
    "-pass",
    "'pass",
    '"pass',
    "pass=",
)

NAMED: tuple[Rule, ...] = (
    _named("password", (*_HINTS, "pass =", "pass:"), _PASSWORD, 0),
    _named("token", ("token", "jwt"), "token|jwt", 1),
    _named("secret", ("secret", "credential"), "secret|credential", 1),
    _named(
        "api-key",
        tuple(f"{word}{joint}key" for word in _KEYS for joint in ("", "_", "-", " ")),
        _KEY,
        1,
        "key",
    ),
    _named("api-key", ("_key",), _ANY_KEY, 2),
)
