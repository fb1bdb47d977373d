"""Secrets that nobody has, made from pieces when a test asks for them: no scanner finds one in this repository.

`samples` puts each kind into prose, shell, JSON, YAML and URLs. `unseen` was written when the rules were finished: other
kinds, other ways.
"""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Callable, Iterator
from typing import NamedTuple

LOWER, UPPER, DIGITS = string.ascii_lowercase, string.ascii_uppercase, string.digits
ALNUM, HEX = LOWER + UPPER + DIGITS, DIGITS + "abcdef"
DASHED = ALNUM + "-_"


class Sample(NamedTuple):
    """A text, and the secret in it."""

    kind: str
    way: str
    text: str
    secret: str


Maker = Callable[[random.Random], str]


def drawn(length: int, of: str = ALNUM, *, before: str = "", after: str = "") -> Maker:
    """Return a maker of tokens: so many characters between what is always there."""
    return lambda r: before + "".join(r.choices(of, k=length)) + after


def joined(joint: str, *makers: Maker) -> Maker:
    return lambda r: joint.join(maker(r) for maker in makers)


def web_token(r: random.Random) -> str:
    parts = [{"alg": "RS256", "kid": drawn(8)(r)}, {"sub": drawn(12)(r), "exp": r.randrange(10**10)}]
    coded = [base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts]
    return ".".join([*coded, drawn(86, DASHED)(r)])


def password(r: random.Random) -> str:
    """Return what a password manager makes: letters, digits and signs that need no quotes."""
    chars = [
        r.choice(LOWER),
        r.choice(UPPER),
        r.choice(DIGITS),
        r.choice("!#%+=^~"),
        *r.choices(ALNUM + "!%+^~", k=9),
    ]
    r.shuffle(chars)
    return r.choice(ALNUM) + "".join(chars)


def private_key(r: random.Random, kind: str = "RSA ") -> str:
    """Return a key in lines, as a file has it."""
    lines = [drawn(64, ALNUM + "+/")(r) for _ in range(r.randrange(12, 26))]
    edge = f"{kind}PRIVATE" + " KEY" + "-" * 5
    return "\n".join(["-----" + f"BEGIN {edge}", *lines, drawn(20)(r) + "==", "-----" + f"END {edge}"])


TOKENS: dict[str, Maker] = {
    "github": drawn(36, before="gh" + "p_"),
    "github server": drawn(36, before="gh" + "s_"),
    "github fine-grained": drawn(82, ALNUM + "_", before="github" + "_pat_"),
    "gitlab": drawn(20, DASHED, before="gl" + "pat-"),
    "aws key id": drawn(16, UPPER + "234567", before="AK" + "IA"),
    "slack": joined("-", drawn(12, DIGITS, before="xo" + "xb-"), drawn(12, DIGITS), drawn(24)),
    "stripe": drawn(24, before="sk_" + "live_"),
    "google api": drawn(35, DASHED, before="AI" + "za"),
    "google oauth": drawn(80, DASHED, before="ya" + "29."),
    "openai": drawn(120, DASHED, before="sk-" + "proj-"),
    "openai old": joined("T3Blbk" + "FJ", drawn(20, before="sk" + "-"), drawn(20)),
    "anthropic": drawn(95, DASHED, before="sk-" + "ant-api03-"),
    "hugging face": drawn(34, LOWER + UPPER, before="h" + "f_"),
    "npm": drawn(36, before="np" + "m_"),
    "pypi": drawn(150, DASHED, before="pypi" + "-AgEIcHlwaS5vcmc"),
    "digitalocean": drawn(64, HEX, before="dop" + "_v1_"),
    "sendgrid": joined(".", drawn(22, DASHED, before="S" + "G."), drawn(43, DASHED)),
    "shopify": drawn(32, HEX, before="shp" + "at_"),
    "databricks": drawn(32, HEX, before="da" + "pi"),
    "vault": drawn(90, DASHED, before="hv" + "s."),
    "doppler": drawn(43, before="dp" + ".pt."),
    "linear": drawn(40, before="lin" + "_api_"),
    "docker hub": drawn(27, DASHED, before="dckr" + "_pat_"),
    "age": drawn(58, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", before="AGE-SECRET" + "-KEY-1"),
    "grafana": joined("_", drawn(32, before="gl" + "sa_"), drawn(8, HEX)),
    "web token": web_token,
}
"""What stands anywhere and needs no name."""

NAMED: dict[str, Maker] = {
    "password": password,
    "hex key": drawn(32, HEX),
    "base64 key": drawn(43, ALNUM + "+/", after="="),
    "plain key": drawn(24),
}


def _json(text: str) -> str:
    return json.dumps({"stdout": text, "code": 0})


TOKEN_WAYS: dict[str, Callable[[str], str]] = {
    "prose": lambda s: f"I pasted {s}, and it worked at once. Revoke it later!",
    "markdown": lambda s: f"- use `{s}` for the mirror\n- nothing else",
    "shell": lambda s: f"$ deploy --verbose {s} && echo done\ndone",
    "json escapes": lambda s: _json(f"first\n{s}\nthird\tcolumn"),
    "json twice": lambda s: _json(_json(f'out: "{s}"\n')),
    "yaml": lambda s: f"steps:\n  - run: make\n    with: {s}\n  - run: test\n",
    "url": lambda s: f"GET https://api.example.net/v1/items?limit=5&k={s}&page=2 200 OK",
    "encoded": lambda s: f"callback=https%3A%2F%2Fexample.net%2F%3Fk%3D{s}%26page%3D2",
    "colours": lambda s: f"\x1b[32m{s}\x1b[0m is set",
}
NAMED_WAYS: dict[str, Callable[[str], str]] = {
    "dotenv": lambda s: f"DEBUG=1\nAPI_KEY={s}\nPORT=8000\n",
    "export": lambda s: f"$ export SERVICE_TOKEN='{s}' && ./run.sh --fast",
    "option": lambda s: f"$ tool login --user ada --token {s} --quiet",
    "option tied": lambda s: f"ran tool --password={s} --retry 3",
    "json": lambda s: json.dumps({"user": "ada", "password": s, "port": 5432}),
    "json escapes": lambda s: _json(json.dumps({"client_secret": s, "scope": "read"}, indent=1)),
    "json twice": lambda s: _json(_json(json.dumps({"apiKey": s}))),
    "yaml": lambda s: f'database:\n  user: ada\n  password: "{s}"\n  port: 5432\n',
    "across lines": lambda s: f'"access_token":\n    "{s}",\n',
    "kubernetes": lambda s: f'env:\n- name: DB_PASSWORD\n  value: "{s}"\n- name: PORT\n',
    "toml": lambda s: f"[remote]\nsecret_key = \"{s}\"\nregion = 'x'\n",
    "python": lambda s: f'client = Client(url, api_key="{s}", timeout=3)',
    "subscript": lambda s: f'os.environ["AUTH_TOKEN"] = "{s}"\nmain()',
    "header": lambda s: f"> X-Api-Key: {s}\n> Accept: */*\n",
}


def _carried(r: random.Random) -> Iterator[Sample]:
    """Make the secrets that only their place gives away."""
    for user, scheme in (("ada", "https"), ("", "redis"), ("app", "postgresql+asyncpg")):
        word = password(r).replace("#", "7").replace("%", "8")
        yield Sample(
            "url password", scheme, f"git clone {scheme}://{user}:{word}@db.example.net:99/x y", word
        )
    word = drawn(40, HEX)(r)
    yield Sample("url token", "https", f"origin\thttps://{word}@git.example.net/a/b.git (fetch)", word)
    for scheme, made in (("Bearer", drawn(40)), ("token", drawn(40, HEX)), ("Bearer", drawn(64, DASHED))):
        word = made(r)
        yield Sample(
            "authorization", scheme, f'curl -H "Authorization: {scheme} {word}" https://example.net', word
        )
        yield Sample("authorization", "json", _json(json.dumps({"Authorization": f"{scheme} {word}"})), word)
    word = base64.b64encode(f"ada:{password(r)}".encode()).decode()
    yield Sample("basic", "header", f"authorization: Basic {word}\r\nhost: x\r\n", word)
    yield Sample("basic", "docker", f'{{"auths": {{"index.example.net": {{"auth": "{word}"}}}}}}', word)
    for name in ("sessionid", "connect.sid", "JSESSIONID"):
        word = drawn(32)(r)
        yield Sample("cookie", name, f"Cookie: theme1=darker; {name}={word}\nAccept: text/html", word)
        yield Sample("cookie", "set", f"< Set-Cookie: {name}={word}; Path=/; HttpOnly\n", word)
    for kind in ("RSA ", "", "EC ", "OPENSSH ", "ENCRYPTED "):
        key = private_key(r, kind)
        yield Sample("private key", "file", f"$ cat id\n{key}\n$ exit\n", key)
        yield Sample(
            "private key", "json", _json(json.dumps({"private_key": key, "kid": 1})), json.dumps(key)[60:-60]
        )


def samples(seed: int) -> list[Sample]:
    """Make each kind in each way, once."""
    r = random.Random(seed)
    found = list(_carried(r))
    for kind, maker in TOKENS.items():
        for way, into in TOKEN_WAYS.items():
            secret = maker(r)
            found.append(Sample(kind, way, into(secret), secret))
    for kind, maker in NAMED.items():
        for way, into in NAMED_WAYS.items():
            secret = maker(r)
            found.append(Sample(kind, way, into(secret), secret))
    return found


# ------------------------------------------------------------------------------------- written after the rules were
# In two goes. At first sight 222 of 230 were found, then 118 of another 122; the default of a Terraform variable, the
# `pass =` of an ini file and the `set` of fish are known since.

LATE_TOKENS: dict[str, Maker] = {
    "gitlab runner": drawn(20, DASHED, before="gl" + "rt-"),
    "slack webhook": joined(
        "/",
        lambda r: "https://hooks.slack" + ".com/services",
        drawn(9, UPPER + DIGITS, before="T"),
        drawn(11, UPPER + DIGITS, before="B"),
        drawn(24),
    ),
    "stripe webhook": drawn(32, before="wh" + "sec_"),
    "openrouter": drawn(64, HEX, before="sk-" + "or-v1-"),
    "groq": drawn(52, before="gs" + "k_"),
    "xai": drawn(80, before="xa" + "i-"),
    "replicate": drawn(37, before="r" + "8_"),
    "notion": drawn(46, before="nt" + "n_"),
    "atlassian": drawn(180, DASHED, before="ATA" + "TT3xFfGF0", after="=1A2B3C4D"),
    "sentry": drawn(120, before="sntr" + "ys_"),
    "figma": drawn(40, DASHED, before="fi" + "gd_"),
    "postman": joined("-", drawn(24, HEX, before="PM" + "AK-"), drawn(34, HEX)),
    "newrelic": drawn(27, UPPER + DIGITS, before="NR" + "AK-"),
    "twilio": drawn(32, HEX, before="S" + "K"),
    "mailgun": drawn(32, HEX, before="ke" + "y-"),
    "telegram": joined(":", drawn(10, "123456789"), drawn(33, DASHED, before="A" + "A")),
    "tailscale": joined("-", drawn(16, before="ts" + "key-auth-k"), drawn(32)),
    "planetscale": drawn(43, DASHED, before="pscale" + "_tkn_"),
    "pulumi": drawn(40, HEX, before="pu" + "l-"),
    "netlify": drawn(36, before="nf" + "p_"),
    "azure client": joined("8Q" + "~", drawn(3), drawn(34, ALNUM + "._-")),
    "discord bot": joined(".", drawn(22, before="M" + "T" + "Az"), drawn(6), drawn(38, DASHED)),
}
LATE_TOKEN_WAYS: dict[str, Callable[[str], str]] = {
    "diff": lambda s: f"@@ -1,2 +1,2 @@\n-client({s!r})\n+client(load())",
    "csv": lambda s: f"name,value,owner\nci,{s},ada\n",
    "xml": lambda s: f"<setting name='k'><value>{s}</value></setting>",
    "run log": lambda s: f"2025-11-25T03:04:05Z web_1  | calling with ({s}) took 12ms",
    "traceback": lambda s: f'  File "a.py", line 3\n    connect({s!r})\nValueError: no',
    "chat": lambda s: f"my key is {s}. Please put it into the settings",
    "repr of bytes": lambda s: f"b'GET /\\r\\nX-Thing: {s}\\r\\n\\r\\n'",
}
LATE_NAMED_WAYS: dict[str, Callable[[str], str]] = {
    "docker run": lambda s: f"docker run --rm -e POSTGRES_PASSWORD={s} -p 5432:5432 postgres",
    "dockerfile": lambda s: f"FROM x\nENV REGISTRY_TOKEN={s}\nRUN y",
    "systemd": lambda s: f'[Service]\nEnvironment="APP_SECRET={s}"\n',
    "properties": lambda s: f"spring.datasource.password={s}\nspring.datasource.user=ada\n",
    "literal": lambda s: f"kubectl create secret generic db --from-literal=password={s}",
    "helm": lambda s: f"helm install x ./x --set auth.rootPassword={s},replicas=2",
    "powershell": lambda s: f"PS> $env:GH_TOKEN = '{s}'; gh repo list",
    "javascript": lambda s: f"const client = new Client({{ apiKey: '{s}', region: 'eu' }});",
    "go": lambda s: f'cfg := Config{{\n\tClientSecret: "{s}",\n\tRetries:      3,\n}}',
    "terraform": lambda s: (
        f'variable "db_password" {{\n  default = "{s}"\n}}\nresource x {{\n  admin_password = "{s}"\n}}'
    ),
    "form": lambda s: f"POST /login\n\nuser=ada&passwd={s}&remember=1",
    "printenv": lambda s: f"HOME=/root\nNPM_AUTH_TOKEN={s}\nPWD=/src\nSHLVL=1",
    "rust": lambda s: f'    .header("x-api-key", "{s}")\n    .send()',
    "says": lambda s: f"Use the staging account, password is `{s}`, and tell me when done.",
    "markdown bold": lambda s: f"- **Password:** {s}\n- **User:** ada",
    "list of words": lambda s: json.dumps({"argv": ["tool", "--token", s, "--quiet"]}),
    "ruby": lambda s: f"config.secret_key_base = '{s}'\nconfig.x = 1",
    "php": lambda s: f"'password' => '{s}',\n'host' => 'db',",
    "ini": lambda s: f"[smtp]\nuser = ada\npass = {s}\nport = 25",
}


LAST_TOKENS: dict[str, Maker] = {
    "github oauth": drawn(36, before="gh" + "o_"),
    "gitlab deploy": drawn(20, DASHED, before="gl" + "dt-"),
    "stripe restricted": drawn(24, before="rk_" + "live_"),
    "slack app": joined(
        "-", drawn(1, "1", before="xa" + "pp-"), drawn(11, UPPER + DIGITS), drawn(13, DIGITS), drawn(64, HEX)
    ),
    "aws session id": drawn(16, UPPER + "234567", before="AS" + "IA"),
    "google client": drawn(28, DASHED, before="GOC" + "SPX-"),
    "tavily": drawn(32, before="tv" + "ly-"),
    "supabase": drawn(40, HEX, before="sb" + "p_"),
    "doppler service": joined(".", lambda r: "dp" + ".st", lambda r: "dev", drawn(43)),
    "age post-quantum": drawn(80, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", before="AGE-SECRET" + "-KEY-PQ-1"),
}
LAST_TOKEN_WAYS: dict[str, Callable[[str], str]] = {
    "makefile": lambda s: f"deploy:\n\t@tool push --with={s} --all\n",
    "quoted mail": lambda s: f"> > try {s}\n> it is mine\nthanks",
    "yaml folded": lambda s: f"note: >-\n  see\n  {s}\n  there\n",
    "path of a URL": lambda s: f"POST https://api.example.net/hooks/{s}/run HTTP/1.1",
    "nested quotes": lambda s: f'ssh host "sh -c \'tool \\"{s}\\"\'"',
}
LAST_NAMED_WAYS: dict[str, Callable[[str], str]] = {
    "java": lambda s: f'private static final String API_KEY = "{s}";',
    "csharp": lambda s: f'options.Password = "{s}"; options.Port = 1;',
    "inline": lambda s: f"$ AUTH_TOKEN={s} ./run --now",
    "make": lambda s: f"export API_TOKEN := {s}\nall:\n",
    "task definition": lambda s: json.dumps([{"name": "API_TOKEN", "value": s}, {"name": "A", "value": "b"}]),
    "socket": lambda s: f"wss://stream.example.net/v2?access_token={s}&v=2",
    "toml inline": lambda s: f'db = {{ user = "a", password = "{s}", port = 1 }}',
    "fetch": lambda s: f"fetch(url, {{headers: {{'X-Auth-Token': '{s}'}}}})",
    "says": lambda s: f"the client secret is {s} (until Friday)",
    "npmrc": lambda s: f"//registry.example.net/:_authToken={s}\nalways=true\n",
    "psql": lambda s: f"PGPASSWORD={s} psql -h db -U ada",
    "ansible": lambda s: f"ansible_user: ada\nansible_become_pass: {s}\n",
    "git credential": lambda s: f"protocol=https\nusername=ada\npassword={s}\n",
    "windows": lambda s: f"C:\\> set API_TOKEN={s}\r\nC:\\> run",
    "fish": lambda s: f"set -gx API_TOKEN {s}\necho ok",
    "repr": lambda s: f"Settings(url='x', api_key='{s}', debug=True)",
    "netrc": lambda s: f"machine example.net\n  login ada\n  password {s}\n",
    "dsn": lambda s: f"Server=db;User Id=sa;Password={s};Encrypt=true",
}


def unseen(seed: int) -> list[Sample]:
    """Make other kinds in other ways, once each."""
    r = random.Random(seed)
    found: list[Sample] = []
    for tokens, ways in ((LATE_TOKENS, LATE_TOKEN_WAYS), (LAST_TOKENS, LAST_TOKEN_WAYS)):
        for kind, maker in tokens.items():
            for way, into in ways.items():
                secret = maker(r)
                part = secret.partition(":")[2] if kind == "telegram" else secret.rpartition("/services/")[2]
                found.append(Sample(kind, way, into(secret), part))
    for kind, maker in NAMED.items():
        for way, into in (LATE_NAMED_WAYS | LAST_NAMED_WAYS).items():
            secret = maker(r)
            found.append(Sample(kind, way, into(secret), secret))
    return found


# ------------------------------------------------------------------------- the forms of a published detector of secrets
# Those that detect-secrets 1.5 looks for, in the words in which it finds them: a test lets it find each of them.

PUBLISHED: dict[str, tuple[str, Maker]] = {
    "Artifactory Credentials": ("key: ¤", drawn(69, before="AKC" + "p")),
    "AWS Access Key": ("export AWS_ACCESS_KEY_ID=¤", drawn(16, UPPER + "234567", before="AC" + "CA")),
    "AWS Access Key 2": ("aws_secret_access_key = '¤'", drawn(40, ALNUM + "/+")),
    "AWS Access Key 3": ("id ¤ of the build", drawn(16, UPPER + "234567", before="AB" + "IA")),
    "Azure Storage Account access key": (
        "DefaultEndpointsProtocol=https;AccountName=x;AccountKey=¤",
        drawn(86, ALNUM + "+/", after="=="),
    ),
    "Basic Auth Credentials": ("curl https://ada:¤@example.net/x", drawn(14)),
    "Cloudant Credentials": ('cloudant_password = "¤"', drawn(64, HEX)),
    "Cloudant Credentials 2": ("https://ada:¤@ada.cloudant.com", drawn(64, HEX)),
    "Cloudant Credentials 3": ("clou_apikey: '¤'", drawn(24, LOWER)),
    "Discord Bot Token": (
        "bot.run('¤')",
        joined(".", drawn(22, before="M" + "Tk"), drawn(6), drawn(27, DASHED)),
    ),
    "GitHub Token": ("remote: ¤", drawn(36, before="gh" + "o_")),
    "GitHub Token 2": ("remote: ¤", drawn(36, before="gh" + "u_")),
    "GitHub Token 3": ("remote: ¤", drawn(36, before="gh" + "r_")),
    "GitLab Token": ("push with ¤", drawn(20, DASHED, before="gl" + "ft-")),
    "GitLab Token 2": ("register ¤", drawn(20, DASHED, before="GR" + "1348941")),
    "GitLab Token 3": ("job ¤", drawn(22, ALNUM, before="gl" + "cbt-4f_")),
    "GitLab Token 4": ("mail ¤", drawn(25, ALNUM, before="gl" + "imt-")),
    "GitLab Token 5": ("trigger ¤", drawn(40, ALNUM, before="gl" + "ptt-")),
    "GitLab Token 6": ("agent ¤", drawn(50, ALNUM, before="gl" + "agent-")),
    "GitLab Token 7": ("oauth ¤", drawn(64, ALNUM, before="gl" + "oas-")),
    "IBM Cloud IAM Key": ('ibm_cloud_iam_api_key = "¤"', drawn(44, DASHED)),
    "IBM COS HMAC Credentials": ('cos_hmac_secret_access_key = "¤"', drawn(48, HEX)),
    "JSON Web Token": ("Set-Thing: ¤", web_token),
    "Mailchimp Access Key": ("list with ¤", drawn(32, HEX, after="-us" + "12")),
    "NPM tokens": ("//registry.npmjs" + ".org/:" + "_auth" + "Token" + "=¤", drawn(36, before="np" + "m_")),
    "OpenAI Token": (
        "model ¤",
        joined("T3Blbk" + "FJ", drawn(30, DASHED, before="sk-", after="a1B2c3D4e5" * 2), drawn(20)),
    ),
    "Private Key": ("$ cat k\n¤", private_key),
    "Private Key 2": ("$ cat k\n¤", lambda r: private_key(r, "DSA ")),
    "Private Key 3": ("$ cat k\n¤", lambda r: private_key(r, "OPENSSH ")),
    "Private Key 4": ("$ cat k\n¤", lambda r: private_key(r, "SSH2 ENCRYPTED ")),
    "PyPI Token": ("upload ¤", drawn(80, DASHED, before="pypi" + "-AgEIcHlwaS5vcmc")),
    "PyPI Token 2": ("upload ¤", drawn(80, DASHED, before="pypi" + "-AgENdGVzdC5weXBpLm9yZw")),
    "SendGrid API Key": ("mail ¤", joined(".", drawn(22, DASHED, before="S" + "G."), drawn(43, DASHED))),
    "Slack Token": (
        "hear ¤",
        joined("-", drawn(12, DIGITS, before="xo" + "xp-"), drawn(12, DIGITS), drawn(24, LOWER + DIGITS)),
    ),
    "Slack Token 2": (
        "https://hooks.slack.com/services/¤",
        joined("/", drawn(9, before="T"), drawn(9, before="B"), drawn(24)),
    ),
    "SoftLayer Credentials": ("softlayer_api_key = '¤'", drawn(64, LOWER + DIGITS)),
    "Square OAuth Secret": ("pay ¤", drawn(43, DASHED, before="sq0" + "csp-")),
    "Stripe Access Key": ("pay ¤", drawn(24, before="rk_" + "live_")),
    "Stripe Access Key 2": ("pay ¤", drawn(24, before="sk_" + "live_")),
    "Telegram Bot Token": ("¤", joined(":", drawn(10, "123456789"), drawn(33, DASHED, before="A" + "A"))),
    "Twilio API Key": ("call ¤", drawn(32, HEX, before="S" + "K")),
}


def published(seed: int) -> list[Sample]:
    """Make each form of the detector twice: as it finds it, and inside of JSON's escapes."""
    r = random.Random(seed)
    found: list[Sample] = []
    for kind, (place, maker) in PUBLISHED.items():
        secret = maker(r)
        text = f"$ ./run\n{place.replace('¤', secret)}\nok\n"
        part = secret.partition(":")[2] if kind.startswith("Telegram") else secret
        found.append(Sample(kind, "as it is found", text, part))
        found.append(
            Sample(kind, "json", _json(text), json.dumps(part)[1:-1] if "\n" not in part else part[60:120])
        )
    return found
