"""Outlook's .msg: the properties of one message in a compound file (MS-OXMSG)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import partial

from transforms.containers.compound import Storage
from transforms.limits import LIMITS
from transforms.mail import mapi
from transforms.mail.mapi import BINARY, CONTENT, INTEGER, OBJECT, TIME, Attachment, Properties, TakenApart
from transforms.model import ContainerError, Entry
from transforms.span import in_memory

PROPERTIES = "__properties_version1.0"  # stream of properties of fixed size; every message has it

# Octets before the first entry of a property stream (MS-OXMSG §2.4.1).
_TOP, _EMBEDDED, _INNER = 32, 24, 8
_ENTRY = struct.Struct("<I4x8s")


def is_message(root: Storage) -> bool:
    return PROPERTIES in root


def taken_apart(storage: Storage, embedded: bool = False) -> TakenApart:
    """The message of a compound file, or the one embedded in another."""
    properties = _properties(storage, _EMBEDDED if embedded else _TOP)
    recipients = (
        _properties(place, _INNER, properties.charset)
        for place in _numbered(storage, "__recip_version1.0_#", LIMITS.addresses)
    )
    return TakenApart(properties, recipients, _attachments(storage, properties.charset))


def _properties(storage: Storage, header: int, charset: str = "") -> Properties:
    """The properties of one storage: those of fixed size in one stream, each other in its own."""
    damage: ContainerError | None = None
    try:
        entries = storage.stream(PROPERTIES) or b""
    except ContainerError as error:
        entries, damage = b"", error
    whole = len(entries) - max(len(entries) - header, 0) % _ENTRY.size
    fixed: dict[int, bytes] = dict(_ENTRY.iter_unpack(entries[header:whole]))

    def value(tag: int) -> bytes | None:  # of one in a stream of its own, the entry holds the size
        return fixed.get(tag) if tag & 0xFFFF in (INTEGER, TIME) else storage.stream(_name(tag))

    found = Properties(value, charset)
    if damage is not None:
        found.error_code = damage.code
    return found


def _name(tag: int) -> str:
    return f"__substg1.0_{tag:08X}"


def _numbered(storage: Storage, prefix: str, limit: int) -> Iterator[Storage]:
    """The storages of recipients or attachments, in their order."""
    names = [name for name in storage.names() if name.startswith(prefix)]
    return filter(None, map(storage.storage, names[:limit]))


def _attachments(storage: Storage, charset: str) -> Iterator[Attachment]:
    stream, inside = _name(mapi.tag(CONTENT, BINARY)), _name(mapi.tag(CONTENT, OBJECT))
    for place in _numbered(storage, "__attach_version1.0_#", LIMITS.members):
        name = mapi.file_name(_properties(place, _INNER, charset))
        inner = place.storage(inside)
        if inner is not None and is_message(inner):
            yield Attachment(Entry(name), partial(taken_apart, inner, embedded=True))
        elif stream in place:
            yield Attachment(Entry(name, content=partial(_content, place, stream)))
        elif inner is not None:
            yield Attachment(Entry(name, error_code="container.ole_object"))  # of a program, in streams of its own
        else:
            yield Attachment(Entry(name, error_code="container.by_reference"))  # lay on a server


def _content(place: Storage, stream: str) -> Iterator[bytes]:
    """The octets of an attachment, read when they are asked for."""
    yield from in_memory(place.stream(stream) or b"").chunks()
