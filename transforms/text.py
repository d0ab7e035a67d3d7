"""The one way that hostile octets become printable text.

Everything shown, stored as a string or handed to Arrow passes through clean_text:
no lone surrogate (they stop Arrow and SQLite), no control or bidirectional character
(they rewrite a terminal line), nothing lost (each is written as an escape).
"""

from __future__ import annotations

import re

_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_UNPRINTABLE = re.compile(f"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff{_BIDI}]")


def clean_text(value: bytes | str, limit: int | None = None) -> str:
    """Printable, valid Unicode for any input; at most limit characters, cut with an ellipsis.

    Octets that are not UTF-8 become `\\xNN`, control and bidi characters `\\xNN` or `\\uNNNN`.
    """
    if limit is not None:  # cut before the work, not after it
        value = value[: 4 * limit + 4]
    if isinstance(value, bytes):
        text = value.decode("utf-8", "backslashreplace")
    else:
        text = value
    if not text.isprintable():
        text = _UNPRINTABLE.sub(_escape, text)
    if limit is not None and len(text) > limit:
        text = text[: limit - 1] + "…"
    return text


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if 0xDC80 <= code <= 0xDCFF:  # surrogateescape: an octet that was not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
