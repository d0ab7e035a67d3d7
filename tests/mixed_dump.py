"""A dump of everything that a leak may hold, one of each type: its files, and the rows that they must give."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import lzma
import struct
import sys
import tarfile
import zlib
from pathlib import Path
from typing import NamedTuple

import zstandard

sys.path.insert(0, str(Path(__file__).resolve().parent))
from office_file import doc, docx, exif, jpeg, odt, pdf, png, zipped
from outlook_file import compound, message, outlook
from pst_form import mailbox
from rar_file import COMPRESSED, member, rar
from signed_mail import ENTITY, detached, enveloped, signature, signed
from signed_pdf import pdf as signed_pdf
from tnef_file import SUBJECT, attachment, text, tnef

FIELDS = (
    b"From: Claire Aubry <claire@campaign.example>\r\nTo: desk@newsroom.example\r\nSubject: The hall\r\n"
    b"Date: Mon, 24 Apr 2017 10:00:00 +0000\r\nMessage-ID: <hall.1@campaign.example>\r\n"
)
MAIL = FIELDS + b"\r\nThe hall is booked.\r\n"
SHEET = b"place,hour\r\nhall,20:00\r\n"
SIGNATURE = b"DKIM-Signature: v=1; a=rsa-sha256; d=campaign.example; s=s1;\r\n\th=from; bh=aa=; b=aa=\r\n"
PLIST = b'<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0"/>\n'
RTF = rb"{\rtf1\ansi{\info{\author Anna}}The hall is booked.}"
HTML = b"<!DOCTYPE html><html><head><title>Hall</title></head><body><p>Booked.</p></body></html>"
CALENDAR = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//A//B//EN\r\nEND:VCALENDAR\r\n"
CONTACT = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Anna\r\nEND:VCARD\r\n"
FORK = b"\0\5\x16\7" + bytes(80)  # what a Mac keeps beside a file
OFFICE = "application/vnd.openxmlformats-officedocument"


class Row(NamedTuple):
    """What an item must be."""

    kind: str
    media_type: str | None
    status: str = "ok"
    code: str | None = None


EML, BOX = Row("email", "message/rfc822"), Row("mailbox", "application/mbox")
OUTLOOK, TNEF = Row("email", "application/vnd.ms-outlook"), Row("email", "application/vnd.ms-tnef")
TEXT, GAP = Row("text", "text/plain"), Row("gap", None)
GZIP, ZIP = Row("archive", "application/gzip"), Row("archive", "application/zip")


def attached(name: str, octets: bytes) -> bytes:
    """A mail with one file."""
    head = f'Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="{name}"\r\n'
    file = head.encode() + b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(octets)
    return (
        FIELDS + b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n"
        b"Content-Type: text/plain\r\n\r\nSee below.\r\n--B\r\n" + file + b"\r\n--B--\r\n"
    )


def box(*mails: bytes, line: bytes = b"From claire@campaign.example Mon Apr 24 10:00:00 2017") -> bytes:
    return b"".join(line + b"\r\n" + mail + b"\r\n" for mail in mails)


def archive(*members: tuple[str, bytes]) -> bytes:
    return zipped(dict(members), (2017, 4, 24, 10, 0, 0))


def tar(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as held:
        for name, octets in members:
            info = tarfile.TarInfo(name)
            info.size = len(octets)
            held.addfile(info, io.BytesIO(octets))
    return out.getvalue()


def encrypted() -> bytes:
    """A zip whose member says that it is encrypted."""
    octets = bytearray(archive(("secret.csv", SHEET)))
    for mark, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        octets[octets.index(mark) + flags] |= 1
    return bytes(octets)


def seven_zip() -> bytes:
    """A 7z of one stored member and no checksum (7zFormat.txt), as small as the form allows."""
    name = "sheet.csv".encode("utf-16-le") + b"\0\0"
    header = (
        b"\1\4\6\0\1\x09" + bytes((len(SHEET),)) + b"\0\7\x0b\1\0\1\1\0\x0c" + bytes((len(SHEET),)) + b"\0\x08\x0a\1"
        + struct.pack("<L", zlib.crc32(SHEET)) + b"\0\0\5\1\x11" + bytes((len(name) + 1,)) + b"\0" + name + b"\0\0"
    )  # fmt: skip
    start = struct.pack("<QQL", len(SHEET), len(header), zlib.crc32(header))
    return b"7z\xbc\xaf\x27\x1c\0\4" + struct.pack("<L", zlib.crc32(start)) + start + SHEET + header


def store() -> bytes:
    mail = {0x0037001F: "The hall".encode("utf-16-le"), 0x0C1F001F: "claire@campaign.example".encode("utf-16-le")}
    return mailbox(("Inbox", [mail, mail]), ("Sent", [mail]))


def files() -> dict[str, bytes]:
    inner = attached("deep.zip", archive(("a.eml", MAIL)))
    nested = message(attachments={"sheet.csv": SHEET}, subject="inner", embedded=True)
    return {
        # mails
        "mail/plain.eml": MAIL,
        "mail/with a file.eml": attached("=?utf-8?b?w6l0w6kuY3N2?=", SHEET),
        "mail/Status": b"Status: RO\r\n" + MAIL,
        "mail/utf16.eml": b"\xff\xfe" + MAIL.decode().encode("utf-16-le"),
        "mail/signed.eml": signed(detached(ENTITY)),
        "mail/enveloped.eml": enveloped(signature(b"Content-Type: text/plain\r\n\r\nHello\r\n")),
        "mail/carrier.eml": attached("packed.zip", archive(("inner.eml", inner))),
        "mail/a.msg": outlook(subject="outer", body="words", attachments={"sheet.csv": SHEET, "inner": nested}),
        "mail/winmail.dat": tnef({SUBJECT: text("The hall")}, attachment(b"sheet.csv", SHEET)),
        "mail/cur/1490000000.M1P2.host:2,S": MAIL,
        # mailboxes
        "boxes/a.mbox": box(MAIL, MAIL),
        "boxes/Inbox": box(MAIL, line=b"From - Mon Apr 24 10:00:00 2017"),
        "boxes/Inbox.sbd/Old": box(MAIL, MAIL),
        "boxes/Takeout.mbox": box(b"X-GM-THRID: 15\r\n" + MAIL, line=b"From 15@xxx Mon Apr 24 10:00:00 +0000 2017"),
        "boxes/Eudora.mbx": box(MAIL, MAIL, line=b"From ???@??? Mon Apr 24 10:00:00 2017"),
        "boxes/X.mbox/mbox": box(MAIL),
        "boxes/Y.mbox/Messages/1.emlx": b"%d\n" % len(MAIL) + MAIL + PLIST,
        "boxes/Y.mbox/Messages/2.partial.emlx": b"%d\n" % len(MAIL) + MAIL + PLIST,
        "boxes/a.pst": store(),
        # archives
        "archives/a.zip": archive(("1.eml", MAIL), ("2/sheet.csv", SHEET), ("__MACOSX/._1.eml", FORK)),
        "archives/encrypted.zip": encrypted(),
        "archives/behind.zip": b"MZ" + bytes(100) + archive(("1.eml", MAIL)),
        "archives/a.tar": tar(("1.eml", MAIL), ("sheet.csv", SHEET)),
        "archives/a.tar.gz": gzip.compress(tar(("1.eml", MAIL)), mtime=0),
        "archives/rest.tgz": gzip.compress(tar(("1.eml", MAIL)), mtime=0) + b"more",
        "archives/1.eml.gz": gzip.compress(MAIL, mtime=0),
        "archives/1.eml.bz2": bz2.compress(MAIL),
        "archives/1.eml.xz": lzma.compress(MAIL),
        "archives/1.eml.zst": zstandard.compress(MAIL),
        "archives/a.7z": seven_zip(),
        "archives/a.rar": rar(member(b"1.eml", MAIL), member(b"sheet.csv", b"????", content=SHEET, method=COMPRESSED)),
        "archives/a.cpio": b"070701" + b"0" * 104 + b"TRAILER!!!\0\0\0\0",
        # documents
        "documents/a.docx": docx(),
        "documents/a.xlsx": zipped({"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<workbook/>"}),
        "documents/a.pptx": zipped({"[Content_Types].xml": "<Types/>", "ppt/presentation.xml": "<presentation/>"}),
        "documents/a.odt": odt(),
        "documents/a.doc": doc(),
        "documents/a.pdf": pdf(),
        "documents/signed.pdf": signed_pdf(),
        "documents/a.rtf": RTF,
        "documents/a.html": HTML,
        "documents/a.jpg": jpeg(b"Exif\0\0" + exif()),
        "documents/a.png": png((b"tEXt", b"Author\0Anna")),
        "documents/a.tif": exif(),
        "documents/a.ics": CALENDAR,
        "documents/a.vcf": CONTACT,
        "documents/a.txt": b"The hall is booked.\n",
        "documents/sheet.csv": SHEET,
        "documents/p.xml": PLIST,
        "documents/empty": b"",
        # what textbooks leave out
        "quirks/signature first": SIGNATURE + MAIL,
        "quirks/xhtml": FIELDS + b"Content-Type: application/xhtml+xml\r\n\r\n<?xml version='1.0'?><html/>\r\n",
        "quirks/line ends.eml": FIELDS.replace(b"\r\n", b"\n", 2) + b"\r\nOne\nTwo\r\nThree",
        "quirks/charset.eml": FIELDS + b"Content-Type: text/plain; charset=x-unknown\r\n\r\n\xe9t\xe9\r\n",
        "quirks/date.eml": MAIL.replace(b"Mon, 24 Apr", "Пн, 24 апр".encode()),
        "quirks/exchange.eml": MAIL.replace(b"<claire@campaign.example>", b"</O=CAMPAIGN/CN=RECIPIENTS/CN=CLAIRE>"),
        "quirks/From.mbox": box(MAIL + b"\r\nFrom here on we walk.\r\n", MAIL),
        "quirks/names.zip": archive(("n" * 300 + ".eml", MAIL), ("", MAIL)),
        "quirks/locked.docx": compound({"EncryptedPackage": bytes(9_000), "EncryptionInfo": b"\4\0\4\0" + bytes(60)}),
        "quirks/locked.pdf": b"%PDF-1.6\n1 0 obj\n<<>>\nendobj\ntrailer\n<</Root 1 0 R/Encrypt 2 0 R>>\n%%EOF\n",
        "quirks/a copy of plain.eml": MAIL,
        "documents/noise": b"\x9d\0\xf1" * 200,
    }


EXPECTED = {
    "mail/plain.eml": EML,
    "mail/with a file.eml": EML,
    "mail/with a file.eml!2": TEXT,
    "mail/Status": EML,
    "mail/utf16.eml": Row("archive", "text/plain"),
    "mail/utf16.eml!@0": EML,
    "mail/signed.eml": EML,
    "mail/signed.eml!2": Row("signature", "application/pkcs7-signature"),
    "mail/enveloped.eml": EML,
    "mail/enveloped.eml!1": Row("other", "application/pkcs7-mime"),
    "mail/enveloped.eml!1!@0": EML,
    "mail/carrier.eml": EML,
    "mail/carrier.eml!2": ZIP,
    "mail/carrier.eml!2!inner.eml": EML,
    "mail/carrier.eml!2!inner.eml!2": ZIP,
    "mail/carrier.eml!2!inner.eml!2!a.eml": EML,
    "mail/a.msg": OUTLOOK,
    "mail/a.msg!sheet.csv": TEXT,
    "mail/a.msg!inner": OUTLOOK,
    "mail/a.msg!inner!sheet.csv": TEXT,
    "mail/winmail.dat": TNEF,
    "mail/winmail.dat!sheet.csv": TEXT,
    "mail/cur/1490000000.M1P2.host:2,S": EML,
    "boxes/a.mbox": BOX,
    "boxes/a.mbox!@0": EML,
    "boxes/a.mbox!@250": EML,
    "boxes/Inbox": EML,  # of one message: what parts it from others is a gap
    "boxes/Inbox!@0": GAP,
    "boxes/Inbox.sbd/Old": BOX,
    "boxes/Inbox.sbd/Old!@0": EML,
    "boxes/Inbox.sbd/Old!@250": EML,
    "boxes/Takeout.mbox": EML,
    "boxes/Takeout.mbox!@0": GAP,
    "boxes/Eudora.mbx": BOX,
    "boxes/Eudora.mbx!@0": EML,
    "boxes/Eudora.mbx!@234": EML,
    "boxes/X.mbox/mbox": EML,
    "boxes/X.mbox/mbox!@0": GAP,
    "boxes/Y.mbox/Messages/1.emlx": EML,
    "boxes/Y.mbox/Messages/1.emlx!@0": GAP,
    "boxes/Y.mbox/Messages/1.emlx!@197": GAP,
    "boxes/Y.mbox/Messages/2.partial.emlx": EML,
    "boxes/Y.mbox/Messages/2.partial.emlx!@0": GAP,
    "boxes/Y.mbox/Messages/2.partial.emlx!@197": GAP,
    "boxes/a.pst": Row("mailbox", "application/vnd.ms-outlook-pst"),
    "boxes/a.pst!Inbox/0": OUTLOOK,
    "boxes/a.pst!Inbox/1": OUTLOOK,
    "boxes/a.pst!Sent/0": OUTLOOK,
    "archives/a.zip": ZIP,
    "archives/a.zip!1.eml": EML,
    "archives/a.zip!2/sheet.csv": TEXT,
    "archives/a.zip!__MACOSX/._1.eml": Row("other", "application/applefile"),
    "archives/encrypted.zip": ZIP,
    "archives/encrypted.zip!secret.csv": Row("other", None, "error", "container.encrypted"),
    "archives/behind.zip": ZIP._replace(status="partial", code="container.outside_members"),
    "archives/behind.zip!@0": GAP,
    "archives/behind.zip!1.eml": EML,
    "archives/a.tar": Row("archive", "application/x-tar"),
    "archives/a.tar!1.eml": EML,
    "archives/a.tar!sheet.csv": TEXT,
    "archives/a.tar.gz": GZIP,
    "archives/a.tar.gz!1.eml": EML,
    "archives/rest.tgz": GZIP._replace(status="partial", code="container.trailing"),
    "archives/rest.tgz!1.eml": EML,
    "archives/rest.tgz!@240": GAP,
    "archives/1.eml.gz": GZIP,
    "archives/1.eml.gz!@0": EML,
    "archives/1.eml.bz2": Row("archive", "application/x-bzip2"),
    "archives/1.eml.bz2!@0": EML,
    "archives/1.eml.xz": Row("archive", "application/x-xz"),
    "archives/1.eml.xz!@0": EML,
    "archives/1.eml.zst": Row("archive", "application/zstd"),
    "archives/1.eml.zst!@0": EML,
    "archives/a.7z": Row("archive", "application/x-7z-compressed"),
    "archives/a.7z!sheet.csv": TEXT,
    "archives/a.rar": Row("archive", "application/vnd.rar"),
    "archives/a.rar!1.eml": EML,
    "archives/a.rar!sheet.csv": Row("other", None, "error", "container.needs_rar_program"),
    "archives/a.cpio": Row("archive", "application/x-cpio", "error", "container.unsupported_format"),
    "documents/a.docx": Row("document", f"{OFFICE}.wordprocessingml.document"),
    "documents/a.xlsx": Row("document", f"{OFFICE}.spreadsheetml.sheet"),
    "documents/a.pptx": Row("document", f"{OFFICE}.presentationml.presentation"),
    "documents/a.odt": Row("document", "application/vnd.oasis.opendocument.text"),
    "documents/a.doc": Row("document", "application/msword"),
    "documents/a.pdf": Row("document", "application/pdf"),
    "documents/signed.pdf": Row("document", "application/pdf"),
    "documents/a.rtf": Row("document", "application/rtf"),
    "documents/a.html": Row("document", "text/html"),
    "documents/a.jpg": Row("image", "image/jpeg"),
    "documents/a.png": Row("image", "image/png"),
    "documents/a.tif": Row("image", "image/tiff"),
    "documents/a.ics": Row("calendar", "text/calendar"),
    "documents/a.vcf": Row("contact", "text/vcard"),
    "documents/a.txt": TEXT,
    "documents/sheet.csv": TEXT,
    "documents/p.xml": Row("text", "application/xml"),
    "documents/empty": Row("other", "application/x-empty"),
    "quirks/signature first": EML,
    "quirks/xhtml": EML,
    "quirks/xhtml!1": Row("text", "application/xml"),
    "quirks/line ends.eml": EML,
    "quirks/charset.eml": EML,
    "quirks/date.eml": EML,
    "quirks/exchange.eml": EML,
    "quirks/From.mbox": BOX,
    "quirks/From.mbox!@0": EML,
    "quirks/From.mbox!@275": EML,
    "quirks/names.zip": ZIP,
    "quirks/names.zip!" + "n" * 300 + ".eml": EML,
    "quirks/names.zip!%": EML,  # without a name
    "quirks/locked.docx": Row("document", "application/x-ole-storage"),
    "quirks/locked.pdf": Row("document", "application/pdf"),
    "quirks/a copy of plain.eml": EML,
    "documents/noise": Row("other", "application/octet-stream"),
}
# What becomes of those that an extra opens, without it; of a PDF, only the words are missing.
WITHOUT_EXTRAS = {
    "boxes/a.pst": ("container.needs_pst_extra", "leak-triage[pst]"),
    "archives/a.7z": ("container.needs_archives_extra", "leak-triage[archives]"),
    "archives/a.rar": ("container.needs_archives_extra", "leak-triage[archives]"),
    "documents/a.pdf": (None, "leak-triage[pdf]"),
    "documents/signed.pdf": (None, "leak-triage[pdf]"),
}
