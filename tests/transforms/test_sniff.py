"""Types by content; the name is asked only where content cannot tell."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from transforms.model import Kind
from transforms.sniff import HEAD, holds_messages, sniff

MAIL = b"Return-Path: <a@press.example>\r\nFrom: a@press.example\r\nSubject: x\r\n\r\nbody\r\n"
FROM_LINE = b"From a@press.example Sat Apr 22 08:00:00 2017\r\n"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def tar_of(name: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo(name))
    return out.getvalue()


def zip_of(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return out.getvalue()


def format_of(octets: bytes, name: bytes = b"file") -> str:
    return sniff(octets[:HEAD], len(octets), name).format


@pytest.mark.parametrize(
    ("octets", "form", "kind"),
    [
        (MAIL, "email", Kind.EMAIL),
        (b"\xef\xbb\xbf" + MAIL, "email", Kind.EMAIL),
        (b">" + FROM_LINE + MAIL, "email", Kind.EMAIL),
        (b"DKIM-Signature: v=1; a=rsa-sha256\r\nFrom: a@press.example\r\n\r\n", "email", Kind.EMAIL),
        (FROM_LINE + MAIL, "mailbox", Kind.MAILBOX),
        (b"\r\n" + FROM_LINE + MAIL, "mailbox", Kind.MAILBOX),
        (b"\n\n\n" + FROM_LINE + MAIL, "mailbox", Kind.MAILBOX),
        (b"\xef\xbb\xbf" + FROM_LINE + MAIL, "mailbox", Kind.MAILBOX),
        (b"\xef\xbb\xbf\n" + FROM_LINE + MAIL, "mailbox", Kind.MAILBOX),
        (b"Exported by tool 3.1\r\n\r\n" + FROM_LINE + MAIL, "mailbox", Kind.MAILBOX),
        (b"\0\1junk\n\n" + FROM_LINE + MAIL, "mailbox", Kind.MAILBOX),
        (b"An mbox has lines such as\n\n" + FROM_LINE + b"foo: bar\n", "text", Kind.TEXT),
        (b"She wrote\n\n" + FROM_LINE + b"and then it rained\n", "text", Kind.TEXT),
        (b"\n" + MAIL, "email", Kind.EMAIL),
        (b"%-10d\n" % len(MAIL) + MAIL, "emlx", Kind.EMAIL),
        (zip_of("a"), "zip", Kind.ARCHIVE),
        (zip_of(), "zip", Kind.ARCHIVE),
        (tar_of("a"), "tar", Kind.ARCHIVE),
        (gzip.compress(b"x"), "gzip", Kind.ARCHIVE),
        (bz2.compress(b"x"), "bzip2", Kind.ARCHIVE),
        (bz2.compress(b""), "bzip2", Kind.ARCHIVE),
        (lzma.compress(b"x"), "xz", Kind.ARCHIVE),
        (zstandard.compress(b"x"), "zstd", Kind.ARCHIVE),
        (b"7z\xbc\xaf\x27\x1c\0\4", "7z", Kind.ARCHIVE),
        (b"Rar!\x1a\x07\x01\0", "rar", Kind.ARCHIVE),
        (b"%PDF-1.4\n", "pdf", Kind.DOCUMENT),
        (OLE + bytes(500), "ole", Kind.DOCUMENT),
        (b"{\\rtf1\\ansi", "rtf", Kind.DOCUMENT),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "jpeg", Kind.IMAGE),
        (b"\x89PNG\r\n\x1a\n\0\0", "png", Kind.IMAGE),
        (b"GIF89a\1\0", "gif", Kind.IMAGE),
        (b"II*\0\x08", "tiff", Kind.IMAGE),
        (b"RIFF\x24\0\0\0WEBPVP8 ", "webp", Kind.IMAGE),
        (b"\x78\x9f\x3e\x22\1\0", "tnef", Kind.EMAIL),
        (b"!BDN\0", "pst", Kind.MAILBOX),
        (b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", "calendar", Kind.CALENDAR),
        (b"begin:vcard\r\nversion:3.0\r\n", "contact", Kind.CONTACT),
        (b"-----BEGIN PGP SIGNATURE-----\n", "pgp", Kind.SIGNATURE),
        (b"\r\n<!DOCTYPE HTML>\r\n<p>", "html", Kind.DOCUMENT),
        (b"<?xml version='1.0'?><a/>", "xml", Kind.TEXT),
        ("Prix : 12 €\n".encode(), "text", Kind.TEXT),
        (b"caf\xe9\n", "text", Kind.TEXT),
        ("\ufeffété".encode("utf-16-le"), "text", Kind.TEXT),
        (b"BZh is short for", "text", Kind.TEXT),
        (b"2017\nFrom now on", "text", Kind.TEXT),
        (b"From now on it is Monday\n", "text", Kind.TEXT),
        (b"\0\1\2\3", "unknown", Kind.OTHER),
        (b"RIFF\x24\0\0\0WAVEfmt ", "unknown", Kind.OTHER),
    ],
)
def test_content_tells_whatever_the_name(octets: bytes, form: str, kind: Kind) -> None:
    for name in (b"file", b"file.eml", b"file.txt"):
        found = sniff(octets[:HEAD], len(octets), name)
        assert (found.format, found.kind) == (form, kind)


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("member", [MAIL, FROM_LINE + MAIL, b"%-10d\n" % len(MAIL) + MAIL])
def test_an_archive_that_holds_mail_at_its_start_is_no_mail(form: int, member: bytes) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name in ("0.eml", "From a Sat Apr 22 08:00:00 2017\n", "m\u00e4il/1.eml"):
            info = tarfile.TarInfo(name)
            info.size = len(member)
            archive.addfile(info, io.BytesIO(member))
    assert format_of(out.getvalue()) == "tar"
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as writer:
        writer.writestr("0.eml", member)
    assert format_of(stored.getvalue()) == "zip"
    old_ar = b"!<arch>\n" + b"0.eml/".ljust(48) + b"%-10d`\n" % len(member) + member
    newc = b"070701" + b"0" * 104 + b"0.eml\0" + member
    odc = b"070707" + b"0" * 70 + b"0.eml\0" + member
    binary = b"\xc7\x71" + bytes(24) + b"0.eml\0" + member
    assert [format_of(octets) for octets in (old_ar, newc, odc, binary)] == ["ar", "cpio", "cpio", "cpio"]
    assert format_of(b"STORE\0\1\0\0.eml\0" + member) == "unknown"  # of a maker not known here


def test_numbers_that_begin_like_an_archive_are_text() -> None:
    assert format_of(b"0707011 is the number to call\n") == "text"
    assert format_of(b"070707\n" + MAIL) == "emlx"


def test_an_empty_file_is_empty() -> None:
    assert format_of(b"", b"a.eml") == "empty"


def test_names_tell_what_binary_signatures_are() -> None:
    assert format_of(b"\x30\x82\1\0\0", b"smime.P7S") == "pkcs7"
    assert format_of(b"\x30\x82\1\0\0", b"key.bin") == "unknown"


def test_names_tell_what_an_ole_storage_holds() -> None:
    assert sniff(OLE, 512, b"Rapport.DOC").media_type == "application/msword"
    assert sniff(OLE, 512, b"Rapport").media_type == "application/x-ole-storage"


def test_what_may_hold_messages_is_told() -> None:
    assert holds_messages(sniff(OLE, 512, b"a.MSG"), b"a.MSG")
    assert not holds_messages(sniff(OLE, 512, b"a.doc"), b"a.doc")
    assert holds_messages(sniff(b"!BDN\0", 512, b"a"), b"a")
    assert holds_messages(sniff(b"Rar!\x1a\x07\0", 512, b"a"), b"a")
    assert not holds_messages(sniff(b"%PDF-1.4", 512, b"a.msg"), b"a.msg")


@given(st.binary(max_size=600), st.binary(max_size=8))
def test_any_octets_have_a_type(head: bytes, name: bytes) -> None:
    found = sniff(head, len(head), name)
    assert found.format and "/" in found.media_type
