"""Outlook's .msg: a message taken apart into properties, in a compound file (MS-OXMSG, MS-OXCMAIL).

Outlook keeps the header section of a message that was delivered to it as it came, and rewrites
everything else: no body, no part of it, has the octets that were sent. What was never transported
(sent items, drafts) has properties only; header fields are then made of these, for the columns.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import NamedTuple

from transforms.containers.compound import Storage
from transforms.limits import LIMITS
from transforms.mail.address import mailboxes
from transforms.mail.charset import to_text
from transforms.mail.fields import split_message
from transforms.mail.words import decode_words
from transforms.model import ContainerError, Entry, Message, Part
from transforms.span import in_memory

MEDIA_TYPE = "application/vnd.ms-outlook"
PROPERTIES = "__properties_version1.0"  # stream of properties of fixed size; every message has it
SHOWN_OTHERWISE = "mail.shown_otherwise"  # code of such a note

# Properties, by the part of their tag that names them (MS-OXPROPS).
_SUBJECT, _SUBMITTED, _HEADERS = 0x0037, 0x0039, 0x007D
_TEXT, _HTML, _MESSAGE_ID, _REFERENCES, _IN_REPLY_TO = 0x1000, 0x1013, 0x1035, 0x1039, 0x1042
_ADDRESSES = (0x5D02, 0x0065, 0x5D01, 0x0C1F)  # of the author, then of who sent it for the author
_NAMES = (0x0042, 0x0C1A)
_RECIPIENT_KIND, _RECIPIENT_NAME, _RECIPIENT_ADDRESSES = 0x0C15, 0x3001, (0x39FE, 0x3003)
_TO, _CC = 1, 2
_CONTENT, _LONG_NAME, _SHORT_NAME, _DISPLAY_NAME = 0x3701, 0x3707, 0x3704, 0x3001
_CODE_PAGE, _BODY_CODE_PAGE = 0x3FFD, 0x3FDE
_UNICODE, _STRING, _BINARY, _OBJECT = "001F", "001E", "0102", "000D"

# Octets before the first entry of a property stream (MS-OXMSG §2.4.1).
_TOP, _EMBEDDED, _INNER = 32, 24, 8
_ENTRY = struct.Struct("<I4x8s")
_UTC_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_CODE_PAGES = {65001: "utf-8", 20127: "us-ascii", 28591: "iso-8859-1"}


class Attachment(NamedTuple):
    """What an attachment is: its octets behind an Entry, or a message in its own storage."""

    entry: Entry
    message: Storage | None = None


class OutlookMessage(NamedTuple):
    """A message as far as Outlook kept it."""

    message: Message  # header section, body empty: as it came, or made of properties
    transported: bool  # whether the header section is the one that came
    parts: tuple[Part, ...]  # the texts, as if they were parts
    attachments: tuple[Attachment, ...]
    notes: tuple[str, ...] = ()
    error_code: str | None = None  # the first thing that could not be read


def is_message(root: Storage) -> bool:
    return PROPERTIES in root


def read_message(storage: Storage, embedded: bool = False) -> OutlookMessage:
    """A message of a compound file, attachments not yet read. Never raises for what the file holds."""
    properties = _Properties(storage, _EMBEDDED if embedded else _TOP)
    header = properties.octets_of(_HEADERS).strip(b"\r\n\0")
    message = split_message(in_memory(header + b"\r\n\r\n"))
    transported = bool(message.fields)
    notes = tuple(_shown_otherwise(properties, message)) if transported else ()
    if not transported:
        message = split_message(in_memory(_made_header(properties)))
    parts = tuple(_parts(properties))
    attachments = tuple(_attachments(properties))
    return OutlookMessage(message, transported, parts, attachments, notes, properties.error_code)


class _Properties:
    """The properties of one storage; remembers the first that could not be read."""

    def __init__(self, storage: Storage, header: int, code_page: str = "") -> None:
        self._storage = storage
        self.error_code: str | None = None
        fixed = self._stream(PROPERTIES) or b""
        whole = len(fixed) - max(len(fixed) - header, 0) % _ENTRY.size
        self._fixed = {tag: value for tag, value in _ENTRY.iter_unpack(fixed[header:whole])}
        self.charset = code_page or _charset(self.number(_CODE_PAGE) or self.number(_BODY_CODE_PAGE))

    def number(self, name: int) -> int:
        """A property of 32 bits (type 0003), 0 if absent."""
        return int.from_bytes(self._fixed.get(name << 16 | 3, b"")[:4], "little")

    def moment(self, name: int) -> datetime | None:
        """A time (type 0040: tenths of a microsecond since 1601)."""
        ticks = int.from_bytes(self._fixed.get(name << 16 | 0x40, b""), "little")
        try:
            return _UTC_EPOCH + timedelta(microseconds=ticks // 10) if ticks else None
        except OverflowError:
            return None

    def text(self, name: int, charset: str = "") -> str:
        """A string, cut where it is longer than one would look at; "" if absent."""
        octets = self._of(name, _UNICODE)
        if octets is not None:
            return octets[: 2 * LIMITS.text_source].decode("utf-16-le", "replace").rstrip("\0")
        octets = self._of(name, _STRING)
        if octets is None:
            octets = self._of(name, _BINARY) or b""
        return to_text(octets[: LIMITS.text_source], charset or self.charset).rstrip("\0")

    def first_text(self, *names: int) -> str:
        return next(filter(None, map(self.text, names)), "")

    def octets_of(self, name: int) -> bytes:
        """A string as octets: those of a code page as they lie."""
        octets = self._of(name, _UNICODE)
        if octets is not None:
            return octets.decode("utf-16-le", "replace").encode("utf-8", "replace")
        return self._of(name, _STRING) or b""

    def numbered(self, prefix: str, limit: int) -> Iterator[Storage]:
        """The storages of recipients or attachments, in their order."""
        names = [name for name in self._storage.names() if name.startswith(prefix)]
        return filter(None, map(self._storage.storage, names[:limit]))

    def _of(self, name: int, kind: str) -> bytes | None:
        return self._stream(f"__substg1.0_{name:04X}{kind}")

    def _stream(self, name: str) -> bytes | None:
        try:
            return self._storage.stream(name)
        except ContainerError as error:
            self.error_code = self.error_code or error.code
            return None


def _charset(code_page: int) -> str:
    return _CODE_PAGES.get(code_page, f"cp{code_page}" if code_page else "")


# ---- header section ---------------------------------------------------------------------------


def _shown_otherwise(properties: _Properties, message: Message) -> Iterator[str]:
    """What Outlook shows from its properties, where that is not what the header section says."""
    shown = properties.text(_SUBJECT)
    for field in message.named("subject")[-1:]:
        if shown and _folded(shown) != _folded(decode_words(field.value, LIMITS.text_source)):
            yield f"{SHOWN_OTHERWISE}: Subject {shown}"
    address = properties.first_text(*_ADDRESSES)
    for field in message.named("from")[-1:]:
        authors = {mailbox.address.lower() for mailbox in mailboxes(field.value)}
        if "@" in address and address.lower() not in authors:
            yield f"{SHOWN_OTHERWISE}: From {address}"


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _made_header(properties: _Properties) -> bytes:
    """A header section of what the properties say."""
    recipients = list(_recipients(properties))
    moment = properties.moment(_SUBMITTED)
    made = {
        "From": _mailbox(properties.first_text(*_NAMES), properties.first_text(*_ADDRESSES)),
        "To": ", ".join(mailbox for kind, mailbox in recipients if kind == _TO),
        "Cc": ", ".join(mailbox for kind, mailbox in recipients if kind == _CC),
        "Subject": properties.text(_SUBJECT),
        "Date": format_datetime(moment) if moment else "",
        "Message-ID": properties.text(_MESSAGE_ID),
        "In-Reply-To": properties.text(_IN_REPLY_TO),
        "References": properties.text(_REFERENCES),
    }
    lines = [f"{name}: {' '.join(value.split())}\r\n" for name, value in made.items() if value.strip()]
    return "".join(lines).encode("utf-8", "replace") + b"\r\n"


def _recipients(properties: _Properties) -> Iterator[tuple[int, str]]:
    for storage in properties.numbered("__recip_version1.0_#", LIMITS.addresses):
        one = _Properties(storage, _INNER, properties.charset)
        yield one.number(_RECIPIENT_KIND), _mailbox(one.text(_RECIPIENT_NAME), one.first_text(*_RECIPIENT_ADDRESSES))
        properties.error_code = properties.error_code or one.error_code


def _mailbox(name: str, address: str) -> str:
    """As RFC 5322 §3.4 writes it; an address inside Exchange (/O=...) is none."""
    plain = "".join(c for c in name if c not in '"\\' and c.isprintable())
    address = "".join(c for c in address if c not in "<>" and not c.isspace())
    return f'"{plain}" <{address}>' if "@" in address else ""


# ---- texts and attachments ----------------------------------------------------------------------


def _parts(properties: _Properties) -> Iterator[Part]:
    """The text, or the HTML where there is no text."""
    text, media_type = properties.text(_TEXT), "text/plain"
    if not text.strip():
        text = properties.text(_HTML, _charset(properties.number(_BODY_CODE_PAGE)))
        media_type = "text/html"
    if text.strip():
        octets = in_memory(text.encode("utf-8", "replace"))
        yield Part("1", media_type, {"charset": "utf-8"}, "", None, None, "", (), octets, 0, False)


def _attachments(properties: _Properties) -> Iterator[Attachment]:
    for place in properties.numbered("__attach_version1.0_#", LIMITS.members):
        one = _Properties(place, _INNER, properties.charset)
        name = one.first_text(_LONG_NAME, _SHORT_NAME, _DISPLAY_NAME).encode("utf-8", "replace")
        inner = place.storage(f"__substg1.0_{_CONTENT:04X}{_OBJECT}")
        if inner is not None and is_message(inner):
            yield Attachment(Entry(name), inner)
            continue
        stream = f"__substg1.0_{_CONTENT:04X}{_BINARY}"
        if stream in place:
            yield Attachment(Entry(name, content=_Content(place, stream)))
        elif inner is not None:
            yield Attachment(Entry(name, error_code="container.ole_object"))  # of a program, in streams of its own
        else:
            yield Attachment(Entry(name, error_code="container.by_reference"))  # lay on a server


class _Content:
    """The octets of an attachment, read when they are asked for."""

    def __init__(self, storage: Storage, stream: str) -> None:
        self._storage = storage
        self._stream = stream

    def __call__(self) -> Iterator[bytes]:
        octets = self._storage.stream(self._stream) or b""
        yield from in_memory(octets).chunks()
