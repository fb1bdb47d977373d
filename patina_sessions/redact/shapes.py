"""Secrets that can be told by their shape: tokens with a published prefix, JSON web tokens, private keys."""

from __future__ import annotations

import re
from collections.abc import Callable

from patina_sessions.redact.rule import LONGEST, Rule, Span, edge, whole

_LETTERS, _WORD, _DASHED, _HEX, _BASE64 = "[A-Za-z0-9]", r"\w", r"[\w-]", "[0-9a-f]", r"[\w+/=-]"
_DOTTED, _LOOSE = r"[\w.-]", r"[\w.%+/=~-]"

# Kind, prefixes, the characters that follow, and how many of them at least. What follows is taken to its end, however
# long: providers lengthen their tokens, and half a token must not stay.
_PREFIXED: tuple[tuple[str, str, str, int], ...] = (
    ("github-token", "ghp_ gho_ ghu_ ghs_ ghr_", _WORD, 30),
    ("github-token", "github_pat_", _WORD, 30),
    (
        "gitlab-token",
        "glpat- gldt- glrt- glrtr- glcbt- glptt- glft- glsoat- glimt- glagent- gloas- glffct-",
        _DOTTED,
        16,
    ),
    ("slack-token", "xoxb- xoxp- xoxa- xoxr- xoxs- xoxo- xoxc- xoxe- xoxe. xapp- xwfp-", _DOTTED, 15),
    ("slack-token", "xoxd-", _LOOSE, 15),
    ("stripe-key", "sk_live_ sk_test_ rk_live_ rk_test_ sk_org_ whsec_", r"[\w+/=]", 16),
    ("google-api-key", "AIza", _DASHED, 35),
    ("google-oauth", "ya29. GOCSPX-", _DASHED, 20),
    ("google-oauth", "1//0", _DASHED, 30),
    ("anthropic-key", "sk-ant-", _DASHED, 20),
    ("openrouter-key", "sk-or-v1-", _HEX, 32),
    ("openai-key", "sk-proj- sk-svcacct- sk-admin- sk-None-", _DASHED, 20),
    ("openai-key", "sk-", _LETTERS, 32),
    ("huggingface-token", "hf_ api_org_", _LETTERS, 30),
    ("npm-token", "npm_", _LETTERS, 30),
    ("pypi-token", "pypi-", _DASHED, 50),
    ("digitalocean-token", "dop_v1_ doo_v1_ dor_v1_", _HEX, 40),
    ("shopify-token", "shpat_ shpca_ shppa_ shpss_", "[0-9A-Fa-f]", 32),
    ("databricks-token", "dapi dkea dose", "[0-9a-f-]", 32),
    ("vault-token", "hvs. hvb. hvr.", _DASHED, 20),
    ("doppler-token", "dp.pt. dp.st. dp.ct. dp.sa. dp.scim. dp.audit.", _DOTTED, 30),
    ("linear-key", "lin_api_ lin_oauth_", _LETTERS, 30),
    ("docker-token", "dckr_pat_ dckr_oat_", _DASHED, 20),
    ("age-key", "AGE-SECRET-KEY-1 AGE-SECRET-KEY-PQ-1", "[0-9A-Z]", 50),
    ("grafana-token", "glsa_ glc_", r"[\w+/=]", 30),
    ("newrelic-key", "NRAK- NRJS- NRII- NRRA-", _DASHED, 19),
    ("postman-key", "PMAK-", _DASHED, 40),
    ("atlassian-token", "ATATT3 ATCTT3 ATBB", r"[\w=-]", 30),
    ("sentry-token", "sntrys_ sntryu_", _BASE64, 40),
    ("figma-token", "figd_ figu_", _DASHED, 30),
    ("notion-token", "ntn_ secret_", _LETTERS, 40),
    ("fly-token", "fo1_ fm1r_ fm2_", r"[\w+/=,-]", 40),
    ("supabase-key", "sbp_ sb_secret_", _DASHED, 30),
    ("netlify-token", "nfp_", _LETTERS, 30),
    ("planetscale-token", "pscale_tkn_ pscale_pw_ pscale_oauth_", r"[\w.=-]", 30),
    ("pulumi-token", "pul-", _HEX, 40),
    ("replicate-token", "r8_", _LETTERS, 30),
    ("groq-key", "gsk_", _LETTERS, 40),
    ("xai-key", "xai-", _LETTERS, 60),
    ("perplexity-key", "pplx-", _LETTERS, 40),
    ("nvidia-key", "nvapi-", _DASHED, 60),
    ("langsmith-key", "lsv2_pt_ lsv2_sk_", _WORD, 40),
    ("pinecone-key", "pcsk_", _WORD, 40),
    ("tavily-key", "tvly-", _DASHED, 28),
    ("mailgun-key", "key-", _HEX, 32),
    ("brevo-key", "xkeysib- xsmtpsib-", _DASHED, 64),
    ("twilio-key", "SK", _HEX, 32),
    ("square-token", "sq0atp- sq0csp-", _DASHED, 22),
    ("tailscale-key", "tskey-", _DASHED, 20),
    ("rubygems-key", "rubygems_", _HEX, 40),
    ("crates-token", "cio", _LETTERS, 32),
    ("nuget-key", "oy2", "[a-z0-9]", 43),
    ("clojars-token", "CLOJARS_", _HEX, 60),
    ("buildkite-token", "bkua_", _HEX, 40),
    ("circleci-token", "CCIPAT_ CCIPRJ_", _WORD, 30),
    ("sonar-token", "sqp_ squ_ sqa_", _HEX, 40),
    ("prefect-key", "pnu_", _LETTERS, 36),
    ("1password-token", "ops_eyJ", _BASE64, 50),
    ("contentful-token", "CFPAT-", _DASHED, 40),
    ("artifactory-token", "AKCp cmVmdGtu", _LETTERS, 48),
    ("alibaba-key", "LTAI", _LETTERS, 16),
    ("tencent-key", "AKID", _LETTERS, 32),
    ("heroku-key", "HRKU-", _DASHED, 30),
    ("typeform-token", "tfp_", _DASHED, 40),
    ("dropbox-token", "sl.", _DASHED, 100),
    ("posthog-key", "phx_", _LETTERS, 40),
    ("neon-key", "napi_", _LETTERS, 40),
    ("easypost-key", "EZAK EZTK", _LETTERS, 50),
    ("aws-bedrock-key", "ABSK", r"[\w+/=]", 100),
)
# These match at a hint in their middle or end: what stands before it is looked at from there.
_BEFORE_HINT = {"terraform-token": 14, "mailchimp-key": 32, "azure-secret": 4}

_SLACK_HOOK = r"hooks\.slack\.com/(?:services|workflows|triggers)/(?P<value>[A-Za-z0-9]{6,20}/[\w/+-]{16,})"
_DISCORD_HOOK = r"discord(?:app)?\.com/api/(?:v\d+/)?webhooks/\d{10,25}/(?P<value>[\w-]{40,})"
_DISCORD_BOT = edge() + r"[\w-]{24,28}\.[\w-]{6}\.[\w-]{27,}"
# A snowflake, in digits, of which Base64 makes one of these beginnings.
_DISCORD_HINTS = "MD MT Mj Mz ND NT Nj Nz OD OT".split()
_AWS_KEY = edge() + r"A(?:KI|SI|BI|CC)A[A-Z2-7]{16}(?![A-Za-z0-9])"
_OPENAI = edge() + r"sk-[\w-]{0,100}?[A-Za-z0-9]{20}T3BlbkFJ[\w-]{20,}"
_AWS_PAIR = r"AKIA[A-Z2-7]{16}[\s,:;|\"']{1,8}(?P<value>(?![0-9a-f]{40})[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])"
# An encrypted token has five parts, a signed one three, and the second of those is JSON as the first is.
_WEB = (
    r"(?a:"
    + edge(r"\w-")
    + r"eyJ[\w-]{8,}+\.(?:eyJ[\w-]{8,}+(?:\.[\w-]*+)?|[\w-]*+\.[\w-]{8,}+\.[\w-]{8,}+\.[\w-]{8,}+))"
)


def _random(match: re.Match[str]) -> Span:
    """Return the span of what no programmer would call a member of `s`."""
    return whole(match) if len(re.findall(r"\d(?=[A-Za-z])", match[0])) > 2 else None


def _with_before(width: int) -> Callable[[re.Match[str]], Span]:
    """Return a span that begins so much before the hint."""
    return lambda match: (match.start() - width, match.end())


def _closed(match: re.Match[str]) -> Span:
    """Return the span of a key between its two lines; without a line of a key between them it is a picture of one."""
    if match.end() - match.start() > LONGEST or not re.search(r"[A-Za-z0-9+/]{24}", match[0][40:-20]):
        return None
    return match.span()


def _as_it_stands(match: re.Match[str]) -> Span:
    return match.span()


_BEGIN = r"-----BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----"
_END = r"-----END (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----"
_BREAK = r"(?:\s|\\{1,7}[nr]){1,8}"
# All is taken possessively: a body without an end is left after one look. A key that is cut off counts too.
_KEY_BLOCK = rf"{_BEGIN}[^-]*+(?:-(?!----)[^-]*+)*+{_END}"
_KEY_HEAD = (
    rf"{_BEGIN}(?:{_BREAK}[A-Z][\w-]{{1,20}}: [^\n\\]{{1,80}}){{0,5}}(?:{_BREAK}[A-Za-z0-9+/=]{{24,}}+)++"
    rf"(?:{_BREAK}[A-Za-z0-9+/=]{{1,23}}(?![\w,.;: ]))?"
)
_PUTTY = r"Private-Lines: \d{1,3}(?:\s{1,2}[A-Za-z0-9+/=]{4,64}(?!\S))++"


def _prefixed(kind: str, prefixes: str, follows: str, least: int) -> Rule:
    starts = tuple(prefixes.split())
    # The middle of Base64 has such letters too, and no underscore.
    before = "A-Za-z0-9+/" if starts[0].isalnum() else "A-Za-z0-9"
    pattern = rf"(?a:{edge(before)}(?:{'|'.join(starts).replace('.', '[.]')}){follows}{{{least},}}+)"
    return Rule(kind, starts, pattern, whole, min(map(len, starts)) + least, True)


def _shaped(kind: str, hints: str, pattern: str, least: int) -> Rule:
    width = _BEFORE_HINT.get(kind)
    return Rule(kind, tuple(hints.split()), pattern, _with_before(width) if width else whole, least, True)


SHAPES: tuple[Rule, ...] = (
    Rule("private-key", ("-----BEGIN ",), _KEY_BLOCK, _closed, 0, True),
    Rule("private-key", ("-----BEGIN ",), _KEY_HEAD, _as_it_stands, 0, True),
    Rule("private-key", ("Private-Lines: ",), _PUTTY, _as_it_stands, 0, True),
    *(_prefixed(*row) for row in _PREFIXED),
    Rule("vault-token", ("s.",), r"(?<![\w.)\]-])s\.[A-Za-z0-9]{24}(?![\w.(-])", _random, 26, True),
    _shaped("aws-key", "AKIA ASIA ABIA ACCA", _AWS_KEY, 20),
    _shaped("gitlab-token", "GR1348941", edge() + r"GR1348941[\w-]{20,}", 29),
    _shaped("openai-key", "sk-", _OPENAI, 51),
    _shaped("aws-secret", "AKIA", _AWS_PAIR, 40),
    _shaped("sendgrid-key", "SG.", edge() + r"SG\.[\w-]{16,64}\.[\w-]{32,}", 52),
    _shaped("slack-webhook", "hooks.slack.com", _SLACK_HOOK, 48),
    _shaped("discord-webhook", "discord.com/api discordapp.com/api", _DISCORD_HOOK, 72),
    _shaped("discord-token", " ".join(_DISCORD_HINTS), _DISCORD_BOT, 59),
    _shaped("telegram-token", ":AA", r"(?<=[0-9]{8}):(?P<value>AA[\w-]{32,})", 43),
    _shaped("airtable-token", "pat", edge() + r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}", 82),
    _shaped("hubspot-token", "pat-", edge() + r"pat-(?:na|eu|ap)\d-[0-9a-f-]{36}", 44),
    _shaped("dynatrace-token", "dt0", edge() + r"dt0[a-z]\d\d\.[A-Z0-9]{24}\.[A-Z0-9]{64}", 96),
    _shaped("terraform-token", ".atlasv1.", r"(?<=[A-Za-z0-9]{14})\.atlasv1\.[\w-]{60,}", 83),
    _shaped("firebase-key", "AAAA", edge() + r"AAAA[\w-]{7}:APA91b[\w-]{100,}", 118),
    _shaped("mailchimp-key", "-us", r"(?<=[0-9a-f]{32})-us\d{1,2}(?![\w-])", 36),
    _shaped("azure-secret", "Q~", r"(?<=[\w~.-]{3}[0-9])Q~[\w~.-]{31,}", 37),
    _shaped("resend-key", "re_", edge() + r"re_[A-Za-z0-9]{8}_[A-Za-z0-9]{24,}", 36),
    _shaped("elevenlabs-key", "sk_", edge() + r"sk_[0-9a-f]{48}(?![0-9a-zA-Z])", 51),
    _shaped("web-token", "eyJ", _WEB, 24),
)
