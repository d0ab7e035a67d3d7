"""Unstructured values and phrases as people read them (RFC 2047)."""

from __future__ import annotations

import binascii
import re

from transforms.mail.charset import to_text
from transforms.mail.comments import compact, unfolded
from transforms.text import clean_text

_ENCODED_WORD = re.compile(rb"=\?([^?\s*]{1,64})(?:\*[^?\s]{0,64})?\?([bBqQ])\?([^?]*)\?=")
_STRICT = re.compile(
    rb"=\?(?:us-ascii|utf-8|iso-8859-[0-9]{1,2}|windows-125[0-8]|koi8-[ru]|gb2312|gbk|gb18030|big5|iso-2022-jp|shift_jis"
    rb"|euc-jp|euc-kr|ks_c_5601-1987)\?(?:q\?[!->@-~]*+|b\?(?:[a-z0-9+/]{4})*+(?:[a-z0-9+/]{2}==|[a-z0-9+/]{3}=)?)\?=",
    re.IGNORECASE,
)
_MAX_WORDS = 1_000


def decode_words(value: bytes, limit: int) -> str:
    """A field's value, unfolded and decoded, clean, at most limit characters, cut with an ellipsis.

    Where the value is longer than limit, each run of blanks is shown as one.
    Raw octets above 127 are read as UTF-8, else as Windows-1252. Encoded words beyond the first
    thousand are shown as they are written.
    """
    # An emoji as Q is 12 octets, and each encoded word has some 20 of its own.
    whole = compact(value, limit).replace(b"\t", b" ")
    value = whole[: 32 * limit + 1024]
    text = clean_text(_decoded(value) if b"=?" in value else to_text(value, ""), limit)
    if len(value) < len(whole) and not text.endswith("…"):
        return text[: limit - 1] + "…"
    return text


def words_are_strict(value: bytes) -> bool:
    """Whether every reader decodes the encoded words of a value, and alike.

    Some show a word as it is written if its charset is unknown, a language stands there, or its base64
    has other octets in it: and all of these can be words of their own.
    """
    return all(_STRICT.fullmatch(match.group()) for match in _ENCODED_WORD.finditer(unfolded(value)))


def _decoded(value: bytes) -> str:
    pieces: list[str] = []
    run: list[bytes] = []  # octets of adjacent encoded words: some senders cut characters in two
    run_charset = ""
    at = 0
    for count, match in enumerate(_ENCODED_WORD.finditer(value)):
        if count == _MAX_WORDS:
            break
        between = value[at : match.start()]
        charset = match[1].decode("latin-1").lower()
        adjacent = bool(run) and not between.strip()  # RFC 2047 §6.2: blanks between two of them go
        if not adjacent or charset != run_charset:
            pieces.append(to_text(b"".join(run), run_charset))
            run, run_charset = [], charset
        if not adjacent:
            pieces.append(to_text(between, ""))
        run.append(_octets(match[2], match[3]))
        at = match.end()
    pieces.append(to_text(b"".join(run), run_charset))
    pieces.append(to_text(value[at:], ""))
    return "".join(pieces)


def _octets(encoding: bytes, text: bytes) -> bytes:
    """The octets of one encoded word (RFC 2047 §4)."""
    if encoding in b"qQ":
        return binascii.a2b_qp(text, header=True)
    for padded in (text + b"==", text[:-1] + b"=="):
        try:
            return binascii.a2b_base64(padded)
        except binascii.Error:  # one letter too many
            continue
    return b""
