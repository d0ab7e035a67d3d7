"""Outlook's mailbox files, PST and OST: every message of every folder, and those that no folder lists (MS-PST).

Read with libpff (the `pst` extra), which trusts what a file says of itself: octets read are counted, each of
its many errors ends as one code, and a message is asked for only behind its own announcement, so that one which
takes the process down is passed over when the file is read again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeVar

from transforms.limits import LIMITS
from transforms.mail import mapi
from transforms.mail.mapi import BINARY, CONTENT, OBJECT, UNICODE, Attachment, Properties, TakenApart
from transforms.mail.pst_heap import Heap
from transforms.model import ContainerError, Entry
from transforms.span import Span, SpanFile

_SUBJECT = 0x0037
_MESSAGES = 0x3602  # how many a folder says that it holds
_KIND, _SEARCH = 0x1F, 0x03  # of an identifier; that of a folder which lists messages of others (MS-PST §2.2.2.1)
_METHOD, _INSIDE = 0x3705, 5  # how an attachment is kept: as a message (MS-OXCMSG §2.2.2.9)
_ORPHANS = "orphans"
_READS = 64  # how often the octets of a file may be read over

_Found = TypeVar("_Found")


class Store:
    """An open mailbox file. ContainerError if it cannot be opened, or the extra is not installed."""

    def __init__(self, span: Span, alive: Callable[[], None]) -> None:
        try:
            import pypff
        except ImportError:
            raise ContainerError("container.needs_pst_extra", "pip install 'leak-triage[pst]'") from None
        self.expected = self.listed = 0  # messages, by what folders say of themselves, and as they list them
        self._file = pypff.file()
        self._octets = SpanFile(span, alive, _READS * span.size)
        _guarded(self._file.open_file_object, self._octets)

    def messages(self) -> Iterator[Attachment]:
        """Every message under the names of its folders, in their order; ContainerError where a list ends early."""
        yield from self._folders()
        count = _guarded(self._file.get_number_of_orphan_items)
        for number in range(_bounded(count)):
            yield self._message(f"{_ORPHANS}/{number}", partial(self._file.get_orphan_item, number))

    def _folders(self) -> Iterator[Attachment]:
        seen = set()
        pending = [("", _guarded(self._file.get_root_folder))]
        damage: ContainerError | None = None
        while pending:
            path, folder = pending.pop()
            if folder is None:
                continue
            try:
                identifier = _guarded(folder.get_identifier)
                if identifier in seen:
                    continue
                seen.add(identifier)
                _bounded(len(seen))
                count = _guarded(folder.get_number_of_sub_messages)
                self.listed += count
                if identifier & _KIND != _SEARCH:
                    self.expected += max(_properties(folder).number(_MESSAGES), count)
                below = _guarded(folder.get_number_of_sub_folders)
            except ContainerError as error:
                damage = damage or error
                continue
            _bounded(self.listed)
            for number in range(count):
                yield self._message(f"{path}{number}", partial(folder.get_sub_message, number))
            inside = []
            for number in range(_bounded(below)):
                try:
                    kid = _guarded(folder.get_sub_folder, number)
                    inside.append((f"{path}{_guarded(kid.get_name) or ''}/", kid))
                except ContainerError as error:
                    damage = damage or error
            pending += reversed(inside)
        if damage is not None:
            raise damage

    def _message(self, name: str, get: Callable[[], Any]) -> Attachment:
        return Attachment(Entry(name.encode("utf-8", "replace")), lambda: _taken_apart(_guarded(get)))


def _bounded(count: int) -> int:
    """A number that the file claims. ContainerError if it is too large to go through."""
    if count > LIMITS.members:
        raise ContainerError("limit.members", "pst: too many messages or folders")
    return count


def _taken_apart(message: Any) -> TakenApart:
    properties = _properties(message)
    return TakenApart(properties, _recipients(message, properties), _attachments(message, properties))


def _properties(item: Any, charset: str = "") -> Properties:
    """The properties of an item: of its first record set, which holds them all."""
    return _of_record(_guarded(item.get_record_set, 0) if _guarded(item.get_number_of_record_sets) else None, charset)


def _of_record(record: Any, charset: str) -> Properties:
    def value(tag: int) -> bytes | None:
        entry = _guarded(record.get_entry_by_type, tag >> 16, tag & 0xFFFF) if record is not None else None
        octets: bytes | None = _guarded(entry.get_data) if entry is not None else None
        return octets

    return Properties(_plain_subject(value), charset)


def _plain_subject(value: Callable[[int], bytes | None]) -> Callable[[int], bytes | None]:
    """The same properties, the subject without the two characters that say how long its prefix is."""

    def plain(tag: int) -> bytes | None:
        octets = value(tag)
        if octets is not None and tag >> 16 == _SUBJECT and octets[:1] == b"\1":  # MS-PST §2.5.3.1.1.1
            return octets[4:] if tag & 0xFFFF == UNICODE else octets[2:]
        return octets

    return plain


def _recipients(message: Any, properties: Properties) -> Iterator[Properties]:
    try:
        table = _guarded(getattr, message, "recipients", None)  # an orphan may be no message
        count = _guarded(table.get_number_of_record_sets) if table is not None else 0
        for number in range(min(count, LIMITS.addresses)):
            yield _of_record(_guarded(table.get_record_set, number), properties.charset)
    except ContainerError as error:
        properties.error_code = properties.error_code or error.code


def _attachments(message: Any, properties: Properties) -> Iterator[Attachment]:
    try:
        count = _guarded(message.get_number_of_attachments) if hasattr(message, "get_attachment") else 0
        for number in range(min(count, LIMITS.members)):
            yield _attachment(_guarded(message.get_attachment, number), properties.charset)
    except ContainerError as error:
        properties.error_code = properties.error_code or error.code


def _attachment(attachment: Any, charset: str) -> Attachment:
    said = _properties(attachment, charset)
    name = mapi.file_name(said)
    if said.number(_METHOD) == _INSIDE:
        return Attachment(Entry(name), lambda: _message_inside(attachment))
    if all(said.octets(CONTENT, kind) is None for kind in (BINARY, OBJECT)):
        return Attachment(Entry(name, error_code=said.error_code or "container.by_reference"))
    return Attachment(Entry(name, content=partial(_content, attachment)))


def _message_inside(attachment: Any) -> TakenApart:
    """A message attached to another one, as far as its own heap goes: without recipients and attachments."""
    if _guarded(attachment.get_size) > LIMITS.text_source:
        raise ContainerError("limit.message_inside", "pst: the message inside is too large")
    properties = Properties(_plain_subject(Heap(b"".join(_content(attachment))).value))
    properties.error_code = "container.message_inside"
    return TakenApart(properties, (), ())


def _content(attachment: Any) -> Iterator[bytes]:
    left = _guarded(attachment.get_size)
    _guarded(attachment.seek_offset, 0, 0)
    while left > 0:
        chunk = _guarded(attachment.read_buffer, min(left, LIMITS.chunk))
        if not chunk:
            raise ContainerError("container.truncated", "pst: an attachment ends early")
        left -= len(chunk)
        yield chunk


def _guarded(read: Callable[..., _Found], *arguments: Any) -> _Found:
    """What libpff answers; ContainerError for whatever it raises of damaged files."""
    try:
        return read(*arguments)
    except MemoryError:
        raise ContainerError("limit.memory", "pst: not enough memory") from None
    except Exception as error:
        raise ContainerError("container.damaged", f"pst: {error}") from None
