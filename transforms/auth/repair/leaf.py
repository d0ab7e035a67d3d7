"""The leaves of a message in wire form, and how to write another content into their place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from transforms.auth.canonical import LineEnds, wire_chunks
from transforms.mail.mime import parts
from transforms.mail.transfer import IDENTITY, decode_one_way
from transforms.model import HeaderField, Message, Part
from transforms.span import in_memory

MAX_LEAVES = 64  # of one message that repairs look at

Edit = tuple[int, int, bytes]  # octets start..stop of the body, and what stands there instead

_ENCODING_VALUE = re.compile(rb"(:[ \t\r\n]*+)[\"']?[A-Za-z0-9_-]++[\"']?")


class Leaf(NamedTuple):
    """A part that is no multipart, by its place in the body."""

    part: Part
    start: int  # octets of the body
    stop: int
    header: int | None  # where its header section begins; None: the message's own fields describe it

    @property
    def is_text(self) -> bool:
        return not self.part.is_item and self.part.media_type in ("text/plain", "text/html")

    @property
    def is_identity(self) -> bool:
        return self.part.encoding in IDENTITY

    def content(self) -> bytes | None:
        """Decoded octets; None if the encoding can be read in two ways."""
        return decode_one_way(self.part.body, self.part.encoding)


def in_wire_form(message: Message) -> Message:
    """The message with its body in memory, line ends as they are hashed."""
    return message._replace(body=in_memory(wire(message.body.chunks())))


def wire(chunks: Iterable[bytes]) -> bytes:
    return b"".join(wire_chunks(chunks, LineEnds()))


class _Last:
    """The message that was asked for last, and its leaves: each repair in turn asks for those of the same one."""

    kept: tuple[Message | None, tuple[Leaf, ...]] = None, ()


def leaves(message: Message) -> tuple[Leaf, ...]:
    """The first leaves of a message in wire form."""
    kept = _Last.kept
    if kept[0] is not message:  # a cache by value would hash all of its body
        kept = _Last.kept = message, tuple(_leaves(message))
    return kept[1]


def forget_leaves() -> None:
    """Let go of the message that was asked for last."""
    _Last.kept = None, ()


def _leaves(message: Message) -> Iterator[Leaf]:
    body = message.body.read()
    seen = 0
    for part in parts(message):
        if part.media_type.startswith("multipart/") and not part.is_item:
            continue
        seen += 1
        if seen > MAX_LEAVES:
            return
        start = part.body_offset
        if part.fields is message.fields:
            yield Leaf(part, start, start + part.body.size, None)
            continue
        section = b"".join(field.raw for field in part.fields) + b"\r\n"
        header = start - len(section)
        if header >= 0 and body[header:start] == section:
            yield Leaf(part, start, start + part.body.size, header)


def edited(message: Message, edits: Iterable[Edit]) -> Message:
    """The message with other octets in some places of its body; the places do not overlap."""
    body = message.body.read()
    pieces, at = [], 0
    for start, stop, new in sorted(edits):
        pieces += [body[at:start], new]
        at = stop
    pieces.append(body[at:])
    return message._replace(body=in_memory(b"".join(pieces)))


def encoded_as(message: Message, changes: Iterable[tuple[Leaf, bytes, str]]) -> Message | None:
    """The message with other encoded octets in some leaves, and the encoding named for each.

    None if a leaf has no single Content-Transfer-Encoding field that could say so.
    """
    edits: list[Edit] = []
    fields = list(message.fields)
    for leaf, octets, encoding in changes:
        edits.append((leaf.start, leaf.stop, octets))
        at = [place for place, field in enumerate(leaf.part.fields) if field.key == "content-transfer-encoding"]
        if len(at) > 1:
            return None
        if not at:
            if encoding not in IDENTITY:
                return None
            continue  # absent says 7bit, which is as good as 8bit
        field = leaf.part.fields[at[0]]
        renamed = _ENCODING_VALUE.sub(rb"\g<1>" + encoding.encode(), field.raw, count=1)
        if leaf.header is None:
            fields[at[0]] = HeaderField(field.name, renamed)
        else:
            before = leaf.header + sum(len(one.raw) for one in leaf.part.fields[: at[0]])
            edits.append((before, before + len(field.raw), renamed))
    return edited(message, edits)._replace(fields=tuple(fields))
