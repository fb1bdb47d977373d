"""Where a value ends that has a name (`password: …`), and how much it looks like one that nobody should see."""

from __future__ import annotations

import re

from patina_sessions.redact.rule import compiled, stands_in

# Up to what ends a word in a shell, a URL, YAML, JSON, HTML, code: a comma, semicolon or quote counts as part of the
# value when more of it follows; an ampersand unless `&name=` follows, and `<` unless it opens or closes a tag.
_BARE = (
    r"(?:[^\s\x00-\x1f\x7f\"'`,;&<\\]|[,;](?![\s\"'`\\,;)\]}]|$|[\w.-]{1,40}[=:]|[A-Z][a-z]+ [A-Za-z]+=)"
    r"|&(?![\w.-]{1,40}=|&|\s|$|quot;|#3|amp;|lt;)|<(?![/!a-zA-Z])|[\"'](?=[A-Za-z0-9])|\\(?![nrtu\"'`\\\s]|$))*+"
)
_TRAILING = ")]},.;:"

_WORDS = frozenset(
    "true false none null nil undefined yes no on off str string bytes number int integer float bool boolean object"
    " array any unknown void optional required empty missing invalid expired unset hidden masked secret secrets token"
    " tokens password passwd passphrase passwort credential credentials text value default disabled enabled inherit"
    " read write admin prompt stdin file keychain keyring vault env environment auto random generated reset forgot"
    " confirm change current new old not name user username email test pass fail skip pwd".split()
)
# What refers to a value that stands elsewhere: variables, templates, secret stores, URLs.
_REFERENCE = (
    r"\$+[A-Za-z_]\w*(?:[:./\[-].*)?$|\$[{(]|%[A-Za-z_]\w*%$|(?:[^\w%]*%[a-z])+\W*$|%\(|@\w+@$|@\{|#\{"
    r"|\{[\w.!: ]*(?:\}|$)|[A-Za-z][\w+.-]*://|![A-Za-z]+(?:[: ]|$)|<[\w /_-]*>?$|<%|\{%|ENC\[|\{cipher\}"
    r"|\w*sha\d+[-:=]|#[0-9A-Fa-f]{3,8}$|&(?:lt|#x?3[cC]|#60);|(?:op|vault|aws|gcp|ssm|secret|env|file|arn|ref\+\w+):"
)
_TEMPLATE = r"\$\{|\{\{|\$\(|<%|\(\?[=:!<]|\[\^|\\[wdsWDS]"
# Code: a call or an index, a member of something, a name in capitals, an arrow, a type.
_CODE = (
    r"(?:self|this|cls|args|config|settings|options|opts|os|process|env)\."
    r"|[A-Za-z_$][\w$]{2,}(?:(?:\.|::|->|\?\.)[\w$]+)*!?[(\[]|[A-Za-z_$][\w$]?[(\[][\w.,\"'$ ]*[)\]]*;?$"
    r"|[A-Za-z_$]+\d?(?:(?:\.|::|->|\?\.)[A-Za-z_$]+\d?)+(?:[(\[].*)?$"
    r"|[A-Z]{2}[A-Z0-9]*(?:_[A-Z0-9]+)+$|[A-Za-z_]\w*(?:->|=>)"
    r"|(?:u?int|float|utf-?|sha-?|md|base|oauth|argon|pbkdf|bcrypt|aes-?|ed|[ehrp]s|[iufv])\d+[\w-]{0,8}$"
)
# A path from a root, a file below folders, names in folders.
_PATH = r"(?:~|\.{0,2}|[A-Za-z]:)[/\\][\w./\\ @-]*$|(?:[\w.@-]+/)+[\w.@-]*\.[a-z]{1,5}$"
_BELOW = r"(?:[\w.@-]+/){2,}[\w.@-]+$"
_SLUG = r"(?:[A-Za-z]*|\d{1,3}|v\d+)(?:[-_./:](?:[A-Za-z]+\d{0,2}|\d{1,3}|v\d+))+$|[A-Z]?[a-z]+\d{1,2}$"
# What a word may be: a vowel, and never more than three other letters in a row.
_SPOKEN = r"(?i)[^aeiouy]{0,3}(?:[aeiouy]+[^aeiouy]{0,3})+"


def extent(text: str, at: int, quote: str | None, stop: int) -> tuple[int, str | None]:
    """Return where the value that begins here ends, at the latest at `stop`, and the quote that closes it."""
    if quote:
        end = _closing(text, at, quote, stop)
        if end is not None:
            return end, quote
    match = compiled(_BARE).match(text, at, stop)
    end = match.end() if match else at
    while end > at and text[end - 1] in _TRAILING:
        end -= 1
    return end, None


def _closing(text: str, at: int, quote: str, stop: int) -> int | None:
    r"""Return where the quote is closed on its line. `\"` closes what `\"` opened, and `\\\"` is a character in it."""
    line = text.find("\n", at, stop)
    stop = stop if line < 0 else line
    mark = quote.lstrip("\\") if quote[-1] in "\"'`" else quote
    depth = len(quote) - len(mark)
    end = text.find(mark, at, stop)
    while end >= 0:
        first = end
        while first > at and text[first - 1] == "\\":
            first -= 1
        if (end - first) % (2 * depth + 2) == depth:
            return end - depth
        end = text.find(mark, end + 1, stop)
    return None


def chosen(value: str) -> bool:
    """Tell whether a value is a literal at all, and not a placeholder, a word of a form, code or a reference."""
    low = value.lower().strip("_-*[]()<>{}")
    if len(value) < 4 or low in _WORDS or stands_in(value) or "..." in value:
        return False
    if low.isalpha() and any(word in low for word in ("password", "secret", "token")):
        return False
    if refers(value) or re.match(_CODE, value.strip("*_")):
        return False
    if re.match(_PATH, value) and re.search("[a-z]{3}", value):
        return False
    return not re.match(_BELOW, value) or random(value)


def refers(value: str) -> bool:
    """Tell whether a value says where the secret is."""
    return bool(re.match(_REFERENCE, value) or re.search(_TEMPLATE, value))


def mixed(value: str) -> bool:
    """Tell whether a value has letters and what is no letter, as a password has that a person chose."""
    return bool(re.search("[A-Za-z]", value) and re.search(r"[0-9!@#$%^&*+=?~|]", value)) and len(value) >= 6


def worded(value: str) -> bool:
    """Tell whether a value is a name made of words: `db-credentials-v2`, `token_1`, `oauth2ClientSecret`."""
    if re.match(_SLUG, value):
        return True
    spoken = filter(compiled(_SPOKEN).fullmatch, re.findall("[A-Z]?[a-z]{2,}|[A-Z]{3,}", value))
    return sum(map(len, spoken)) * 4 >= len(value) * 3


def random(value: str) -> bool:
    """Tell whether a value looks as if a machine had drawn it."""
    if len(value) < 8 or worded(value):
        return False
    turns = len(re.findall(r"\d(?=[A-Za-z])|[A-Za-z](?=\d)", value))
    marks = len(re.findall(r"[!@#$%^&*+=?~|]", value))
    if turns + marks >= 3 or (turns >= 1 and marks >= 1):
        return True
    return len(value) >= 16 and bool(re.search("[A-Za-z]", value))
