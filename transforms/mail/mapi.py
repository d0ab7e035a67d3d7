"""A message taken apart into MAPI properties, as Outlook stores it (MS-OXPROPS, MS-OXCMAIL).

Outlook keeps the header section of a message that was delivered to it as it came, and rewrites
everything else: no body, no part of it, has the octets that were sent. What was never transported
(sent items, drafts) has properties only; header fields are then made of these, for the columns.
Which file the properties lie in is for the reader of that file to know (msg.py, tnef.py, pst.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import NamedTuple

from transforms.limits import LIMITS
from transforms.mail import rtf
from transforms.mail.address import mailboxes
from transforms.mail.charset import to_text
from transforms.mail.fields import split_message
from transforms.mail.words import decode_words
from transforms.model import ContainerError, Entry, Message, Part
from transforms.span import in_memory

OUTLOOK, TNEF = "application/vnd.ms-outlook", "application/vnd.ms-tnef"
PST = "application/vnd.ms-outlook-pst"
TAKEN_APART = frozenset({OUTLOOK, TNEF})  # media types of messages whose body as it was sent is lost
SHOWN_OTHERWISE = "mail.shown_otherwise"  # code of such a note

# Types of a property, the lower half of its tag (MS-OXCDATA §2.11.1).
INTEGER, TIME, OBJECT, STRING, UNICODE, BINARY = 0x0003, 0x0040, 0x000D, 0x001E, 0x001F, 0x0102

# Properties, by the upper half of their tag (MS-OXPROPS).
_SUBJECT, _SUBMITTED, _HEADERS = 0x0037, 0x0039, 0x007D
_TEXT, _RTF, _HTML, _MESSAGE_ID, _REFERENCES, _IN_REPLY_TO = 0x1000, 0x1009, 0x1013, 0x1035, 0x1039, 0x1042
_VERSION_LINE = b"Microsoft Mail Internet Headers Version 2.0\r\n"
_ADDRESSES = (0x5D02, 0x0065, 0x5D01, 0x0C1F)  # of the author, then of who sent it for the author
_NAMES = (0x0042, 0x0C1A)
_RECIPIENT_KIND, _RECIPIENT_NAME, _RECIPIENT_ADDRESSES = 0x0C15, 0x3001, (0x39FE, 0x3003)
_TO, _CC = 1, 2
CONTENT, SHORT_NAME = 0x3701, 0x3704  # of an attachment
_FILE_NAMES = (0x3707, SHORT_NAME, 0x3001)  # long, short, as displayed
_CODE_PAGE, _BODY_CODE_PAGE = 0x3FFD, 0x3FDE

_UTC_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_CODE_PAGES = {65001: "utf-8", 20127: "us-ascii", 28591: "iso-8859-1"}


def tag(name: int, kind: int) -> int:
    return name << 16 | kind


class Properties:
    """The properties of one object; remembers the first that could not be read.

    value answers the octets of a property by its tag, None if it is absent; it may raise ContainerError.
    charset is that of strings that name none, "" if it is to be found among the properties.
    """

    def __init__(self, value: Callable[[int], bytes | None], charset: str = "") -> None:
        self._value = value
        self.error_code: str | None = None
        self.charset = charset or _charset(self.number(_CODE_PAGE) or self.number(_BODY_CODE_PAGE))

    def number(self, name: int) -> int:
        """A property of 32 bits, 0 if absent."""
        return int.from_bytes((self.octets(name, INTEGER) or b"")[:4], "little")

    def moment(self, name: int) -> datetime | None:
        """A time: tenths of a microsecond since 1601."""
        ticks = int.from_bytes((self.octets(name, TIME) or b"")[:8], "little")
        try:
            return _UTC_EPOCH + timedelta(microseconds=ticks // 10) if ticks else None
        except OverflowError:
            return None

    def text(self, name: int, charset: str = "") -> str:
        """A string, cut where it is longer than one would look at; "" if absent."""
        octets = self.octets(name, UNICODE)
        if octets is not None:
            return octets[: 2 * LIMITS.text_source].decode("utf-16-le", "replace").rstrip("\0")
        octets = self.octets(name, STRING)
        if octets is None:
            octets = self.octets(name, BINARY) or b""
        return to_text(octets[: LIMITS.text_source], charset or self.charset).rstrip("\0")

    def first_text(self, *names: int) -> str:
        return next(filter(None, map(self.text, names)), "")

    def string(self, name: int) -> bytes:
        """A string as octets: those of a code page as they lie."""
        octets = self.octets(name, UNICODE)
        if octets is not None:
            return octets.decode("utf-16-le", "replace").encode("utf-8", "replace")
        return self.octets(name, STRING) or b""

    def octets(self, name: int, kind: int) -> bytes | None:
        try:
            return self._value(tag(name, kind))
        except ContainerError as error:
            self.error_code = self.error_code or error.code
            return None


class Attachment(NamedTuple):
    """What an attachment is: its octets behind an Entry, or a message that has none of its own."""

    entry: Entry
    message: Callable[[], TakenApart] | None = None


class TakenApart(NamedTuple):
    """A message as a file gives it, nothing of it looked at yet."""

    properties: Properties
    recipients: Iterable[Properties]
    attachments: Iterable[Attachment]


class OutlookMessage(NamedTuple):
    """A message as far as Outlook kept it."""

    message: Message  # header section, body empty: as it came, or made of properties
    transported: bool  # whether the header section is the one that came
    parts: tuple[Part, ...]  # the texts, as if they were parts
    attachments: tuple[Attachment, ...]
    notes: tuple[str, ...] = ()
    error_code: str | None = None  # the first thing that could not be read


def read_message(taken: TakenApart) -> OutlookMessage:
    """A message put together, attachments not yet read. Never raises for what the file holds."""
    properties = taken.properties
    header = properties.string(_HEADERS).strip(b"\r\n\0")
    # Outlook 2003 and older write a line of their own above the header section that they received.
    message = split_message(in_memory(header.removeprefix(_VERSION_LINE) + b"\r\n\r\n"))
    transported = bool(message.fields)
    notes = tuple(_shown_otherwise(properties, message)) if transported else ()
    if not transported:
        message = split_message(in_memory(_made_header(taken)))
    parts = tuple(_parts(properties))
    attachments = tuple(taken.attachments)
    return OutlookMessage(message, transported, parts, attachments, notes, properties.error_code)


def file_name(attachment: Properties) -> bytes:
    return attachment.first_text(*_FILE_NAMES).encode("utf-8", "replace")


def _charset(code_page: int) -> str:
    return _CODE_PAGES.get(code_page, f"cp{code_page}" if code_page else "")


# ---- header section ---------------------------------------------------------------------------


def _shown_otherwise(properties: Properties, message: Message) -> Iterator[str]:
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


def _made_header(taken: TakenApart) -> bytes:
    """A header section of what the properties say."""
    properties = taken.properties
    recipients = list(_recipients(taken))
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


def _recipients(taken: TakenApart) -> Iterator[tuple[int, str]]:
    for one in taken.recipients:
        yield one.number(_RECIPIENT_KIND), _mailbox(one.text(_RECIPIENT_NAME), one.first_text(*_RECIPIENT_ADDRESSES))
        taken.properties.error_code = taken.properties.error_code or one.error_code


def _mailbox(name: str, address: str) -> str:
    """As RFC 5322 §3.4 writes it; an address inside Exchange (/O=...) is none."""
    plain = "".join(c for c in name if c not in '"\\' and c.isprintable())
    address = "".join(c for c in address if c not in "<>" and not c.isspace())
    return f'"{plain}" <{address}>' if "@" in address else ""


# ---- texts ------------------------------------------------------------------------------------


def _parts(properties: Properties) -> Iterator[Part]:
    """The text; the HTML where there is no text; what the rich text holds where there is neither."""
    text, media_type = properties.text(_TEXT), "text/plain"
    if not text.strip():
        text, media_type = properties.text(_HTML, _charset(properties.number(_BODY_CODE_PAGE))), "text/html"
    if not text.strip():
        text, media_type = rtf.text_of(properties.octets(_RTF, BINARY) or b"")
    if text.strip():
        octets = in_memory(text.encode("utf-8", "replace"))
        yield Part("1", media_type, {"charset": "utf-8"}, "", None, None, "", (), octets, 0, False)
