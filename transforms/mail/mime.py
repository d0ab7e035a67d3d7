"""The parts of a message, addressed by their octets (RFC 2046 §5.1, RFC 9051 §6.4.5).

Defects that a Part can carry from here, beside those of its own header section:
    mail.no_boundary           a multipart that names no boundary; read as a leaf
    mail.boundary_invalid      a boundary that RFC 2046 §5.1.1 does not allow; read as a leaf
    mail.boundary_not_found    a multipart without one delimiter line; read as a leaf
    mail.boundary_not_closed   no closing delimiter: the message may be cut off
    mail.media_type_invalid    Content-Type without type/subtype; read as text/plain
    mail.mime_field_cut        a Content-Type or Content-Disposition too long to be read to its end
    limit.parts                the last part given; LIMITS.mime_parts are reached
    limit.mime_depth           a multipart deeper than LIMITS.mime_depth; read as a leaf
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from transforms.limits import LIMITS
from transforms.mail.comments import unfolded, without_comments
from transforms.mail.fields import split_part
from transforms.mail.parameters import Parameter, is_cut, raw_parameters
from transforms.mail.words import decode_words
from transforms.model import Message, Part
from transforms.span import Span

_MEDIA_TYPE = re.compile(r"[^\s/]+/[^\s/]+")
_BOUNDARY = re.compile(rb"[ -~]{0,254}[!-~]")  # more than the bchars and 70 octets of RFC 2046 §5.1.1
_TOKEN = re.compile(rb"[\"']?([A-Za-z0-9_-]+)")
_SHORT = 256  # octets of values that are kept when they were read: parts repeat those of others
_LEAP = 1024  # octets looked at behind a dash before the next one is looked for
_PADDING = 998  # octets of transport padding looked at first: what a line may hold (RFC 5322 §2.1.1)


def form_of(part: Part) -> bytes:
    """16 octets, equal for parts whose Content-Type and transfer encoding say the same about their bodies.

    White space, quoting, the order of parameters and the case of their names do not count.
    """
    said = part.media_type, sorted(part.parameters.items()), part.encoding
    return hashlib.blake2b(repr(said).encode("utf-8", "replace"), digest_size=16).digest()


class Delimiter(NamedTuple):
    """One delimiter line of a multipart (RFC 2046 §5.1.1)."""

    start: int  # octet where the part before ends: the line end before the line belongs to it
    line: int  # first octet of the line
    stop: int  # octet behind the line's own line end
    closing: bool  # `--boundary--`


class _Node(NamedTuple):
    """A part that waits for its turn."""

    message: Message  # its header section and body
    offset: int  # of its body
    number: str
    depth: int
    in_digest: bool = False


def parts(message: Message, prefix: str = "", body_offset: int = 0) -> Iterator[Part]:
    """Every node of the MIME tree, parents before children; multiparts are among them.

    prefix is the number of the message/rfc822 part that holds this message, "" at the top: its
    parts count on from there. body_offset is where message.body begins in the message's octets.
    message/rfc822 is a leaf. Never raises for what the octets hold. Each level of nesting passes
    once over its own octets.
    """
    given = 0
    stack = [_Node(message, body_offset, prefix, 0)]
    while stack:
        node = stack.pop()
        part, boundary = _described(node)
        delimiters: list[Delimiter] = []
        given += 1
        if boundary is not None:
            room = LIMITS.mime_parts - given - len(stack)
            delimiters = _scan(part.body, boundary, max(room, 0) + 1)
            part = _multipart(part, delimiters)
        if not delimiters and node.depth == 0:
            part = part._replace(number=f"{prefix}.1" if prefix else "1")  # RFC 9051 §6.4.5.1
        children = _children(part, node, delimiters)
        if given == LIMITS.mime_parts and (stack or children):
            yield part._replace(defects=(*part.defects, "limit.parts"))
            return
        yield part
        stack += reversed(children)


def delimiters_of(body: Span, boundary: bytes) -> Iterator[Delimiter]:
    """The delimiter lines of one boundary, up to and with the closing one.

    A line counts if nothing but blanks follows the boundary or the closing `--`, however many: `--boundaryX`
    is text. The end of the octets ends a line.
    """
    needle = b"--" + boundary
    for base, window, at in occurrences(body, needle, _PADDING):
        if base + at and window[at - 1 : at] != b"\n":
            continue
        after = at + len(needle)
        tail = window[after : after + _PADDING]
        line, line_feed, _ = tail.partition(b"\n")
        closing = line[:2] == b"--"
        if line[2 * closing :].strip(b" \t\r"):
            continue
        stop = base + after + len(line) + len(line_feed)
        if not line_feed and len(tail) == _PADDING and (stop := _behind_blanks(body, stop)) < 0:
            continue
        start = at - 2 if window[max(at - 2, 0) : at] == b"\r\n" else max(at - 1, 0)
        yield Delimiter(base + start, base + at, stop, closing)
        if closing:
            return


def _behind_blanks(body: Span, at: int) -> int:
    """The octet behind a line of which only blanks are left, -1 if something else is."""
    size = _PADDING
    while at < body.size:
        size = min(2 * size, LIMITS.chunk)
        octets = body.read(at, at + size)
        rest = octets.lstrip(b" \t\r")
        at += len(octets) - len(rest)
        if rest:
            return at + 1 if rest.startswith(b"\n") else -1
    return at


def occurrences(body: Span, needle: bytes, beyond: int) -> Iterator[tuple[int, bytes, int]]:
    """Where needle, which has a dash, occurs: the offset of a window of the body, the window, and the place in it.

    A window shows two octets before and beyond octets behind each place, where the body has them.
    Each octet is read about once.
    """
    before = needle.index(b"-")
    for low in range(0, body.size, LIMITS.chunk):
        base = max(low - 2, 0)
        window = body.read(base, low + LIMITS.chunk + len(needle) + beyond)
        last = low + LIMITS.chunk - base  # later ones are the next window's
        at = _find(window, needle, before, low - base)
        while 0 <= at < last:
            yield base, window, at
            at = _find(window, needle, before, at + len(needle))


def _find(window: bytes, needle: bytes, before: int, start: int) -> int:
    """window.find(needle, start), by leaps to the next dash: base64 has none, and one octet is found much sooner."""
    while (dash := window.find(b"-", start + before)) >= 0:
        start = max(dash - before, start)
        at = window.find(needle, start, start + _LEAP + len(needle))
        if at >= 0:
            return at
        start += _LEAP + 1
    return -1


def boundary_of(parameters: tuple[Parameter, ...]) -> bytes | None:
    """The boundary that Content-Type names, None if none or one that cannot delimit."""
    for parameter in parameters:
        if parameter.name == "boundary":
            boundary = parameter.octets.rstrip(b" \t")
            return boundary if _BOUNDARY.fullmatch(boundary) else None
    return None


def _scan(body: Span, boundary: bytes, room: int) -> list[Delimiter]:
    """Delimiters of at most room parts."""
    found: list[Delimiter] = []
    for delimiter in delimiters_of(body, boundary):
        found.append(delimiter)
        if len(found) > room:
            break
    return found


def _multipart(part: Part, delimiters: list[Delimiter]) -> Part:
    """The part as the multipart that its delimiters make it, or as the leaf that it is without."""
    if not delimiters:
        return part._replace(defects=(*part.defects, "mail.boundary_not_found"))
    if not delimiters[-1].closing:
        part = part._replace(defects=(*part.defects, "mail.boundary_not_closed"))
    return part._replace(is_item=False)


def _children(part: Part, node: _Node, delimiters: list[Delimiter]) -> list[_Node]:
    """What lies between delimiters; after an unclosed last one, up to the end."""
    children = []
    for place, delimiter in enumerate(delimiters):
        if delimiter.closing:
            break
        stop = delimiters[place + 1].start if place + 1 < len(delimiters) else part.body.size
        inside = part.body.sub(delimiter.stop, max(stop, delimiter.stop))
        message = split_part(inside)
        number = f"{part.number}.{place + 1}" if part.number else str(place + 1)
        offset = node.offset + delimiter.stop + inside.size - message.body.size
        in_digest = part.media_type == "multipart/digest"
        children.append(_Node(message, offset, number, node.depth + 1, in_digest))
    return children


def _described(node: _Node) -> tuple[Part, bytes | None]:
    """What a part's fields say of it, and its boundary if it is to be opened."""
    content_type = disposition = encoding = None
    for field in node.message.fields:
        if field.name[:1] in "Cc":
            key = field.key
            if key == "content-type" and content_type is None:
                content_type = field
            elif key == "content-disposition" and disposition is None:
                disposition = field
            elif key == "content-transfer-encoding" and encoding is None:
                encoding = field
    said = _said_of(
        content_type.value if content_type is not None else b"",
        disposition.value if disposition is not None else b"",
        encoding.value if encoding is not None else b"",
    )
    defects = tuple(d for d in node.message.defects if d != "mail.no_header") if node.depth else ()
    # RFC 2046 §5.1.5, RFC 2045 §5.2
    media_type = said.media_type or ("message/rfc822" if node.in_digest else "text/plain")
    is_item = media_type not in ("text/plain", "text/html") or said.file_name is not None or said.shown == "attachment"
    boundary = said.boundary
    if media_type.startswith("multipart/"):
        is_item = node.message.body.size > 0  # as long as it is not opened
    defects += said.defects
    if boundary is not None and node.depth >= LIMITS.mime_depth:
        boundary = None
        defects += ("limit.mime_depth",)
    part = Part(
        number=node.number,
        media_type=media_type,
        parameters=said.parameters,
        disposition=said.shown,
        file_name=said.file_name,
        raw_file_name=said.raw_file_name,
        encoding=said.encoding,
        fields=node.message.fields,
        body=node.message.body,
        body_offset=node.offset,
        is_item=is_item,
        defects=defects,
    )
    return part, boundary


class _Said(NamedTuple):
    """What the fields of a part say of it."""

    media_type: str  # "" if absent or invalid
    parameters: dict[str, str]
    shown: str  # Content-Disposition
    file_name: str | None
    raw_file_name: bytes | None
    encoding: str
    boundary: bytes | None  # of a multipart that names one which can delimit
    defects: tuple[str, ...]


def _said(content_type: bytes, disposition: bytes, encoding: bytes) -> _Said:
    """What the values of these fields say, b"" for one that is absent: any other ends in CRLF."""
    defects = []
    media_type = ""
    parameters: tuple[Parameter, ...] = ()
    if content_type:
        claimed, parameters = raw_parameters(content_type)
        if _MEDIA_TYPE.fullmatch(claimed):
            media_type = claimed
        else:
            defects.append("mail.media_type_invalid")
    if is_cut(content_type) or is_cut(disposition):
        defects.append("mail.mime_field_cut")
    shown, placing = raw_parameters(disposition) if disposition else ("", ())
    boundary = None
    if media_type.startswith("multipart/"):
        boundary = boundary_of(parameters)
        if boundary is None:
            named = any(parameter.name == "boundary" for parameter in parameters)
            defects.append("mail.boundary_invalid" if named else "mail.no_boundary")
    return _Said(
        media_type,
        {parameter.name: parameter.text for parameter in reversed(parameters)},
        shown,
        *_file_name(placing, parameters),
        _encoding(encoding),
        boundary,
        tuple(defects),
    )


_short = lru_cache(maxsize=1024)(_said)


def _said_of(content_type: bytes, disposition: bytes, encoding: bytes) -> _Said:
    is_short = len(content_type) + len(disposition) + len(encoding) <= _SHORT
    return (_short if is_short else _said)(content_type, disposition, encoding)


def _encoding(value: bytes) -> str:
    """Content-Transfer-Encoding in lower case, "" if absent or empty (RFC 2045 §6.1)."""
    match = _TOKEN.match(without_comments(unfolded(value)).lstrip())
    return match[1].decode("ascii").lower() if match else ""


def _file_name(placing: tuple[Parameter, ...], typing: tuple[Parameter, ...]) -> tuple[str | None, bytes | None]:
    """Name as claimed, decoded, and its octets: filename of the disposition, else name of the type."""
    for parameters, name in ((placing, "filename"), (typing, "name")):
        for parameter in parameters:
            if parameter.name == name and parameter.octets:
                if not parameter.charset and b"=?" in parameter.octets:  # against RFC 2047 §5, common
                    text = decode_words(parameter.octets, LIMITS.name)
                    return text, text.encode()
                text = parameter.text[: LIMITS.name]
                octets = text.encode("utf-8", "replace") if parameter.charset else parameter.octets
                return text, octets
    return None, None
