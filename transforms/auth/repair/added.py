"""Text that lists, gateways and archives add: footers, notices, parts and wrappers. Where it may begin and end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from transforms.auth.repair.leaf import Leaf, edited, leaves
from transforms.limits import LIMITS
from transforms.mail.fields import split_part
from transforms.mail.mime import boundary_of, delimiters_of
from transforms.mail.parameters import raw_parameters
from transforms.mail.transfer import decode
from transforms.model import HeaderField, Message
from transforms.span import in_memory
from transforms.text import clean_text

_CRLF = b"\r\n"
_RULE = re.compile(rb"(?:\A|(?<=\n))[ \t]*+(?:-- ?|[-_=*#~]{4,100})[ \t]*+\r?$", re.MULTILINE)
_CUTS = 8  # places in each part where added text may begin, or end
_MOVED = ("content-type", "content-transfer-encoding", "content-disposition", "content-description", "content-language")

_OF_A_FOOTER = {"content-type", "content-transfer-encoding", "mime-version", "content-disposition"}


class Removal(NamedTuple):
    """A message without some text, and that text."""

    name: str
    message: Message
    text: str | None  # decoded, as added; None: more than plain text


def ends_of_lines(body: bytes, count: int) -> list[int]:
    """Where the first lines of a text in wire form end, each behind its CRLF."""
    found: list[int] = []
    at = body.find(_CRLF)
    while at >= 0 and len(found) < count:
        found.append(at + 2)
        at = body.find(_CRLF, at + 2)
    return found


def without_end(message: Message, line: int) -> Removal:
    """The message with its first lines only: a footer taken off."""
    body = message.body.read()
    at = 0
    for _ in range(line):
        at = body.index(_CRLF, at) + 2
    return _removed("footer", message, at, len(body))


def without_start(message: Message, at: int) -> Removal:
    """The message from this octet of its body on: a notice taken off."""
    return _removed("banner", message, 0, at)


def _removed(name: str, message: Message, start: int, stop: int) -> Removal:
    leaf = next(iter(leaves(message)), None)
    encoding = leaf.part.encoding if leaf is not None and leaf.header is None else ""
    text = _text(message.body.read(start, stop), encoding)
    return Removal(name, edited(message, [(start, stop, b"")]), text)


def in_parts(message: Message) -> Iterator[Removal]:
    """Each text part of a multipart without a footer, or a notice; the rules that people draw first."""
    for leaf in leaves(message):
        if leaf.header is None or not leaf.is_text or leaf.part.encoding == "base64":
            continue
        text = leaf.part.body.read()
        for at in _footers(text):
            yield _cut("footer", message, leaf, leaf.start + at, leaf.stop)
        for at in _notices(text):
            yield _cut("banner", message, leaf, leaf.start, leaf.start + at)


def _footers(text: bytes) -> list[int]:
    """Where a footer may begin: at a rule or a paragraph near the end, with the empty lines above it or without."""
    tail = max(len(text) - LIMITS.repair_tail, 0)
    rules = [match.start() for match in _RULE.finditer(text, tail)][-3:]
    paragraphs = [match.end() for match in re.finditer(rb"\r\n\r\n", text[tail:])][-3:]
    starts = dict.fromkeys([*reversed(rules), *(tail + at for at in reversed(paragraphs))])
    found: list[int] = []
    for at in starts:
        bare = len(text[:at].rstrip(_CRLF))
        # In a part every line end counts: the last line of the text had one, or none.
        found += [place for place in (bare + 2, bare, at) if 0 < place < len(text)]
    return list(dict.fromkeys(found))[: 2 * _CUTS]


def _notices(text: bytes) -> list[int]:
    """Where a notice may end: behind its line or paragraph."""
    ends = ends_of_lines(text, LIMITS.repair_lines)
    found = []
    for at in ends:
        if text.startswith(_CRLF, at) or at == ends[0]:
            found += [at, *([at + 2] if text.startswith(_CRLF, at) else [])]
    return list(dict.fromkeys(found))[:_CUTS]


def _cut(name: str, message: Message, leaf: Leaf, start: int, stop: int) -> Removal:
    text = _text(message.body.read(start, stop), leaf.part.encoding)
    return Removal(name, edited(message, [(start, stop, b"")]), text)


def list_part(message: Message) -> Iterator[Removal]:
    """A multipart/mixed without its last part, where that is a text: list software adds footers so.

    Where the other part is the message as it was, it also stands for the whole (the wrapper goes).
    """
    content_type = next((field for field in message.fields if field.key == "content-type"), None)
    if content_type is None:
        return
    media_type, parameters = raw_parameters(content_type.value)
    boundary = boundary_of(parameters)
    if media_type != "multipart/mixed" or boundary is None:
        return
    body = message.body
    marks = list(delimiters_of(body, boundary))
    if len(marks) < 3 or not marks[-1].closing or len(marks) > LIMITS.mime_parts:
        return
    added = split_part(body.sub(marks[-2].stop, marks[-1].start))
    described = {field.key: field for field in added.fields}
    kind = raw_parameters(described["content-type"].value)[0] if "content-type" in described else "text/plain"
    if kind != "text/plain" or len(described) < len(added.fields):
        return
    encoding = b""
    if "content-transfer-encoding" in described:
        encoding = described["content-transfer-encoding"].value.strip().lower()
    if added.body.size > LIMITS.repair_tail:
        return
    plain_part = not described.keys() - _OF_A_FOOTER and all(
        b"attachment" not in field.value.lower() for field in added.fields if field.key == "content-disposition"
    )
    text = _text(added.body.read(), encoding.decode("latin-1")) if plain_part else None
    around = body.read(0, marks[0].start) + body.read(marks[-1].stop)
    yield Removal("list_part", edited(message, [(marks[-2].start, marks[-1].start, b"")]), text)
    if len(marks) != 3:
        return
    inner = split_part(body.sub(marks[0].stop, marks[1].start))
    moved = {field.key: field for field in inner.fields if field.key in _MOVED}
    if len(moved) < len(inner.fields) and any(field.key not in (*_MOVED, "mime-version") for field in inner.fields):
        return
    fields = tuple(moved.pop(field.key) if field.key in moved else field for field in message.fields if
                   field.key not in _MOVED or field.key in moved)  # fmt: skip
    fields = (*fields, *(HeaderField(field.name, field.raw) for field in moved.values()))
    only_words = text if not around.strip() or around.strip().startswith(b"This is a multi") else None
    octets = inner.body.read()
    yield Removal("list_wrapper", message._replace(fields=fields, body=in_memory(octets + _CRLF)), only_words)


def _text(octets: bytes, encoding: str) -> str:
    decoded = b"".join(decode(in_memory(octets), encoding))
    return "\n".join(clean_text(line.replace("\t", " ")) for line in decoded.decode("utf-8", "replace").splitlines())
