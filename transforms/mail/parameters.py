"""Content-Type and Content-Disposition: a value and its parameters (RFC 2045 §5.1, RFC 2231)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from transforms.limits import LIMITS
from transforms.mail.charset import to_text
from transforms.mail.comments import compact, unfolded, without_comments

MAX_VALUE = 4 * LIMITS.name  # octets looked at, runs of blanks as one: a long name, percent-encoded
_PARAMETER = re.compile(rb'[;\s]*+([^\s=;"]++)\s*+(?:=\s*+("(?:[^"\\]|\\.)*+"|[^;]*+)|(?=;|\Z|\s))', re.DOTALL)
_SKIP = re.compile(rb"[^;]*+")
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_SEGMENT = re.compile(r"([^*]+)(?:\*([0-9]{1,3}))?(\*)?")


class Parameter(NamedTuple):
    """One parameter, percent-decoded and joined, not yet text."""

    name: str  # lower case, without RFC 2231 marks
    octets: bytes
    charset: str  # RFC 2231 §4; "" if none is given

    @property
    def text(self) -> str:
        return to_text(self.octets, self.charset)


def parse_parameterized(value: bytes) -> tuple[str, dict[str, str]]:
    """`type/subtype` or disposition in lower case, and its parameters as text.

    Never fails: an empty or unreadable value gives "". Of a repeated name the first counts, and
    an RFC 2231 form before a plain one; raw_parameters shows all.
    """
    token, parameters = raw_parameters(value)
    return token, {parameter.name: parameter.text for parameter in reversed(parameters)}


def raw_parameters(value: bytes) -> tuple[str, tuple[Parameter, ...]]:
    """The value and every parameter that it names, repeats included; RFC 2231 forms first."""
    return _cached(value) if len(value) <= 256 else _raw_parameters(compact(value, MAX_VALUE)[:MAX_VALUE])


def is_cut(value: bytes) -> bool:
    """Whether a value is too long to be looked at as a whole."""
    return len(value) > MAX_VALUE and len(compact(value, MAX_VALUE)) > MAX_VALUE


def _raw_parameters(value: bytes) -> tuple[str, tuple[Parameter, ...]]:
    value = without_comments(unfolded(value))
    head, semicolon, rest = value.partition(b";")
    words = head.split(None, 1)
    if len(words) == 2:  # some senders forget the first semicolon
        rest = words[1] + semicolon + rest
    token = to_text(words[0], "").lower() if words else ""
    plain: list[Parameter] = []
    segments: dict[str, list[tuple[int, bytes, bool]]] = {}
    extended: list[Parameter] = []
    at = 0
    while at < len(rest):
        match = _PARAMETER.match(rest, at)
        if match is None:
            at = _after(rest, at)
            continue
        at = match.end()
        if match[2] is None:
            continue
        name = _SEGMENT.fullmatch(to_text(match[1], "").lower())
        octets = _unquoted(match[2])
        if name is None or (name[2] is None and name[3] is None):
            plain.append(Parameter(to_text(match[1], "").lower(), octets, ""))
        elif name[2] is None:
            extended.append(_extended(name[1], [(0, octets, True)]))
        else:
            segments.setdefault(name[1], []).append((int(name[2]), octets, name[3] is not None))
    for base, pieces in segments.items():
        pieces.sort(key=lambda piece: piece[0])
        extended.append(_extended(base, pieces))
    return token, (*extended, *plain)


_cached = lru_cache(maxsize=2048)(_raw_parameters)


def _after(rest: bytes, at: int) -> int:
    """Behind the next semicolon."""
    match = _SKIP.match(rest, at)
    assert match is not None  # it may match nothing
    return match.end() + 1


def _unquoted(value: bytes) -> bytes:
    """The content of a quoted string, or a token without trailing blanks."""
    if value[:1] != b'"':
        return value.rstrip()
    if len(value) > 1 and value[-1:] == b'"':
        value = value[:-1]
    value = value[1:]
    return _ESCAPED.sub(rb"\1", value) if b"\\" in value else value


def _extended(name: str, pieces: list[tuple[int, bytes, bool]]) -> Parameter:
    """RFC 2231 §4.1: numbered pieces joined; the first names the charset if it is encoded."""
    charset = ""
    octets = []
    for place, (_, piece, encoded) in enumerate(pieces):
        if encoded and place == 0 and piece.count(b"'") >= 2:
            label, _, piece = piece.split(b"'", 2)
            charset = label.decode("latin-1")
        octets.append(unquote_to_bytes(piece) if encoded else piece)
    return Parameter(name, b"".join(octets), charset)
