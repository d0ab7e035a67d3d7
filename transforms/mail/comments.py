"""Structured field values without their comments and folding (RFC 5322 §3.2.2)."""

from __future__ import annotations

import re

_OUTSIDE = re.compile(rb'"(?:[^"\\]|\\.)*+"|[^"(\\]++|\\.|["\\]', re.DOTALL)
_INSIDE = re.compile(rb"[^()\\]++|\\.|\\", re.DOTALL)


def unfolded(value: bytes) -> bytes:
    """A field value on one line, without blanks at its ends (RFC 5322 §2.2.3)."""
    if b"\n" in value:
        value = value.replace(b"\r\n ", b" ").replace(b"\r\n\t", b"\t")
    return value.strip(b" \t\r\n")


def without_comments(value: bytes) -> bytes:
    """The value with each comment replaced by one space; quoted strings are left alone.

    A comment that is never closed reaches to the end of the value.
    """
    if b"(" not in value:
        return value
    kept = []
    at, depth, size = 0, 0, len(value)
    while at < size:
        octet = value[at : at + 1]
        if octet == b"(":
            depth += 1
            at += 1
        elif depth and octet == b")":
            depth -= 1
            at += 1
            if not depth:
                kept.append(b" ")
        else:
            match = (_INSIDE if depth else _OUTSIDE).match(value, at)
            assert match is not None  # every octet but a parenthesis begins a token
            if not depth:
                kept.append(match.group())
            at = match.end()
    return b"".join(kept)
