"""Writes winmail.dat for the tests (MS-OXTNEF)."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping

Values = Mapping[int, bytes]  # tag of a property -> its value

SUBJECT, BODY, HTML, SENDER, MESSAGE_ID = 0x0037001F, 0x1000001F, 0x10130102, 0x0C1F001F, 0x1035001F
LONG_NAME, CONTENT_OBJECT = 0x3707001F, 0x3701000D
IID_MESSAGE = bytes.fromhex("0703020000000000c000000000000046")


def tnef(values: Values, *attachments: bytes, recipients: Iterable[Values] = ()) -> bytes:
    """A stream; attachments as attachment() makes them."""
    rows = [_properties(one) for one in recipients]
    head = [
        attribute(1, 0x00089006, struct.pack("<L", 0x10000)),
        attribute(1, 0x00069007, struct.pack("<LL", 1252, 0)),
        attribute(1, 0x00069003, _properties(values)),
    ]
    if rows:
        head.append(attribute(1, 0x00069004, struct.pack("<L", len(rows)) + b"".join(rows)))
    return struct.pack("<LH", 0x223E9F78, 1) + b"".join(head) + b"".join(attachments)


def attachment(title: bytes, content: bytes | None, values: Values | None = None) -> bytes:
    parts = [attribute(2, 0x00069002, bytes(14)), attribute(2, 0x00018010, title + b"\0")]
    if content is not None:
        parts.append(attribute(2, 0x0006800F, content))
    if values:
        parts.append(attribute(2, 0x00069005, _properties(values)))
    return b"".join(parts)


def attribute(level: int, name: int, value: bytes) -> bytes:
    return struct.pack("<BLL", level, name, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def text(value: str) -> bytes:
    return value.encode("utf-16-le") + b"\0\0"


def _properties(values: Values) -> bytes:
    found = [struct.pack("<L", len(values))]
    for tag, value in values.items():
        found.append(struct.pack("<HH", tag & 0xFFFF, tag >> 16))
        if tag & 0xFFFF in (0x000D, 0x001E, 0x001F, 0x0102):
            found.append(struct.pack("<LL", 1, len(value)))
        found.append(value + bytes(-len(value) % 4))
    return b"".join(found)
