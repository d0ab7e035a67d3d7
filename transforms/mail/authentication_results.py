"""What does an Authentication-Results field record? (RFC 8601 §2.2; RFC 8617 §4.1.1)

Comments are dropped: a sealer quotes in them what a sender wrote. One thing is read out of them,
the DMARC policy that Google, Microsoft, Yahoo and Fastmail write as `(p=REJECT sp=NONE ...)` behind
the result of dmarc. A field with anything in it that two readers could split differently records
nothing at all, since what is lost might be what speaks against the rest.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from transforms.mail.comments import unfolded
from transforms.text import clean_text

_MAX_OCTETS = 16 * 1024  # of one field
_MAX_RESULTS = 50
_MAX_PROPERTIES = 30  # of one result
_MAX_VALUE = 256  # characters

_OUTSIDE = re.compile(rb'"(?:[^"\\]|\\.)*+"|[^"();\\]++', re.DOTALL)
_IN_COMMENT = re.compile(rb'[^()"\\]++|\\.', re.DOTALL)
_METHOD = re.compile(r"([a-z0-9][a-z0-9_-]*+)(?:\s*/\s*[0-9]+)?\s*=\s*([a-z0-9][a-z0-9_.-]*+)(?=\s|\Z)", re.I)
_VALUE = r'(?:"(?:[^"\\]|\\.)*+"|[^\s"])*+'
_PROPERTY = re.compile(rf"([a-z0-9][a-z0-9_-]*+(?:\s*\.\s*[a-z0-9_.-]++)?)\s*=\s*({_VALUE})", re.I | re.S)
_AUTHSERV_ID = re.compile(r'\s*("(?:[^"\\]|\\.)*+"|[^\s"=;]++)(?:\s+[0-9]+)?\s*')
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_POLICY = re.compile(r"(?:^|[\s,])(p|sp|pct|dis)=([a-z0-9]+)(?=[\s,]|$)", re.IGNORECASE)
_PLAIN = re.compile(r"[!#-\[\]-~]+")


class Result(NamedTuple):
    """One method's result, with what it is about."""

    method: str  # dkim, spf, dmarc, arc ..., lower case
    result: str  # pass, fail, none ..., lower case
    properties: tuple[tuple[str, str], ...] = ()  # `header.d` -> value, in order; `reason` too; names lower case

    def of(self, name: str) -> str | None:
        """The value of the first property of this name; None if it has none."""
        return next((value for key, value in self.properties if key == name), None)


def parse_results(value: bytes) -> tuple[str, tuple[Result, ...]]:
    """authserv-id and results of a field value, which for ARC begins behind `i=N;`.

    Never raises, linear time. ("", ()) where the value cannot be read in one way only, and for more
    than an honest server writes. The DMARC policy becomes the properties comment.p, comment.sp,
    comment.pct and comment.dis.
    """
    if len(value) > _MAX_OCTETS:
        return "", ()
    pieces = _pieces(unfolded(value))
    if pieces is None or len(pieces) > _MAX_RESULTS:
        return "", ()
    first = _AUTHSERV_ID.fullmatch(pieces[0][0])
    name = clean_text(_unquoted(first[1]), _MAX_VALUE) if first else ""
    found: list[Result] = []
    for text, comments in pieces[1:] if first else pieces:  # some servers leave their name out
        if not text.strip() or (not found and text.strip().lower() == "none"):
            continue
        result = _result(text, comments)
        if result is None:
            return "", ()
        found.append(result)
    return name, tuple(found)


def to_text(result: Result) -> str:
    """The form in which a result travels: `dkim=pass header.d=club.example header.s=s1`."""
    properties = (f" {name}={_quoted(value)}" for name, value in result.properties)
    return f"{result.method}={result.result}{''.join(properties)}"


def from_text(text: str) -> Result | None:
    """What to_text wrote; None for anything else."""
    return _result(text, [])


def _pieces(value: bytes) -> list[tuple[str, list[str]]] | None:
    """Text and comments between the semicolons; None where quotes or comments are in doubt.

    A quotation mark inside a comment is in doubt: a server that copies an address into a comment may
    have left one end of it outside.
    """
    pieces: list[tuple[list[bytes], list[bytes]]] = [([], [])]
    at, depth, size, opened = 0, 0, len(value), 0
    while at < size:
        octet = value[at : at + 1]
        if octet == b"(":
            opened = opened if depth else at + 1
            depth += 1
        elif octet == b")":
            depth -= 1
            if depth < 0:
                return None
            if not depth:
                pieces[-1][0].append(b" ")
                pieces[-1][1].append(value[opened:at])
        elif octet == b";" and not depth:
            pieces.append(([], []))
        else:
            match = (_IN_COMMENT if depth else _OUTSIDE).match(value, at)
            if match is None:
                return None
            if not depth:
                pieces[-1][0].append(match.group())
            at = match.end()
            continue
        at += 1
    if depth:
        return None
    return [(_text(b"".join(text)), [_text(one) for one in comments]) for text, comments in pieces]


def _result(text: str, comments: list[str]) -> Result | None:
    text = text.strip()
    head = _METHOD.match(text)
    if head is None:
        return None
    properties: list[tuple[str, str]] = []
    at = head.end()
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        found = _PROPERTY.match(text, at)
        if found is None or len(properties) == _MAX_PROPERTIES:
            return None
        name = re.sub(r"\s", "", found[1]).lower()
        properties.append((name, clean_text(_unquoted(found[2]), _MAX_VALUE)))
        at = found.end()
    method = head[1].lower()
    if method == "dmarc":
        policy = [(f"comment.{m[1].lower()}", m[2].lower()) for one in comments for m in _POLICY.finditer(one)]
        properties += policy[:_MAX_PROPERTIES]
    return Result(method, head[2].lower(), tuple(properties))


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "replace")


def _unquoted(value: str) -> str:
    """Quoted strings opened, also one that is only a local part."""
    if '"' not in value:
        return value
    return re.sub(r'"((?:[^"\\]|\\.)*+)"', lambda found: _ESCAPED.sub(r"\1", found[1]), value, flags=re.DOTALL)


def _quoted(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    return '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'
