"""Structured field values without their comments and folding (RFC 5322 §3.2.2)."""

from __future__ import annotations

import re

_BLANKS = re.compile(rb"[ \t]++")
_OUTSIDE = re.compile(rb'"(?:[^"\\]|\\.)*+"|[^"(\\]++|\\.|["\\]', re.DOTALL)
_INSIDE = re.compile(rb"[^()\\]++|\\.|\\", re.DOTALL)


def unfolded(value: bytes) -> bytes:
    """A field value on one line, without blanks at its ends (RFC 5322 §2.2.3)."""
    if b"\n" in value:
        value = value.replace(b"\r\n ", b" ").replace(b"\r\n\t", b"\t")
    return value.strip(b" \t\r\n")


def compact(value: bytes, room: int) -> bytes:
    """A field value on one line; where it has more than room octets, each run of blanks is one of them.

    No mail program writes so many blanks, and a relaxed signature lets anybody add them (RFC 6376 §3.4.2): they
    must not push what follows out of what is looked at.
    """
    value = unfolded(value)
    return _BLANKS.sub(b" ", value) if len(value) > room else value


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
