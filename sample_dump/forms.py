"""The forms that things take in the sample dump: mail, mailboxes, archives, small documents.

Every function gives the same octets on every machine: dates are fixed, and nothing is compressed
beyond stored blocks, since compressors differ between systems.
"""

from __future__ import annotations

import base64
import gzip
import io
import quopri
import struct
import tarfile
import textwrap
import urllib.parse
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from email.utils import parsedate_to_datetime

ZIP_TIME = (2017, 4, 24, 9, 30, 0)
TAR_TIME = 1_493_026_200  # 2017-04-24 09:30 UTC


# ---- mail -------------------------------------------------------------------------------------


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def encoded(text: str) -> str:
    """A header value; words that are not ASCII as encoded words (RFC 2047 §2), folded."""
    if text.isascii():
        return text
    pieces = [text[at : at + 24] for at in range(0, len(text), 24)]
    return "\r\n ".join(f"=?utf-8?B?{base64.b64encode(piece.encode()).decode()}?=" for piece in pieces)


def header(fields: Iterable[tuple[str, str]]) -> bytes:
    return b"".join(f"{name}: {value}\r\n".encode() for name, value in fields)


def entity(fields: Iterable[tuple[str, str]], body: bytes) -> bytes:
    """A message or a MIME part: header section, empty line, body."""
    return header(fields) + b"\r\n" + body


def base64_lines(octets: bytes) -> bytes:
    return base64.encodebytes(octets).replace(b"\n", b"\r\n")


Body = tuple[list[tuple[str, str]], bytes]  # Content-* fields, and what follows the empty line


def text_body(text: str, subtype: str = "plain", encoding: str = "8bit") -> Body:
    octets = text.encode()
    if encoding == "quoted-printable":
        octets = quopri.encodestring(octets)
    elif encoding == "base64":
        octets = base64.encodebytes(octets)
    fields = [("Content-Type", f"text/{subtype}; charset=utf-8"), ("Content-Transfer-Encoding", encoding)]
    return fields, octets.replace(b"\n", b"\r\n")


def attachment(name: str, media_type: str, octets: bytes, disposition: str = "attachment") -> Body:
    shown = f'filename="{name}"' if name.isascii() else f"filename*=utf-8''{urllib.parse.quote(name)}"  # RFC 2231
    fields = [
        ("Content-Type", media_type),
        ("Content-Transfer-Encoding", "base64"),
        ("Content-Disposition", f"{disposition}; {shown}"),
    ]
    if disposition == "inline":
        fields.append(("Content-ID", f"<{name}@parts.example>"))
    return fields, base64.encodebytes(octets).replace(b"\n", b"\r\n")


def calendar(text: str) -> Body:
    return [("Content-Type", "text/calendar; method=REQUEST; charset=utf-8")], crlf(text)


def forwarded(mail: bytes) -> Body:
    return [("Content-Type", "message/rfc822"), ("Content-Disposition", "inline")], mail


def multipart(boundary: str, parts: Sequence[Body], subtype: str = "mixed") -> Body:
    delimiter = f"--{boundary}".encode()
    body = b"".join(delimiter + b"\r\n" + entity(fields, octets) + b"\r\n" for fields, octets in parts)
    return [("Content-Type", f'multipart/{subtype}; boundary="{boundary}"')], body + delimiter + b"--\r\n"


# ---- mail programs' files ---------------------------------------------------------------------


def mbox(messages: Sequence[tuple[str, bytes]]) -> tuple[bytes, list[int]]:
    """An mbox of (sender, CRLF mail) with LF line ends, and the offset of each From_ line."""
    out, offsets = b"", []
    for sender, mail in messages:
        octets = mail.replace(b"\r\n", b"\n")
        date = next(line for line in octets.split(b"\n") if line.startswith(b"Date:"))
        when = parsedate_to_datetime(date[5:].decode().strip()).strftime("%a %b %e %H:%M:%S %Y")
        offsets.append(len(out))
        out += f"From {sender} {when}\n".encode() + octets + b"\n"
    return out, offsets


def emlx(mail: bytes) -> tuple[bytes, int, int]:
    """Apple Mail's file: a count, the message, a property list; start and end of the message."""
    count = b"%d\n" % len(mail)
    plist = crlf(
        '<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0">\n<dict>\n'
        "\t<key>date-received</key>\n\t<integer>1492850940</integer>\n"
        "\t<key>flags</key>\n\t<integer>8590195713</integer>\n</dict>\n</plist>\n"
    ).replace(b"\r\n", b"\n")
    return count + mail + plist, len(count), len(count) + len(mail)


# ---- archives ---------------------------------------------------------------------------------


def zip_of(members: Sequence[tuple[str, bytes]], deflate: bool = True) -> bytes:
    """A zip; deflate means stored blocks in a deflate stream, the same on every machine."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, octets in members:
            info = zipfile.ZipInfo(name, ZIP_TIME)
            info.create_system, info.external_attr = 3, 0o100644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED
            archive.writestr(info, octets, compresslevel=0)
    return out.getvalue()


def encrypted(archive: bytes) -> bytes:
    """The zip with every member marked as encrypted (APPNOTE 4.4.4, bit 0)."""
    out = bytearray(archive)
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = out.find(signature)
        while at >= 0:
            out[at + flags] |= 1
            at = out.find(signature, at + 4)
    return bytes(out)


def overlapping(name: str, other: str, octets: bytes) -> bytes:
    """A zip whose two directory entries share one stretch of octets: the trick of the flat zip bomb."""
    local = struct.pack(
        "<4sHHHHHIIIHH", b"PK\x03\x04", 20, 0, 0, 0, 0x4A98, zlib.crc32(octets), len(octets), len(octets), len(name), 0
    )
    data = local + name.encode() + octets
    directory = b"".join(
        struct.pack(
            "<4sHHHHHHIIIHHHHHII",
            b"PK\x01\x02", 20, 20, 0, 0, 0, 0x4A98, zlib.crc32(octets), len(octets), len(octets),
            len(member), 0, 0, 0, 0, 0, 0,
        )
        + member.encode()
        for member in (name, other)
    )  # fmt: skip
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 2, 2, len(directory), len(data), 0)
    return data + directory + end


def tar_gz(members: Sequence[tuple[str, bytes]]) -> bytes:
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, octets in members:
            info = tarfile.TarInfo(name)
            info.size, info.mtime, info.mode = len(octets), TAR_TIME, 0o644
            archive.addfile(info, io.BytesIO(octets))
    out = io.BytesIO()
    with gzip.GzipFile("", "wb", compresslevel=0, fileobj=out, mtime=0) as stream:
        stream.write(tar.getvalue())
    return out.getvalue()


# ---- documents --------------------------------------------------------------------------------


def pdf(title: str, lines: Sequence[str]) -> bytes:
    """A one-page PDF with text."""
    shown = "".join(f"({_pdf_string(line)}) Tj T*\n" for line in (title, "", *lines))
    stream = f"BT /F1 12 Tf 72 770 Td 16 TL\n{shown}ET\n".encode("cp1252")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%sendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Title (%s) /Producer (Tournesol Writer 5.2) /CreationDate (D:20170420101500+02'00') >>"
        % _pdf_string(title).encode("cp1252"),
    ]
    out, offsets = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return out + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R /Info 6 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (len(objects) + 1, table, len(objects) + 1, len(out))
    )


def _pdf_string(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def docx(author: str, paragraphs: Sequence[str]) -> bytes:
    """A minimal Word document."""
    package = "http://schemas.openxmlformats.org/package/2006"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    top = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    text = "".join(f"<w:p><w:r><w:t>{paragraph}</w:t></w:r></w:p>" for paragraph in paragraphs)
    members = {
        "[Content_Types].xml": f'{top}<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{word}"/></Types>',
        "_rels/.rels": f'{top}<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="rId1" Type="{office}/officeDocument" Target="word/document.xml"/>'
        f'<Relationship Id="rId2" Type="{package}/relationships/metadata/core-properties" '
        'Target="docProps/core.xml"/></Relationships>',
        "docProps/core.xml": f'{top}<cp:coreProperties xmlns:cp="{package}/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:creator>{author}</dc:creator><cp:lastModifiedBy>{author}</cp:lastModifiedBy>"
        '<dcterms:created xsi:type="dcterms:W3CDTF">2012-03-05T08:15:00Z</dcterms:created>'
        "</cp:coreProperties>",
        "word/document.xml": f'{top}<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        f"<w:body>{text}</w:body></w:document>",
    }
    return zip_of([(name, octets.encode()) for name, octets in members.items()])


def png(width: int, height: int, colour: tuple[int, int, int]) -> bytes:
    """A picture of diagonal stripes."""
    rows = b"".join(
        b"\0" + b"".join(bytes(colour if (x + y) // 8 % 2 else (255, 255, 255)) for x in range(width))
        for y in range(height)
    )
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows, 0)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def csv_table(rows: Sequence[Sequence[str]]) -> bytes:
    return "".join(";".join(row) + "\r\n" for row in rows).encode()


def wrapped(text: str) -> str:
    """Paragraphs at 72 columns, as the mail programs of the sample write them."""
    return "\n\n".join(textwrap.fill(paragraph, 72) for paragraph in text.strip().split("\n\n")) + "\n"
