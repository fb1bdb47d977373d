r"""Secrets out of text before anything is written: each becomes `[redacted:<kind>]`. Pure.

A journal must stay readable, so object ids, hashes, paths and placeholders are no secrets, and a value counts only
where its shape or its name says so. Every rule has literal hints and compiles its pattern when one of them is in the
text: a short harmless note costs no regular expression.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

_B = r"(?<![A-Za-z0-9_+/=-])"  # nothing that would make it part of a longer word
_E = r"(?![A-Za-z0-9_+/=-])"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One secret, and where in the text it stands."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """A shape: `hints` are lower-case literals, one of which is in every text it matches; `value` names its group."""

    kind: str
    hints: tuple[str, ...]
    pattern: str
    accept: Callable[[re.Match[str]], bool] | None = None


def _shaped(kind: str, *prefixes: str, body: str, end: str = _E) -> _Rule:
    starts = "|".join(re.escape(p) for p in prefixes)
    return _Rule(
        kind=kind,
        hints=tuple(p.lower() for p in prefixes),
        pattern=rf"(?<![A-Za-z0-9])(?P<value>(?:{starts}){body}){end}",
        accept=lambda m: not _placeholder(m["value"]),
    )


def _placeholder(value: str) -> bool:
    """Tell whether a value only shows where a secret would stand."""
    low = value.lower()
    if any(
        word in low
        for word in ("xxxx", "****", "....", "example", "placeholder", "your", "redacted", "dummy")
    ):
        return True
    body = re.sub(r"[^A-Za-z0-9]", "", value)
    return len(set(body[-12:])) < 4


_WORDS = frozenset(
    "true false none null nil undefined yes no on off string number boolean str int bytes any required optional empty "
    "password passwd secret token key value changeme test".split()
)
_CODE = re.compile(r"[A-Za-z_][\w.]*(\(|\[|\.[A-Za-z_])|[$<{%@#&*(]|process\.|os\.|env\b|self\.|\\?[\"']?\$")


def _assigned(m: re.Match[str]) -> bool:
    value = m["quoted"] if m["quoted"] is not None else m["bare"] or ""
    low = value.lower()
    if len(value) < 6 or low in _WORDS or _placeholder(value) or _CODE.match(value):
        return False
    if (
        re.fullmatch(r"[0-9a-f]{7,12}|[0-9a-f]{40}|[0-9a-f]{64}|sha\d+-.*", low)
        and "secret" not in m["name"].lower()
    ):
        return bool(re.search(r"(?i)password|passwd|api_?key|token", m["name"])) and len(value) >= 32
    classes = sum(bool(re.search(c, value)) for c in ("[a-z]", "[A-Z]", "[0-9]", r"[^A-Za-z0-9\s]"))
    if m["quoted"] is not None:
        return (
            " " not in value.strip()
            and (classes >= 2 or len(value) >= 16)
            and not re.fullmatch(r"[a-z_.\-/]+", value)
        )
    if re.search(r"[(){}\[\];]", value) or re.fullmatch(r"[A-Za-z_.\-/:,]+", value):
        return False
    return classes >= 2 and bool(re.search("[0-9]", value))


_NAMES = (
    r"(?:[A-Za-z0-9]{1,40}[_.\-]){0,6}(?:pass(?:word|wd|phrase)|pwd|secret(?:[_.\-]?(?:access)?[_.\-]?key)?|token"
    r"|api[_.\-]?key|apikey|access[_.\-]?key|private[_.\-]?key|auth[_.\-]?key|account[_.\-]?key|client[_.\-]?secret"
    r"|credential|connection[_.\-]?string|encryption[_.\-]?key|signing[_.\-]?key|auth[_.\-]?token|accesstoken"
    r"|clientsecret|dbpassword)(?:[_.\-][A-Za-z0-9]{1,20}){0,2}"
)

_RULES: tuple[_Rule, ...] = (
    _Rule(
        kind="private-key",
        hints=("private key",),
        pattern=r"(?P<value>-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"
        r"(?:(?!-----(?:BEGIN|END))[\s\S]){16,20000}?(?:-----END (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----|\Z))",
    ),
    _Rule(
        kind="jwt",
        hints=("eyj",),
        pattern=rf"{_B}(?P<value>eyJ[A-Za-z0-9_-]{{8,}}\.eyJ[A-Za-z0-9_-]{{8,}}\.[A-Za-z0-9_-]{{8,}})",
    ),
    _Rule(
        kind="aws-key-id",
        hints=("akia", "asia", "abia", "acca"),
        pattern=rf"{_B}(?P<value>(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{{16}}){_E}",
        accept=lambda m: not m["value"].endswith("EXAMPLE"),
    ),
    _Rule(
        kind="aws-secret",
        hints=("aws", "secretaccesskey"),
        pattern=r"(?i)(?:aws[_.\-a-z]{0,30}secret[_.\-a-z]{0,20}|secretaccesskey)[\\\"']{0,3}\s{0,3}[:=]\s{0,3}[\\\"']{0,3}"
        r"(?P<value>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])",
        accept=lambda m: not _placeholder(m["value"]),
    ),
    _shaped("github-token", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", body=r"[A-Za-z0-9]{36,251}"),
    _shaped("github-token", "github_pat_", body=r"[A-Za-z0-9_]{22,255}"),
    _shaped(
        "gitlab-token",
        "glpat-",
        "gldt-",
        "glrt-",
        "glptt-",
        "glsoat-",
        "glcbt-",
        "glft-",
        body=r"[A-Za-z0-9_.\-]{20,300}",
    ),
    _shaped(
        "slack-token",
        "xoxb-",
        "xoxp-",
        "xoxa-",
        "xoxr-",
        "xoxs-",
        "xoxe-",
        "xapp-",
        "xoxe.xox",
        body=r"[A-Za-z0-9.\-]{10,250}",
    ),
    _Rule(
        kind="slack-webhook",
        hints=("hooks.slack.com",),
        pattern=r"(?P<value>https://hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9_/+-]{20,200})",
        accept=lambda m: not _placeholder(m["value"]),
    ),
    _Rule(
        kind="discord-webhook",
        hints=("/api/webhooks/",),
        pattern=r"(?P<value>https://(?:\w+\.)?discord(?:app)?\.com/api/webhooks/\d{10,25}/[A-Za-z0-9_-]{40,100})",
    ),
    _shaped(
        "stripe-key",
        "sk_live_",
        "sk_test_",
        "rk_live_",
        "rk_test_",
        "whsec_",
        "sk_prod_",
        body=r"[A-Za-z0-9+/=]{16,255}",
    ),
    _shaped("google-api-key", "AIza", body=r"[A-Za-z0-9_\-]{35}"),
    _shaped("google-oauth", "ya29.", "GOCSPX-", "1//0", body=r"[A-Za-z0-9_.\-]{20,500}"),
    _shaped("anthropic-key", "sk-ant-", body=r"[A-Za-z0-9_\-]{20,200}"),
    _shaped("openai-key", "sk-proj-", "sk-svcacct-", "sk-admin-", "sk-None-", body=r"[A-Za-z0-9_\-]{20,250}"),
    _shaped("openai-key", "sk-or-v1-", "sk-", body=r"[A-Za-z0-9]{32,64}"),
    _shaped("huggingface-token", "hf_", "api_org_", body=r"[A-Za-z]{34}[A-Za-z0-9]{0,6}"),
    _shaped("npm-token", "npm_", body=r"[A-Za-z0-9]{36}"),
    _shaped("pypi-token", "pypi-AgE", body=r"[A-Za-z0-9_\-]{50,500}"),
    _shaped("digitalocean-token", "dop_v1_", "doo_v1_", "dor_v1_", body=r"[a-f0-9]{64}"),
    _shaped("sendgrid-key", "SG.", body=r"[A-Za-z0-9_\-]{16,32}\.[A-Za-z0-9_\-]{32,64}"),
    _shaped("shopify-token", "shpat_", "shpca_", "shppa_", "shpss_", body=r"[A-Fa-f0-9]{32}"),
    _shaped("square-token", "sq0atp-", "sq0csp-", "EAAA", body=r"[A-Za-z0-9_\-]{22,80}"),
    _shaped("databricks-token", "dapi", "dkea", body=r"[a-f0-9]{32}(?:-\d)?"),
    _shaped("vault-token", "hvs.", "hvb.", "hvr.", body=r"[A-Za-z0-9_\-]{24,300}"),
    _shaped(
        "doppler-token",
        "dp.pt.",
        "dp.st.",
        "dp.ct.",
        "dp.sa.",
        "dp.scim.",
        "dp.audit.",
        body=r"[A-Za-z0-9_.\-]{40,60}",
    ),
    _shaped("linear-key", "lin_api_", "lin_oauth_", body=r"[A-Za-z0-9]{32,64}"),
    _shaped("notion-token", "ntn_", "secret_", body=r"[A-Za-z0-9]{40,50}"),
    _shaped("docker-token", "dckr_pat_", "dckr_oat_", body=r"[A-Za-z0-9_\-]{20,60}"),
    _shaped("age-key", "AGE-SECRET-KEY-1", body=r"[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}"),
    _shaped("grafana-token", "glsa_", "glc_", body=r"[A-Za-z0-9_+/=]{32,400}"),
    _shaped("newrelic-key", "NRAK-", "NRJS-", "NRII-", body=r"[A-Za-z0-9]{19,40}"),
    _shaped("atlassian-token", "ATATT3", "ATCTT3", body=r"[A-Za-z0-9_\-=]{60,300}", end=""),
    _shaped("telegram-token", "AAA", "AAE", "AAF", "AAG", "AAH", body=r"[A-Za-z0-9_\-]{32}(?<=:.{35})"),
    _Rule(
        kind="telegram-token",
        hints=(":aa",),
        pattern=rf"(?<![A-Za-z0-9])(?P<value>\d{{8,10}}:AA[A-Za-z0-9_-]{{33}}){_E}",
    ),
    _shaped("twilio-key", "SK", body=r"[a-f0-9]{32}"),
    _shaped("mailgun-key", "key-", body=r"[a-f0-9]{32}"),
    _shaped(
        "planetscale-token", "pscale_tkn_", "pscale_pw_", "pscale_oauth_", body=r"[A-Za-z0-9_.\-=]{32,64}"
    ),
    _shaped("fly-token", "fo1_", "fm1_", "fm2_", body=r"[A-Za-z0-9_+/=,\-]{40,600}"),
    _shaped("replicate-token", "r8_", body=r"[A-Za-z0-9]{37,40}"),
    _shaped("perplexity-key", "pplx-", "gsk_", "xai-", body=r"[A-Za-z0-9]{40,90}"),
    _shaped("airtable-token", "pat", body=r"[A-Za-z0-9]{14}\.[a-f0-9]{64}"),
    _shaped(
        "cloud-token",
        "figd_",
        "sntrys_",
        "sntryu_",
        "PMAK-",
        "rubygems_",
        "oy2",
        "sbp_",
        "cio_",
        body=r"[A-Za-z0-9_=/+\-]{32,300}",
    ),
    _Rule(
        kind="azure-key",
        hints=("accountkey=", "sharedaccesskey=", "sig="),
        pattern=r"(?i)(?:AccountKey|SharedAccessKey|(?<=[?&])sig)=(?P<value>[A-Za-z0-9+/%]{30,120}={0,2})",
    ),
    _Rule(
        kind="url-password",
        hints=("://",),
        pattern=r"\b[a-zA-Z][a-zA-Z0-9+.\-]{1,20}:\\?/\\?/[^\s/:@\"'<>\\`]{0,200}:(?P<value>[^\s/@\"'<>`\\]{3,300})@(?=[A-Za-z0-9\[$.])",
        accept=lambda m: (
            not _placeholder(m["value"])
            and not re.match(r"[$<{%*]|pass(word)?$|pw$|secret$|token$", m["value"])
        ),
    ),
    _Rule(
        kind="url-token",
        hints=("://",),
        pattern=r"\bhttps?:\\?/\\?/(?P<value>[A-Za-z0-9_\-.]{20,300})@(?=[A-Za-z0-9])",
        accept=lambda m: bool(re.search(r"\d", m["value"])) and not _placeholder(m["value"]),
    ),
    _Rule(
        kind="authorization",
        hints=("authorization", "bearer ", "x-api-key", "private-token"),
        pattern=r"(?i)(?:\b(?:proxy-)?authorization[\\\"']{0,3}\s{0,3}[:=]\s{0,3}[\\\"']{0,3}(?:(?:bearer|basic|token|digest|apikey)\s{1,3})?"
        r"|\bbearer\s{1,3}|\b(?:x-api-key|private-token)[\\\"']{0,3}\s{0,3}[:=]\s{0,3}[\\\"']{0,3})(?P<value>[A-Za-z0-9_.+/~\-]{12,2000}={0,2})",
        accept=lambda m: (
            bool(re.search(r"\d|=$|[a-z][A-Z]", m["value"]))
            and not _placeholder(m["value"])
            and not re.fullmatch(r"[a-z\-/.]+", m["value"])
        ),
    ),
    _Rule(
        kind="cookie",
        hints=("cookie:",),
        pattern=r"(?i)\b(?:set-)?cookie:\s{0,3}(?P<value>[A-Za-z0-9_.\-]{1,80}=[^\s;\"']{8,2000}(?:;\s?[A-Za-z0-9_.\-]{1,80}=[^\s;\"']{1,2000}){0,30})",
    ),
    _Rule(
        kind="secret",
        hints=("pass", "pwd", "secret", "token", "key", "credential", "connection"),
        pattern=rf"(?i)(?<![A-Za-z0-9])(?P<name>{_NAMES})(?:\\?[\"'`])?\s{{0,3}}(?::=|=>|=|:|\s(?=[\"'\\A-Za-z0-9]))\s{{0,3}}\n?\s{{0,8}}"
        r"(?:\\?[\"'`](?P<quoted>[^\"'`\\\n]{6,500})\\?[\"'`]|(?P<bare>[^\s\"'`\\,;<>]{6,500}))",
        accept=_assigned,
    ),
)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _value(m: re.Match[str]) -> tuple[int, int]:
    for name in ("value", "quoted", "bare"):
        if name in m.re.groupindex and m[name] is not None:
            return m.span(name)
    return m.span()


def _candidates(text: str) -> Iterator[Found]:
    low = text.lower()
    for rule in _RULES:
        if any(hint in low for hint in rule.hints):
            for m in _compiled(rule.pattern).finditer(text):
                start, end = _value(m)
                if (rule.accept is None or rule.accept(m)) and not text.startswith(
                    "[redacted:", max(0, start - 1), end
                ):
                    yield Found(kind=rule.kind, start=start, end=end)


def find(text: str) -> list[Found]:
    """Return the secrets in a text, in order, none inside another."""
    kept: list[Found] = []
    for found in sorted(_candidates(text), key=lambda f: (f.start, -f.end)):
        if not kept or found.start >= kept[-1].end:
            kept.append(found)
    return kept


def redact(text: str) -> str:
    """Return the text with each secret as `[redacted:<kind>]`. A second pass changes nothing."""
    parts: list[str] = []
    end = 0
    for found in find(text):
        parts += [text[end : found.start], f"[redacted:{found.kind}]"]
        end = found.end
    return "".join(parts) + text[end:] if parts else text


class StreamRedactor:
    """Redacts a text that comes in pieces; holds back what may be the beginning of a secret, never more than `KEPT`."""

    KEPT = 24_000

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        """Take a piece and return what can be written already."""
        self._held += text
        cut = self._cut()
        if cut <= 0:
            return ""
        out, self._held = self._held[:cut], self._held[cut:]
        return redact(out)

    def close(self) -> str:
        """Return the rest."""
        out, self._held = redact(self._held), ""
        return out

    def _cut(self) -> int:
        """Return up to where nothing can still become part of a secret: whole lines, and no private key half-way."""
        held = self._held
        if len(held) > self.KEPT:
            return len(held) - self.KEPT // 2
        last = held.rfind("\n", 0, max(0, len(held) - 1))
        last = held.rfind("\n", 0, last) if last > 0 else -1  # an assignment may go on in the next line
        begun = held.rfind("-----BEGIN")
        if begun >= 0 and "-----END" not in held[begun:]:
            last = min(last, held.rfind("\n", 0, begun))
        return last + 1
