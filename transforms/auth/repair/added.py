"""Text that lists, gateways and archives add: footers, notices, parts and wrappers. Where it may begin and end."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from transforms.auth.repair.leaf import Leaf, edited, leaves
from transforms.limits import LIMITS
from transforms.mail.comments import unfolded
from transforms.mail.fields import split_part
from transforms.mail.mime import boundary_of, delimiters_of
from transforms.mail.parameters import raw_parameters
from transforms.mail.transfer import IDENTITY, decode_one_way
from transforms.model import HeaderField, Message
from transforms.span import in_memory
from transforms.text import clean_text

_CRLF = b"\r\n"
_RULE = re.compile(rb"(?:\A|(?<=\n))[ \t]*+(?:-- ?|[-_=*#~]{4,100})[ \t]*+\r?$", re.MULTILINE)
_CUTS = 8  # places in each part where added text may begin, or end
_MOVED = ("content-type", "content-transfer-encoding", "content-disposition", "content-description", "content-language")

_OF_A_FOOTER = {"content-type", "content-transfer-encoding", "mime-version", "content-disposition"}
_OF_A_TEXT = _OF_A_FOOTER | {"content-language"}
_DECODED = IDENTITY | {"base64", "quoted-printable"}
_WITH_ASCII = {"", "us-ascii", "utf-8", "iso-8859-1", "iso-8859-15", "windows-1252"}  # octets below 128 say the same
_PREAMBLE = re.compile(rb"\s*(?:This is a multi-part message in MIME format\.?\s*)?")


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
    encoding, charset = _read_by(leaf) if leaf is not None and leaf.header is None else ("", "")
    text = _text(message.body.read(start, stop), encoding, charset)
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
    text = _text(message.body.read(start, stop), *_read_by(leaf))
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
    kind, given = raw_parameters(described["content-type"].value) if "content-type" in described else ("text/plain", [])
    if kind != "text/plain" or len(described) < len(added.fields):
        return
    encoding = b""
    if "content-transfer-encoding" in described:
        encoding = described["content-transfer-encoding"].value.strip().lower()
    if added.body.size > LIMITS.repair_tail:
        return
    charsets = [one.octets.decode("latin-1").lower() for one in given if one.name == "charset"]
    plain_part = (
        not described.keys() - _OF_A_FOOTER
        and _is_inline(added.fields)
        and all(one.name in ("charset", "format") for one in given)
        and len(charsets) <= 1
    )
    text = _text(added.body.read(), encoding.decode("latin-1"), "".join(charsets)) if plain_part else None
    yield Removal("list_part", edited(message, [(marks[-2].start, marks[-1].start, b"")]), text)
    if len(marks) != 3:
        return
    inner = split_part(body.sub(marks[0].stop, marks[1].start))
    moved = {field.key: field for field in inner.fields if field.key in _MOVED}
    if len({field.key for field in inner.fields}) < len(inner.fields):
        return  # readers differ on which of two fields counts
    bare = _is_inline(inner.fields) and all(field.key in _OF_A_TEXT for field in inner.fields)
    silent = _PREAMBLE.fullmatch(body.read(0, marks[0].start)) and not body.read(marks[-1].stop).strip()
    if len(moved) < len(inner.fields) and any(field.key not in (*_MOVED, "mime-version") for field in inner.fields):
        return
    fields = tuple(moved.pop(field.key) if field.key in moved else field for field in message.fields if
                   field.key not in _MOVED or field.key in moved)  # fmt: skip
    fields = (*fields, *(HeaderField(field.name, field.raw) for field in moved.values()))
    only_words = text if bare and silent else None
    octets = inner.body.read()
    yield Removal("list_wrapper", message._replace(fields=fields, body=in_memory(octets + _CRLF)), only_words)


def _is_inline(fields: Iterable[HeaderField]) -> bool:
    """Whether no Content-Disposition says more than that a part is shown in its place."""
    return all(unfolded(one.value).strip().lower() == b"inline" for one in fields if one.key == "content-disposition")


def _read_by(leaf: Leaf) -> tuple[str, str]:
    """Transfer encoding and charset of a text."""
    return leaf.part.encoding, leaf.part.parameters.get("charset", "").lower()


def _text(octets: bytes, encoding: str, charset: str) -> str | None:
    """What every reader sees in the octets; None if readers may differ."""
    if encoding not in _DECODED:
        return None
    decoded = decode_one_way(in_memory(octets), encoding)
    if decoded is None or not (charset in _WITH_ASCII if decoded.isascii() else charset == "utf-8"):
        return None
    try:
        text = decoded.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return "\n".join(clean_text(line.replace("\t", " ")) for line in text.splitlines())
