"""May octets hold messages that are read by nobody here? Then nothing inherits through them (VERDICT §3)."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from os.path import splitext

from transforms.containers import zip as zip_archive
from transforms.limits import LIMITS
from transforms.model import Kind
from transforms.sniff import CMS, HEAD, Sniffed, begins_cms
from transforms.span import Span

# Endings of names, and what lies in such files; they count for what is no document, picture or readable archive.
_NAMES = {
    "mailboxes": "dbx idx nsf ntf olm mbx mbox pst ost mbs snm wab emlx eml msg oft nws mht mhtml",
    "signed or encrypted mail": "p7m p7s p7c p7 pkcs7 cms pgp gpg",
    "archives": "zip zipx tar gz tgz bz2 tbz tbz2 xz txz zst tzst lzma lz lz4 z taz 7z rar cab iso img lzh lha ace arj "
    "arc zoo sit sitx hqx dmg wim jar cpio shar",
    "archives that open themselves": "exe scr msi",
    "octets written as letters": "uu uue b64 mim xxe",
}
_NAMED = frozenset(f".{ending}" for endings in _NAMES.values() for ending in endings.split())
_MAILBOX_NAMES = frozenset((".olm", ".nsf", ".dbx", ".pst", ".ost"))  # whatever the content is
# Marks at the start of what no reader here opens.
_STARTS = (
    b"MZ",  # a program, which an archive may stand in
    b"MSCF",  # cab
    b"\x1f\x9d",  # compress
    b"\x1f\xa0",
    b"\x04\x22\x4d\x18",  # lz4
    b"LZIP",
    b"]\0\0",  # lzma, alone
    b"\x60\xea",  # arj
    b"\x1a\0\0\4",  # Notes
    b"\xcf\xad\x12\xfe",  # Outlook Express
    b"StuffIt ",
    b"SIT!",
)
_LHA = (b"-lh", b"-lz")  # behind two octets
# Marks of archives, which no text has: they count behind the octets by which it was called a text.
_BINARY = (
    *(b"PK\3\4", b"PK\5\6", b"PK\1\2", b"\x1f\x8b\x08\0", b"\x1f\x8b\x08\x08", b"\xfd7zXZ\0"),
    *(b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"MSCF\0\0\0\0", b"\x78\x9f\x3e\x22", CMS),
)
# Marks anywhere in octets that are of no known form: of archives behind junk, and of mail itself.
_ANYWHERE = (
    *_BINARY,
    *(b"1AY&SY", b"!<arch>", b"070701", b"070702", b"070707", b"ustar", b"**ACE**", b"CD001", b"!BDN"),
    *(b"From: ", b"Received: ", b"Message-ID: ", b"Subject: "),
)
_LONGEST = 16  # octets, at the most, of such a mark
_UUENCODED = re.compile(rb"(?:\s{0,64}+)begin(?:-base64)? [0-7]{3,4} ")
_PEM = re.compile(rb"-----BEGIN (?:PKCS7|PKCS #7|CMS|PGP MESSAGE)")
_OUTLOOK_XML = b"OPFMessage"  # what Outlook for Mac writes messages as, in an .olm


def may_hold_messages(span: Span, found: Sniffed, name: bytes) -> bool:
    """Whether messages may stand in octets that no reader opens; found is what they were taken for.

    A document or picture may only have a zip behind it. Text and octets of no known form, over
    LIMITS.document, may hold anything.
    """
    if found.kind in (Kind.EMAIL, Kind.MAILBOX):
        return True
    ending = splitext(name.decode("latin-1").lower())[1]
    if ending in _MAILBOX_NAMES:
        return True
    if found.kind is Kind.ARCHIVE:
        return False  # its members tell
    if zip_archive.has_directory(span):
        return True
    if found.kind in (Kind.DOCUMENT, Kind.IMAGE):
        return False
    head = span.read(0, HEAD)
    if found.format == "pkcs7":  # of a signature over other octets, content.py has seen that it holds nothing
        return found.kind is not Kind.SIGNATURE or not head.startswith(b"\x30")
    if ending in _NAMED or _UUENCODED.match(head) or _PEM.search(head) or _OUTLOOK_XML in head:
        return True
    if begins_cms(_from_letters(head)):
        return True
    if found.format != "unknown":
        return span.size > HEAD and _marked(span, _BINARY)
    return head.startswith(_STARTS) or head[2:5] in _LHA or _marked(span, _ANYWHERE)


def in_der(octets: bytes) -> bytes:
    """Signed content as its octets, where it is written in letters, with lines around it (RFC 7468) or without."""
    decoded = b"" if begins_cms(octets) else _from_letters(octets)
    return decoded if begins_cms(decoded) else octets


def _from_letters(octets: bytes) -> bytes:
    """base64 with or without lines around it, decoded; b"" if it is none."""
    bare = re.sub(rb"-----(?:BEGIN|END) [A-Z0-9 ]{1,40}-----", b"", octets).lstrip()
    if not bare.startswith(b"M"):  # as 0x30 and a length do
        return b""
    letters = bare.translate(None, b"\r\n\t ")
    try:
        return base64.b64decode(letters[: len(letters) // 4 * 4])
    except ValueError:
        return b""


def _marked(span: Span, marks: tuple[bytes, ...]) -> bool:
    return span.size > LIMITS.document or any(mark in window for window in _windows(span) for mark in marks)


def _windows(span: Span) -> Iterator[bytes]:
    for at in range(0, span.size, LIMITS.chunk):
        yield span.read(at, at + LIMITS.chunk + _LONGEST)
