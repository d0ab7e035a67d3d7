"""What is this? By content, in microseconds; the name only where content cannot tell.

libmagic takes nearly half of the mail it is shown for text, and milliseconds for a text; it is asked
only about what is left over here (magic_type.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from transforms.containers import mailbox, tar, utf16
from transforms.containers.emlx import count_line_length
from transforms.mail.fields import blank_length, from_line_length, looks_like_message
from transforms.model import Kind

HEAD = 4096  # octets looked at ...
LONG_HEAD = 128 * 1024  # ... and where a header section does not end there


@dataclass(frozen=True, slots=True)
class Sniffed:
    format: str  # "unknown" where nothing matched
    kind: Kind
    media_type: str


# Signature at an offset -> what it is. The first that matches counts.
_SIGNATURES: tuple[tuple[int, bytes, Sniffed], ...] = tuple(
    (offset, mark, Sniffed(form, kind, media_type))
    for offset, mark, form, kind, media_type in (
        (0, b"PK\3\4", "zip", Kind.ARCHIVE, "application/zip"),
        (0, b"PK\5\6", "zip", Kind.ARCHIVE, "application/zip"),
        (0, b"PK\7\x08PK\3\4", "zip", Kind.ARCHIVE, "application/zip"),
        (0, b"PK00PK\3\4", "zip", Kind.ARCHIVE, "application/zip"),
        (0, b"\x1f\x8b\x08", "gzip", Kind.ARCHIVE, "application/gzip"),
        (4, b"1AY&SY", "bzip2", Kind.ARCHIVE, "application/x-bzip2"),  # behind BZh1 to BZh9
        (4, b"\x17\x72\x45\x38\x50\x90", "bzip2", Kind.ARCHIVE, "application/x-bzip2"),  # of nothing
        (0, b"\xfd7zXZ\0", "xz", Kind.ARCHIVE, "application/x-xz"),
        (0, b"\x28\xb5\x2f\xfd", "zstd", Kind.ARCHIVE, "application/zstd"),
        (0, b"7z\xbc\xaf\x27\x1c", "7z", Kind.ARCHIVE, "application/x-7z-compressed"),
        (0, b"Rar!\x1a\x07", "rar", Kind.ARCHIVE, "application/vnd.rar"),
        (0, b"!<arch>\n", "ar", Kind.ARCHIVE, "application/x-archive"),
        (0, b"07070", "cpio", Kind.ARCHIVE, "application/x-cpio"),
        (0, b"\xc7\x71", "cpio", Kind.ARCHIVE, "application/x-cpio"),
        (0, b"\x71\xc7", "cpio", Kind.ARCHIVE, "application/x-cpio"),
        (0, b"%PDF-", "pdf", Kind.DOCUMENT, "application/pdf"),
        (0, b"\xff\xd8\xff", "jpeg", Kind.IMAGE, "image/jpeg"),
        (0, b"\x89PNG\r\n\x1a\n", "png", Kind.IMAGE, "image/png"),
        (0, b"GIF87a", "gif", Kind.IMAGE, "image/gif"),
        (0, b"GIF89a", "gif", Kind.IMAGE, "image/gif"),
        (0, b"II*\0", "tiff", Kind.IMAGE, "image/tiff"),
        (0, b"MM\0*", "tiff", Kind.IMAGE, "image/tiff"),
        (8, b"WEBPVP8", "webp", Kind.IMAGE, "image/webp"),  # behind RIFF and a size
        (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole", Kind.DOCUMENT, "application/x-ole-storage"),
        (0, b"\x78\x9f\x3e\x22", "tnef", Kind.EMAIL, "application/vnd.ms-tnef"),
        (0, b"!BDN", "pst", Kind.MAILBOX, "application/vnd.ms-outlook-pst"),
        (
            0,
            b"\0\5\x16\7",
            "applefile",
            Kind.OTHER,
            "application/applefile",
        ),  # AppleDouble: what a Mac keeps beside a file
        (0, b"{\\rtf", "rtf", Kind.DOCUMENT, "application/rtf"),
    )
)

# How a text begins, in lower case, blanks before it left out.
_TEXTS: tuple[tuple[bytes, Sniffed], ...] = tuple(
    (start, Sniffed(form, kind, media_type))
    for start, form, kind, media_type in (
        (b"begin:vcalendar", "calendar", Kind.CALENDAR, "text/calendar"),
        (b"begin:vcard", "contact", Kind.CONTACT, "text/vcard"),
        (b"-----begin pgp signature", "pgp", Kind.SIGNATURE, "application/pgp-signature"),
        (b"-----begin pgp message", "pgp", Kind.OTHER, "application/pgp-encrypted"),
        (b"-----begin pgp public key", "pgp", Kind.OTHER, "application/pgp-keys"),
        (b"-----begin pkcs7", "pkcs7", Kind.SIGNATURE, "application/pkcs7-signature"),
        (b"<!doctype html", "html", Kind.DOCUMENT, "text/html"),
        (b"<html", "html", Kind.DOCUMENT, "text/html"),
        (b"<head", "html", Kind.DOCUMENT, "text/html"),
        (b"<body", "html", Kind.DOCUMENT, "text/html"),
        (b"<?xml", "xml", Kind.TEXT, "application/xml"),
    )
)

_PKCS7 = {
    b".p7s": Sniffed("pkcs7", Kind.SIGNATURE, "application/pkcs7-signature"),
    b".p7m": Sniffed("pkcs7", Kind.OTHER, "application/pkcs7-mime"),
}
_OLE = {  # what the storage holds stands in its directory, which may lie anywhere in the file
    b".doc": "application/msword",
    b".msg": "application/vnd.ms-outlook",
    b".oft": "application/vnd.ms-outlook",
    b".ppt": "application/vnd.ms-powerpoint",
    b".xls": "application/vnd.ms-excel",
}
_MESSAGE_SUFFIXES = frozenset({b".eml", b".emlx", b".mbox", b".mbx", b".mht", b".mhtml"})
_TEXT = Sniffed("text", Kind.TEXT, "text/plain")
_EMPTY = Sniffed("empty", Kind.OTHER, "application/x-empty")
_UNKNOWN = Sniffed("unknown", Kind.OTHER, "application/octet-stream")
EMAIL = Sniffed("email", Kind.EMAIL, "message/rfc822")
_MAILBOX = Sniffed("mailbox", Kind.MAILBOX, "application/mbox")
_EMLX = Sniffed("emlx", Kind.EMAIL, "message/rfc822")
_UTF16 = Sniffed("utf16", Kind.ARCHIVE, "text/plain")  # a message or mailbox that an editor saved so
_TAR = Sniffed("tar", Kind.ARCHIVE, "application/x-tar")

CMS = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07"  # how the types of content begin, an object identifier
_MARK = b"\xef\xbb\xbf"
# The first header: newc and crc, odc, and the old binary one with its name.
_CPIO = re.compile(rb"07070[12][0-9A-Fa-f]{104}|070707[0-7]{70}|(?:\xc7\x71|\x71\xc7)(?s:.{24})[^\0]{1,250}\0")
_CONTROLS = bytes(set(range(32)) - set(b"\b\t\n\v\f\r\x1a\x1b"))  # octets that texts do not have


def sniff(head: bytes, size: int, name: bytes) -> Sniffed:
    """Type by the first HEAD octets of a file of size octets; name as stored.

    mailbox: it begins with a From_ line, or has one behind text; whether more follow, containers/mailbox.py says.
    """
    if not size:
        return _EMPTY
    suffix = _suffix(name)
    for offset, mark, found in _SIGNATURES:
        if head.startswith(mark, offset) and _holds(found, head):
            if found.format == "ole" and suffix in _OLE:
                return replace(found, media_type=_OLE[suffix])
            return found
    if begins_cms(head):  # before mail, which it may hold as it stands
        return _PKCS7.get(suffix, _PKCS7[b".p7m"])
    if tar.begins(head):  # before mail, which its first member may be
        return _TAR
    top = head[blank_length(head) :]
    if top.startswith(b"From ") and from_line_length(top):
        return _MAILBOX
    count_line = count_line_length(head)
    if count_line and looks_like_message(head[count_line:]):
        return _EMLX
    if looks_like_message(head):
        return EMAIL
    if suffix in _PKCS7:
        return _PKCS7[suffix]
    if utf16.form(head):
        text = utf16.in_utf8(head)
        return _UTF16 if looks_like_message(text) or from_line_length(text) else _TEXT
    if mailbox.begins_behind_text(head):
        return _MAILBOX
    if head.translate(None, _CONTROLS) != head:
        return _UNKNOWN
    start = head.removeprefix(_MARK).lstrip()[:32].lower()
    return next((found for text, found in _TEXTS if start.startswith(text)), _TEXT)


def holds_messages(found: Sniffed, name: bytes, claimed: str | None = None) -> bool:
    """Whether it is or may hold messages, or is called so: nothing inherits through it.

    claimed is the media type that a message declares for it.
    """
    if found.format in ("tnef", "pst", "7z", "rar", "ar", "cpio"):  # what a foreign archive holds cannot be seen
        return True
    return called_message(name, claimed) or (found.format == "ole" and _suffix(name) in (b".msg", b".oft"))


def begins_cms(head: bytes) -> bool:
    """Whether octets begin as signed or encrypted content in DER or BER does (RFC 5652 §3)."""
    return head.startswith(b"\x30") and CMS in head[:24]


def called_message(name: bytes, claimed: str | None) -> bool:
    """Whether name or declared type say that it is a message or a mailbox."""
    return (claimed or "").startswith("message/") or _suffix(name) in _MESSAGE_SUFFIXES


def _holds(found: Sniffed, head: bytes) -> bool:
    """What else stands around a signature that is short or does not begin at 0."""
    if found.format == "bzip2":
        return head.startswith(b"BZh") and head[3:4].isdigit()
    if found.format == "cpio":
        return _CPIO.match(head) is not None
    return found.format != "webp" or head.startswith(b"RIFF")


def _suffix(name: bytes) -> bytes:
    return name[name.rfind(b".") :].lower() if b"." in name else b""
