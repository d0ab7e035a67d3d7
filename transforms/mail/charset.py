"""Octets under a claimed charset to text, for any claim and any octets (RFC 2046 §4.1.2)."""

from __future__ import annotations

import codecs
from functools import lru_cache

# Text codecs of Python that are no charset of mail, or take quadratic time.
_REFUSED = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined"})

# What senders write under the narrower name; the same table that browsers use (WHATWG Encoding §4.2).
_WIDER = {
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
}
_ALIASES = {
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "windows-874": "cp874",
    "x-sjis": "cp932",
    "x-gbk": "gb18030",
}


def codec_name(charset: str) -> str | None:
    """Python's name of the codec that reads a charset, lower case; None if unknown or no charset."""
    return _codec_name(charset[:64].strip().lower())


@lru_cache(maxsize=512)
def _codec_name(charset: str) -> str | None:
    try:
        name = codecs.lookup(_ALIASES.get(charset, charset)).name
        b"a".decode(name, "replace")  # refuses rot13, zip and other codecs that are not text encodings
    except (LookupError, ValueError):
        return None
    return None if name in _REFUSED else name


def to_text(octets: bytes, charset: str) -> str:
    """Text of octets; what the charset cannot read becomes U+FFFD. May hold lone surrogates (UTF-7).

    A charset that is unknown, absent or us-ascii says nothing about octets above 127: those are read
    as UTF-8, else as Windows-1252.
    """
    if octets.isascii() and charset in ("", "utf-8", "us-ascii"):
        return octets.decode("ascii")
    name = codec_name(charset)
    if name is not None and name != "ascii":
        return octets.decode(_WIDER.get(name, name), "replace")
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("cp1252", "replace")
