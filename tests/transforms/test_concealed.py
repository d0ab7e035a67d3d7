"""What no reader opens passes no proof on; what is a document, a picture or plain octets does."""

from __future__ import annotations

import base64
import gzip
import io
import lzma
import zipfile

import pytest

from signed_mail import ENTITY, signature
from tnef_file import SUBJECT, text, tnef
from transforms.concealed import in_der, may_hold_messages
from transforms.limits import LIMITS
from transforms.sniff import HEAD, sniff
from transforms.span import in_memory

MAIL = b"From: a@press.example\r\nSubject: x\r\n\r\nbody\r\n"
CMS = signature(ENTITY)


def zip_of(octets: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0", octets)
    return out.getvalue()


def held(octets: bytes, name: bytes = b"a.bin") -> bool:
    return may_hold_messages(in_memory(octets), sniff(octets[:HEAD], len(octets), name), name)


@pytest.mark.parametrize(
    "octets",
    [
        b"\0" * 512 + MAIL,
        b"\n" + gzip.compress(MAIL),
        b"\n" + tnef({SUBJECT: text("x")}),
        b"\0" * LIMITS.chunk + b"\0" * (LIMITS.chunk - 2) + b"!BDN",  # over the edge of a window
        lzma.compress(b"x", format=lzma.FORMAT_ALONE),
        b"MSCF\0\0\0\0\1",
        bytes(32768) + b"\1CD001\1\0",
        b"\x1d\x30-lh5-\0",
        b"MZ\x90\0\3",
        b"\xcf\xad\x12\xfe\xc5\xfd\x74\x6f",
        b"\x1a\0\0\4\0\0",
        b"-----BEGIN PKCS7-----\n" + base64.encodebytes(CMS),
        base64.encodebytes(CMS),
        CMS,
        b"begin 644 mail.eml\nM1G)O;3H@\n",
        b'<?xml version="1.0"?><emails><email><OPFMessageCopySubject>x',
        b"%PDF-1.4\n" + zip_of(MAIL),
        b"words\n" * 1000 + gzip.compress(MAIL),
        b"words\n" * 1000 + zip_of(MAIL) + b"\n" * 70_000,
    ],
)
def test_what_may_hold_messages_by_content(octets: bytes) -> None:
    assert held(octets)


@pytest.mark.parametrize("name", [b"a.DBX", b"a.nsf", b"a.cab", b"a.iso", b"a.7z", b"a.p7m", b"setup.exe", b"a.eml"])
def test_what_may_hold_messages_by_name(name: bytes) -> None:
    assert held(b"\0\1\2\3", name)


def test_an_archive_is_told_by_its_members_but_for_those_of_mail_programs() -> None:
    assert not held(zip_of(b"x"), b"a.zip")
    assert held(zip_of(b"x"), b"a.olm")


@pytest.mark.parametrize(
    ("octets", "name"),
    [
        (b"%PDF-1.4\nFrom: a\nSubject: b\n", b"a.pdf"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", b"a.jpg"),
        (b"ID3\3\0\0\0\0\0\0", b"a.mp3"),
        (b"\0\1\2\3", b"a.bin"),
        (b"Many words from: nobody. MIME is no word.\n", b"a.txt"),
        (b"begin to read\n", b"a.txt"),
        ("From: Zoë, Subject: (µ/)\n".encode("latin-1") * 1000, b"a.txt"),
        (b"\x30\x82\1\0\0", b"smime.p7s"),
    ],
)
def test_what_holds_none(octets: bytes, name: bytes) -> None:
    assert not held(octets, name)


@pytest.mark.parametrize("line", [b"", b"-----BEGIN CMS-----\r\n"])
def test_signed_content_is_decoded_from_letters(line: bytes) -> None:
    assert in_der(line + base64.encodebytes(CMS)) == in_der(CMS) == CMS


def test_what_is_no_base64_stays_as_it_is() -> None:
    assert in_der(b"Monday=") == b"Monday="
