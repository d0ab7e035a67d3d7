"""Which reader gets an item's octets? The one place that knows them all.

Each item is announced to the watch before it is read, so that one which kills the worker can be
marked and passed over when the unit runs again.
"""

from __future__ import annotations

from typing import Any

from transforms import magic_type
from transforms.auth.ber import Malformed
from transforms.auth.cms import signed_data
from transforms.auth.smime import ENVELOPES
from transforms.concealed import may_hold_messages
from transforms.containers import emlx, mailbox
from transforms.containers import zip as zip_archive
from transforms.containers.compound import Storage, open_compound
from transforms.documents import Opened
from transforms.limits import LIMITS
from transforms.mail import msg, tnef
from transforms.mail.fields import header_goes_on, names_fields_of_mail
from transforms.mail.mapi import OUTLOOK, TNEF
from transforms.model import ContainerError, Kind, Status
from transforms.sniff import EMAIL, HEAD, LONG_HEAD, Sniffed, begins_cms, called_message, holds_messages, sniff
from transforms.span import Span
from transforms.unpack import archives, documents, envelopes, mailboxes, outlook
from transforms.unpack.landing import Landed
from transforms.unpack.rows import Octets, Place, Rows


def read(rows: Rows, row: int, place: Place, landed: Landed, expand: bool = True) -> Octets | None:
    """Type an item's octets, fill its row and those below it.

    None: an archive, whose members are accounted instead of its octets.
    expand=False: a split container, whose ranges are units of their own.
    """
    span, digests = landed.span, landed.digests
    whole = Octets(digests.size, 0)
    if not landed.strict:
        place = place._replace(covered=False)
    found = _typed(span, place)
    if place.note and found.kind is Kind.EMAIL:  # it repeats a header section; no proof passes through it
        note = {"media_type": "text/plain", "holds_messages": True}
        rows.put(row, place, Kind.TEXT, digests, **note, **landed.outcome)
        return whole
    root: Storage | ContainerError | None = None
    if found.format == "ole" and landed.status is not Status.LIMITED:
        found, root = _compound(found, span)
    if landed.status is not Status.LIMITED and _opens(found):
        breach = None
        if digests.sha256 in place.ancestors:
            breach = "limit.cycle"
        elif place.depth > rows.limits.depth:
            breach = "limit.depth"
        if breach is not None:
            landed = landed._replace(status=Status.LIMITED, code=breach)
    if landed.status is Status.LIMITED:
        rows.put(row, place, found.kind, digests, **_facts(found, span, place), **landed.outcome)
        return whole
    if root is not None and found is _OUTLOOK:
        if isinstance(root, ContainerError):
            return outlook.unreadable(rows, row, place, landed, found.media_type, root.code)
        outlook.read(rows, row, place, msg.taken_apart(root), landed)
        return None
    if found.format == "tnef":
        outlook.read(rows, row, place, tnef.taken_apart(span), landed, TNEF)
        return None
    if found.format == "pst":
        return outlook.store(rows, row, place, landed)
    several = found.format == "mailbox" and mailbox.holds_several(span, rows.watch.alive)
    close = found.format == "mailbox" and not several and mailbox.holds_close(span, rows.watch.alive)
    if several or close:
        octets = Octets(0, 0)
        if expand:
            below = place.below(row, digests.sha256)
            entries = mailbox.entries(span, alive=rows.watch.alive, close=close)
            octets = mailboxes.messages(rows, below, span, entries)
        rows.put(row, place, Kind.MAILBOX, digests, **_facts(found, span, place), **landed.outcome)
        return octets
    if found.format == "emlx" and emlx.is_framed(span):
        return mailboxes.framed(rows, row, place, landed, emlx.entries(span))
    if found.kind in (Kind.EMAIL, Kind.MAILBOX):
        return mailboxes.framed(rows, row, place, landed, mailboxes.one_message(span))
    if found.media_type in ENVELOPES:
        return envelopes.read(rows, row, place, landed, found.kind, _facts(found, span, place))
    if found.format in archives.FORMATS:
        return archives.read(rows, row, place, landed, found, _facts(found, span, place), expand)
    if found.kind is Kind.ARCHIVE:
        unopened = landed._replace(status=Status.ERROR, code="container.unsupported_format")
        rows.put(row, place, Kind.ARCHIVE, digests, **_facts(found, span, place), **unopened.outcome)
        return whole
    opened = Opened(found.format, found.media_type, span, storage=root)
    return documents.read(rows, row, place, landed, found.kind, opened, _facts(found, span, place))


def _opens(found: Sniffed) -> bool:
    return found.kind is Kind.EMAIL or found.kind is Kind.MAILBOX or found.format in archives.FORMATS


_ENVELOPE = Sniffed("pkcs7", Kind.OTHER, "application/pkcs7-mime")
_ZIP = Sniffed("zip", Kind.ARCHIVE, "application/zip")
_OUTLOOK = Sniffed("msg", Kind.EMAIL, OUTLOOK)


def _compound(found: Sniffed, span: Span) -> tuple[Sniffed, Storage | ContainerError]:
    """A compound file looked into: its root, or why it cannot be opened. Whether Outlook wrote it, its streams tell.

    Of one that cannot be opened, the name alone tells what it was.
    """
    try:
        root = open_compound(span)
    except ContainerError as error:
        return (_OUTLOOK if found.media_type == OUTLOOK else found), error
    return (_OUTLOOK if msg.is_message(root) else found), root


def _typed(span: Span, place: Place) -> Sniffed:
    """What octets are: by content, and as a message where they are called one and begin like one."""
    head = span.read(0, HEAD)
    if span.size > HEAD and header_goes_on(head):
        head = span.read(0, LONG_HEAD)
    found = sniff(head, span.size, place.name)
    if found.kind in (Kind.TEXT, Kind.OTHER) and zip_archive.has_directory(span):
        return _ZIP  # behind octets of something else, such as the program that opens it
    if found.format == "unknown" and place.claimed in ENVELOPES:
        return _ENVELOPE
    if found.format == "pkcs7" and begins_cms(head):
        return found if found.kind is not Kind.SIGNATURE or _is_detached(span) else _ENVELOPE
    if found.format == "pkcs7" and names_fields_of_mail(head):  # Outlook keeps the whole signed part so
        return EMAIL
    if found.kind not in (Kind.TEXT, Kind.OTHER) or not called_message(place.name, place.claimed):
        return found
    return EMAIL if names_fields_of_mail(head) else found


def _is_detached(span: Span) -> bool:
    """Whether a signature holds nothing of what it signs."""
    if span.size > LIMITS.signature_der:
        return False
    try:
        return signed_data(span.read()).content is None
    except Malformed:
        return False


def _facts(found: Sniffed, span: Span, place: Place) -> dict[str, Any]:
    """Type columns; libmagic is asked only about what the sniffer leaves over."""
    holds = holds_messages(found, place.name, place.claimed) or may_hold_messages(span, found, place.name)
    guess = magic_type.media_type(span.read(0, HEAD)) if found.format == "unknown" else None
    return {"media_type": guess or found.media_type, "holds_messages": holds}
