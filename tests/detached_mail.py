"""Signed mail with attachments, and what mail programs make of it when their user takes one out."""

from __future__ import annotations

import base64
import random

FIELDS = "from to subject date message-id mime-version content-type"
PDF = b"%PDF-1.4\n" + random.Random(24).randbytes(3_000)
SENTENCE = b"You deleted an attachment from this message. The original MIME headers for the attachment were:\r\n"
DATE = b'; date="Tue May 02 09:30:11 2017"'


def lines(octets: bytes, width: int = 76) -> bytes:
    letters = base64.b64encode(octets)
    return b"\r\n".join(letters[at : at + width] for at in range(0, len(letters), width))


def section(name: bytes = b"report.pdf", encoding: bytes = b"base64", media_type: bytes = b"application/pdf") -> bytes:
    """The header fields of an attachment, as Thunderbird writes them."""
    return (
        b"Content-Type: %s;\r\n name=\"%s\"\r\nContent-Transfer-Encoding: %s\r\n"
        b"Content-Disposition: attachment;\r\n filename=\"%s\"\r\n" % (media_type, name, encoding, name)
    )  # fmt: skip


def mail(*parts: bytes, sender: bytes = b"claire@campaign.example") -> bytes:
    """Not signed yet: a text, and parts with their header sections."""
    found = b"".join(b"\r\n--=_b\r\n" + part for part in parts)
    return (
        b"From: Claire Aubry <%s>\r\nTo: desk@newsroom.example\r\nSubject: The report\r\n"
        b"Date: Mon, 24 Apr 2017 10:00:00 +0000\r\nMessage-ID: <report.1@campaign.example>\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="=_b"\r\n\r\n'
        b"--=_b\r\nContent-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
        b"The report is attached.%s\r\n--=_b--\r\n" % (sender, found)
    )


def attachment(octets: bytes = PDF, name: bytes = b"report.pdf", width: int = 76, end: bytes = b"") -> bytes:
    return section(name) + b"\r\n" + lines(octets, width) + end


def deleted(name: bytes = b"report.pdf", was: bytes | None = None) -> bytes:
    """The note of Thunderbird in the place of an attachment that was deleted."""
    return (
        b'Content-Type: text/x-moz-deleted; name="Deleted: %s"\r\nContent-Transfer-Encoding: 8bit\r\n'
        b'Content-Disposition: inline; filename="Deleted: %s"\r\nX-Mozilla-Altered: AttachmentDeleted%s\r\n\r\n'
        % (name, name, DATE)
        + SENTENCE
        + (section(name) if was is None else was)
    )


def saved(name: bytes = b"report.pdf", url: bytes = b"file:///home/desk/report.pdf") -> bytes:
    """The note of Thunderbird in the place of an attachment that was saved elsewhere."""
    return (
        b'Content-Type: application/pdf;\r\n name="%s"\r\nContent-Disposition: attachment; filename="%s"\r\n'
        b"X-Mozilla-External-Attachment-URL: %s\r\nX-Mozilla-Altered: AttachmentDetached%s\r\n\r\n"
        % (name, name, url, DATE)
        + SENTENCE
        + section(name)
    )


def cut(name: bytes = b"report.pdf") -> bytes:
    """The note of mutt in the place of an attachment that was deleted."""
    return (
        b"Content-Type: message/external-body; access-type=x-mutt-deleted;\r\n"
        b'\texpiration="Tue, 2 May 2017 09:30:11 +0200"; length=4112\r\n\r\n' + section(name) + b"\r\n"
    )


def emptied(name: bytes = b"report.pdf") -> bytes:
    """What an archive leaves that keeps the fields and drops the content."""
    return section(name) + b"\r\n"


def apple(name: bytes = b"report.pdf") -> bytes:
    """What Apple Mail leaves in a .partial.emlx, the file beside it."""
    return section(name) + b"X-Apple-Content-Length: 4000\r\n"


def take_out(signed: bytes, part: bytes, note: bytes) -> bytes:
    assert signed.count(part) == 1
    return signed.replace(part, note)
