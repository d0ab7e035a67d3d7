"""winmail.dat: a message and its attachments in one stream of attributes (MS-OXTNEF).

Exchange and Outlook send it in place of parts that other programs could read. Its text and attachments
are those of the mail that carries it; a header section it hardly ever has.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from transforms.limits import LIMITS
from transforms.mail import mapi
from transforms.mail.mapi import BINARY, CONTENT, OBJECT, STRING, TIME, Attachment, Properties, TakenApart
from transforms.model import ContainerError, Entry
from transforms.span import Span

_START = 6  # octets of the signature and a key (§2.1.3.1)
_ATTRIBUTE = struct.Struct("<BHHL")  # level, identifier, type, octets of the value (§2.1.3.2)
_CHECKSUM = 2  # octets behind each value
_MESSAGE, _ATTACHMENT = 1, 2  # levels
_OEM_CODE_PAGE, _MESSAGE_PROPERTIES, _RECIPIENTS = 0x9007, 0x9003, 0x9004
_NEW_ATTACHMENT, _DATA, _TITLE, _ATTACHMENT_PROPERTIES = 0x9002, 0x800F, 0x8010, 0x9005
_MOST_PROPERTIES = 10_000  # of one object

# Attributes of the message that say what a property says too (§2.1.3.3).
_SUBJECT, _BODY, _SENT = 0x8004, 0x800C, 0x8005
_AS_PROPERTY = {_SUBJECT: mapi.tag(0x0037, STRING), _BODY: mapi.tag(0x1000, STRING)}
_SUBMITTED = mapi.tag(0x0039, TIME)
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)

# Octets that a value takes, by its type, before it is filled up to four (§2.1.3.4).
_SIZES = {0x02: 2, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 2, 0x14: 8, 0x40: 8, 0x48: 16}
_VARIABLE = frozenset({OBJECT, STRING, mapi.UNICODE, BINARY})
_SEVERAL = 0x1000  # added to the type of a property of many values
_INTERFACE = 16  # octets in front of an object that say what it is: a message's own stream, a compound file


@dataclass(slots=True)
class _Attached:
    title: bytes = b""
    start: int | None = None  # of its octets in the stream
    length: int = 0
    properties: dict[int, tuple[int, bytes]] = field(default_factory=dict)


def taken_apart(span: Span) -> TakenApart:
    """The message of a stream; what stopped the reading is the properties' error_code."""
    found = _Stream(span)
    try:
        found.read()
    except ContainerError as error:
        found.error_code = found.error_code or error.code
    values = {name: value for name, (_, value) in found.properties.items()}
    properties = Properties(values.get, found.charset)
    properties.error_code = found.error_code
    recipients = (
        Properties({name: value for name, (_, value) in one.items()}.get, properties.charset)
        for one in found.recipients
    )
    return TakenApart(properties, recipients, found.attachments(properties.charset))


class _Stream:
    """What the attributes say, in the order in which they stand."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self.charset = ""
        self.error_code: str | None = None
        self.properties: dict[int, tuple[int, bytes]] = {}  # tag -> where its value lies, and the value
        self.recipients: list[dict[int, tuple[int, bytes]]] = []
        self._attached: list[_Attached] = []

    def read(self) -> None:
        if self._span.size > LIMITS.compound:
            raise ContainerError("limit.compound", "tnef: larger than what is parsed")
        at = _START
        while at < self._span.size:
            head = self._span.read(at, at + _ATTRIBUTE.size)
            if len(head) < _ATTRIBUTE.size:
                raise ContainerError("container.truncated", "tnef: an attribute is cut short")
            level, identifier, _, size = _ATTRIBUTE.unpack(head)
            if level not in (_MESSAGE, _ATTACHMENT):
                raise ContainerError("container.trailing", "tnef: octets that are no attribute")
            start = at + _ATTRIBUTE.size
            at = start + size + _CHECKSUM
            there = min(size, self._span.size - start)
            if level == _MESSAGE:
                self._of_message(identifier, start, there)
            else:
                self._of_attachment(identifier, start, there)
            if at > self._span.size:
                raise ContainerError("container.truncated", "tnef: a value is cut short")
            self._check(start, size)

    def _check(self, start: int, size: int) -> None:
        total = sum(sum(chunk) for chunk in self._span.sub(start, start + size).chunks())
        claimed = int.from_bytes(self._span.read(start + size, start + size + _CHECKSUM), "little")
        if total & 0xFFFF != claimed:
            self.error_code = self.error_code or "container.checksum"

    def _value(self, start: int, size: int) -> bytes:
        return self._span.read(start, start + size)

    def _of_message(self, identifier: int, start: int, size: int) -> None:
        if identifier == _OEM_CODE_PAGE:
            self.charset = f"cp{int.from_bytes(self._value(start, min(size, 4)), 'little')}"
        elif identifier == _MESSAGE_PROPERTIES:
            _Reader(self._value(start, size), start).properties(self.properties)
        elif identifier == _RECIPIENTS:
            self.recipients += _rows(self._value(start, size), start)
        elif identifier in _AS_PROPERTY:
            self.properties.setdefault(_AS_PROPERTY[identifier], (start, self._value(start, size)))
        elif identifier == _SENT:
            self.properties.setdefault(_SUBMITTED, (start, _ticks(self._value(start, size))))

    def _of_attachment(self, identifier: int, start: int, size: int) -> None:
        if identifier == _NEW_ATTACHMENT or not self._attached:
            if len(self._attached) == LIMITS.members:
                raise ContainerError("limit.members", "tnef: too many attachments")
            self._attached.append(_Attached())
        one = self._attached[-1]
        if identifier == _TITLE:
            one.title = self._value(start, size).partition(b"\0")[0]
        elif identifier == _DATA:
            one.start, one.length = start, size
        elif identifier == _ATTACHMENT_PROPERTIES:
            _Reader(self._value(start, size), start).properties(one.properties)

    def attachments(self, charset: str) -> Iterator[Attachment]:
        for one in self._attached:
            values = {name: value for name, (_, value) in one.properties.items()}
            values.setdefault(mapi.tag(mapi.SHORT_NAME, STRING), one.title)
            name = mapi.file_name(Properties(values.get, charset))
            start, length = one.start, one.length
            for kind in (OBJECT, BINARY):
                at, value = one.properties.get(mapi.tag(CONTENT, kind), (0, b""))
                before = _INTERFACE if kind == OBJECT else 0
                if len(value) > before and (start is None or kind == OBJECT):
                    start, length = at + before, len(value) - before
            if start is None:
                yield Attachment(Entry(name, error_code=self.error_code or "container.by_reference"))
            else:
                yield Attachment(Entry(name, start=start, length=length))


def _rows(octets: bytes, base: int) -> Iterator[dict[int, tuple[int, bytes]]]:
    """The properties of each recipient."""
    reader = _Reader(octets, base)
    for _ in range(min(reader.number(), LIMITS.addresses)):
        row: dict[int, tuple[int, bytes]] = {}
        reader.properties(row)
        yield row


class _Reader:
    """Properties one behind the other (§2.1.3.4). ContainerError where they do not fit into what there is."""

    def __init__(self, octets: bytes, base: int) -> None:
        self._octets = octets
        self._base = base  # of the octets in the stream
        self._at = 0

    def number(self) -> int:
        return int.from_bytes(self._take(4), "little")

    def properties(self, found: dict[int, tuple[int, bytes]]) -> None:
        """Add them by tag; of a property of many values, and of named ones, nothing."""
        for _ in range(min(self.number(), _MOST_PROPERTIES)):
            kind, name = struct.unpack("<HH", self._take(4))
            if name >= 0x8000:
                self._skip_name()
            single = kind & ~_SEVERAL
            several = single in _VARIABLE or kind & _SEVERAL
            for _ in range(min(self.number(), _MOST_PROPERTIES) if several else 1):
                size = self.number() if single in _VARIABLE else _SIZES.get(single)
                if size is None:
                    raise ContainerError("container.damaged", f"tnef: a property of type {kind:04x}")
                place = self._base + self._at
                value = self._take(size)
                self._take(-size % 4)
                if name < 0x8000 and not kind & _SEVERAL:
                    found[mapi.tag(name, kind)] = place, value

    def _skip_name(self) -> None:
        self._take(16)
        if self.number() == 0:
            self._take(4)
        else:
            size = self.number()
            self._take(size + -size % 4)

    def _take(self, size: int) -> bytes:
        piece = self._octets[self._at : self._at + size]
        if len(piece) < size:
            raise ContainerError("container.damaged", "tnef: the properties are cut short")
        self._at += size
        return piece


def _ticks(value: bytes) -> bytes:
    """A date of seven numbers (§2.1.3.3.7) as a property has it; b"" for a day that does not exist."""
    try:
        year, month, day, hour, minute, second = struct.unpack("<6H", value[:12])
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        return int((moment - _EPOCH).total_seconds() * 10**7).to_bytes(8, "little")
    except (struct.error, ValueError, OverflowError):
        return b""
