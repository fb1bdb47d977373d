r"""Secrets out of text before anything is written: each becomes `[redacted:<kind>]`. Pure.

A journal must stay readable, so object ids, hashes, paths, references (`$TOKEN`) and placeholders are no secrets; a
value counts only where its shape, its name or its place says so. Every rule has literal hints, and its pattern is
compiled when one of them is in the text: a short harmless note costs no regular expression.
"""

from patina_sessions.redact.search import Found, find, redact
from patina_sessions.redact.stream import StreamRedactor

__all__ = ["Found", "StreamRedactor", "find", "redact"]
