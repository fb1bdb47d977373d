"""Lines that look dangerous and hold no secret, made from pieces: what a developer's text is full of.

Every line is one in which an earlier or a simpler rule would see something.
"""

from __future__ import annotations

import base64
import hashlib
import random
import string
import uuid
from collections.abc import Callable, Iterator

HEX = string.digits + "abcdef"
ALNUM = string.ascii_letters + string.digits
NAMES = "token api_key password secret access_token client_secret db_password auth_token private_key passphrase".split()
NOUNS = "parser index journal reader commit branch session worktree packet schema cursor bucket request user".split()
VERBS = "fix add move split read keep test drop rename guard".split()


def _hex(r: random.Random, length: int) -> str:
    return "".join(r.choices(HEX, k=length))


def _digest(r: random.Random, name: str) -> str:
    return base64.b64encode(hashlib.new(name, r.randbytes(9)).digest()).decode()


def _lock(r: random.Random) -> str:
    noun, version = r.choice(NOUNS), f"{r.randrange(9)}.{r.randrange(30)}.{r.randrange(9)}"
    return r.choice(
        [
            f'      "integrity": "sha512-{_digest(r, "sha512")}",',
            f"  integrity sha1-{_digest(r, 'sha1')}",
            f'checksum = "{_hex(r, 64)}"',
            f"    --hash=sha256:{_hex(r, 64)} \\",
            f"github.com/{noun}/js-tokens v{version} h1:{_digest(r, 'sha256')}",
            f'  resolved "https://registry.example.org/js-tokens/-/js-tokens-{version}.tgz#{_hex(r, 40)}"',
            f'    {{file = "{noun}_token-{version}-py3-none-any.whl", hash = "sha256:{_hex(r, 64)}"}},',
            f"[[package]]\nname = 'secret-{noun}'\nversion = '{version}'",
            f'"node_modules/{noun}-cookie": {{"version": "{version}", "engines": {{"node": ">=0.6"}}}},',
        ]
    )


def _git(r: random.Random) -> str:
    noun, verb = r.choice(NOUNS), r.choice(VERBS)
    return r.choice(
        [
            f"commit {_hex(r, 40)} (HEAD -> token-{noun}, origin/main)",
            f"{_hex(r, 7)} {verb}: the {r.choice(NAMES)} of a {noun}",
            f"index {_hex(r, 7)}..{_hex(r, 7)} 100644",
            f"Author: Ada Lovelace <ada+{noun}@example.org>",
            f"Merge: {_hex(r, 9)} {_hex(r, 9)}",
            f" create mode 100644 src/{noun}/{r.choice(NAMES)}_{verb}.py",
            f"tree {_hex(r, 40)}\nparent {_hex(r, 40)}",
            f"Change-Id: I{_hex(r, 40)}",
            f"{_hex(r, 40)} {_hex(r, 40)} Ada <ada@example.org> {r.randrange(10**9)} +0100\tcommit: {verb} tokens",
            f"diff --git a/{noun}/password.py b/{noun}/password{r.randrange(9)}.py",
            f"origin\tgit@github.com:{noun}/{verb}.git (fetch)",
            f"origin\tssh://git@git.example.net:2222/{noun}/{verb}.git (push)",
            f"https://ada@git.example.net/{noun}/{verb}.git",
        ]
    )


def _data(r: random.Random) -> str:
    picture = base64.b64encode(r.randbytes(r.randrange(60, 400))).decode()
    return r.choice(
        [
            str(uuid.UUID(int=r.getrandbits(128))),
            f"request id: {uuid.UUID(int=r.getrandbits(128))}",
            f"![logo](data:image/png;base64,{picture})",
            f'<img src="data:image/gif;base64,{picture}">',
            picture,
            f"//# sourceMappingURL=data:application/json;base64,{picture}",
            f'etag: W/"{_hex(r, 32)}"',
            f"sha256:{_hex(r, 64)} 12.4MB registry.example.net/{r.choice(NOUNS)}:latest",
            f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{picture[:43]} ada@example.org",
            f"SHA256:{_digest(r, 'sha256').rstrip('=')} ada@example.org (ED25519)",
            f"2025-11-{r.randrange(10, 29)}T12:{r.randrange(10, 59)}:00.{r.randrange(999)}Z INFO token refreshed in {r.randrange(99)}ms",
            f"s3://{r.choice(NOUNS)}-secrets/{_hex(r, 8)}/password-{r.randrange(99)}.txt",
            "-----BEGIN CERTIFICATE" + f"-----\n{picture}\n-----END CERTIFICATE-----",
            "-----BEGIN PUBLIC" + f" KEY-----\n{picture}\n-----END PUBLIC KEY-----",
        ]
    )


def _document(r: random.Random) -> str:
    name, noun = r.choice(NAMES), r.choice(NOUNS)
    return r.choice(
        [
            f"export GITHUB_TOKEN={'ghp' + '_' + 'x' * 36}",
            f"OPENAI_API_KEY={'sk' + '-'}...",
            f"{name}: <your {name}>",
            f"{name.upper()}=<{name}>",
            f"{name}=your-{name.replace('_', '-')}-here",
            f"{name} = 'YOUR_{name.upper()}'",
            f"aws_access_key_id = {'AK' + 'IA' + 'IOSFODNN7'}EXAMPLE",
            f"curl -H 'Authorization: Bearer ${name.upper()}' https://api.example.net/{noun}",
            f'curl -H "Authorization: token <{name}>" https://api.example.net',
            f"curl -u $USER:${name.upper()} https://api.example.net",
            f"curl -u username:password https://api.example.net/{noun}",
            f"postgres://user:password@localhost:5432/{noun}",
            f"DATABASE_URL=postgres://${{DB_USER}}:${{DB_PASSWORD}}@db/{noun}",
            f"https://<user>:<{name}>@example.net/{noun}",
            f"The {name} is read from the environment, never from a file of the {noun}.",
            f"{name}: required, at least 12 characters",
            f"| `--{name.replace('_', '-')}` | string | the {noun} to use |",
            f"usage: tool [--{name.replace('_', '-')} {name.upper()}] [--password-stdin] {noun}",
            f"Set the `{name}` in {noun}.toml: it is sent as `Authorization: Bearer <{name}>`.",
            f"Cookie: the {noun} keeps one, named after the session",
            f"Basic authentication of a {noun}, bearer authentication of a user",
            f"{name}: ********",
            f"{name}: [redacted:{name.replace('_', '-')}]",
            f"max_tokens: {r.randrange(10**5)}, total tokens: {r.randrange(10**6)}, cost per token: 0.00{r.randrange(99)}",
            f"password: see {noun}@2.{r.randrange(9)}",
            f"-----BEGIN {'RSA PRIVATE'} KEY-----\n...\n-----END {'RSA PRIVATE'} KEY-----",
        ]
    )


def _settings(r: random.Random) -> str:
    name, noun = r.choice(NAMES), r.choice(NOUNS)
    upper = name.upper()
    return r.choice(
        [
            f"{upper}=${upper}",
            f"{upper}=${{{upper}:-}}",
            f'{upper}="$(cat /run/secrets/{name})"',
            f"{upper}=`pass show {noun}/{name}`",
            f"          {upper}: ${{{{ secrets.{upper} }}}}",
            f"{name}_file: /run/secrets/{noun}_{name}",
            f"{upper}_FILE=/var/run/secrets/{noun}-{r.randrange(9)}",
            f"{name}_url = https://auth.example.net/oauth2/{noun}",
            f"{name}_expires_in: {r.randrange(10**5)}",
            f"{name}: !vault |",
            f"{name}: null",
            f"password=None, token=None, {name}=None",
            f"{name}: {{{{ lookup('env', '{upper}') }}}}",
            f"{name}: op://{noun}/{name}/credential",
            f"secretName: {noun}-credentials-v{r.randrange(9)}",
            f"  secretKeyRef:\n    name: {noun}-secret\n    key: {name}",
            f"password_min_length: {r.randrange(8, 32)}",
            f"PASSWORD_RESET_TIMEOUT={r.randrange(10**5)}",
            f"--{name.replace('_', '-')}-file ~/.config/{noun}/{name}.txt",
            f'tool login --{name.replace("_", "-")} "${upper}"',
            f"tokenizer: {noun}-base-v{r.randrange(9)}",
            f"token_type=Bearer&scope=read:{noun}",
            f"ENV {upper}=\nARG {upper}",
            f"cache-key: {noun}-{_hex(r, 40)}",
        ]
    )


def _code(r: random.Random) -> str:
    name, noun, verb = r.choice(NAMES), r.choice(NOUNS), r.choice(VERBS)
    camel = name.split("_")[0] + "".join(map(str.title, name.split("_")[1:]))
    return r.choice(
        [
            "token = next(tokens)",
            f'{name} = os.environ["{name.upper()}"]',
            f"{name} = os.environ.get('{name.upper()}', '')",
            f"const {camel} = process.env.{name.upper()};",
            f"{name} = {noun}.{name}",
            f"self.{name} = {name}",
            f"{name}={name}, {noun}={noun},",
            f"if {name} == other.{name}:",
            f"{name}: str | None = None",
            f"{camel}: string;",
            f"let {camel} = {verb}{noun.title()}(request.headers['x-{noun}-1']);",
            f"def {verb}_{name}({name}: str, {noun}: int = 0) -> bool:",
            f'assert "{name}" in {noun}, "{name} is missing"',
            f'parser.add_argument("--{name.replace("_", "-")}", help="the {name} of the {noun}")',
            f'raise ValueError("{name}: expected {r.randrange(9)} parts, got 2")',
            f"token = tokens[{r.randrange(9)}]",
            f"{name} = get_{name}({noun}1)",
            f'fields = ["username", "{name}", "{noun}", "password2"]',
            f"headers['Authorization'] = f'Bearer {{{name}}}'",
            f'headers = {{"Authorization": "Bearer " + {camel}}}',
            f"url = f'https://{{user}}:{{{name}}}@{{host}}/{noun}'",
            f"{name} = re.compile(r'[A-Za-z0-9_]{{{r.randrange(9, 40)}}}')",
            f"{name} = hashlib.sha256({noun}.encode()).hexdigest()",
            f"cookie = SimpleCookie({noun}); cookie['{noun}'] = value",
            f"response.set_cookie('{noun}', {name}, httponly=True)",
            f'"{name}": {{"type": "string", "minLength": {r.randrange(99)}}},',
            f'<input type="password" name="{name}" id="{noun}" autocomplete="new-password">',
            f'<label for="{name}">{name.title()}</label>',
            f"Token({noun.upper()}, '{verb}', line={r.randrange(999)}, column={r.randrange(99)})",
            f"match token.kind {{ TokenKind::{noun.title()} => self.{verb}(token), _ => {{}} }}",
            f"@pytest.mark.parametrize('{name}', ['', None, 'short'])",
        ]
    )


def _minified(r: random.Random) -> str:
    pieces = [
        "function(e,t){return e.token=t.token||null}",
        "password:t('label.password'),",
        "var s=n(17),o=s.createHash;",
        "e.exports={token:i,secret:o};",
        "if(a.key===13&&!b.passwd)return!1;",
        "c=d?e.apiKey:f.apiKey,",
        'g({type:"password",name:"pwd"});',
        "headers:{Authorization:`Bearer ${n}`},",
        "document.cookie=l+'='+m,",
        f"x{r.randrange(99)}=y.{r.choice(NOUNS)}Token(z),",
    ]
    return "".join(r.choices(pieces, k=12))


_KINDS: tuple[Callable[[random.Random], str], ...] = (
    _lock,
    _git,
    _data,
    _document,
    _settings,
    _code,
    _minified,
)


def lines(seed: int, count: int) -> Iterator[str]:
    """Make so many lines, a few of which are two or three."""
    r = random.Random(seed)
    for _ in range(count):
        yield r.choice(_KINDS)(r)
