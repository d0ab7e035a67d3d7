"""Writes office files, PDFs and pictures for the tests, as small as their programs' forms allow."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime

from outlook_file import compound

_TOP = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_CORE = (
    'xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)
_W3CDTF = 'xsi:type="dcterms:W3CDTF"'
NO_TIME = (1980, 1, 1, 0, 0, 0)


def zipped(parts: Mapping[str, str | bytes], stamp: tuple[int, ...] = NO_TIME, system: int = 0) -> bytes:
    """A zip as Office makes it: deflated, each member of the same time, made by the system of this number."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, octets in parts.items():
            info = zipfile.ZipInfo(name, stamp)  # type: ignore[arg-type]
            info.create_system, info.create_version, info.extract_version = system, 45, 20
            info.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(info, octets)
    return held.getvalue()


def docx_parts(
    author: str = "Anaïs Ferrand",
    editor: str = "Bruno Léger",
    created: str = "2016-05-05T08:00:00Z",
    modified: str = "2017-03-27T10:22:00Z",
    version: str = "16.0000",
    language: str = "fr-FR",
    words: tuple[str, ...] = ("Budget de campagne", "Le total est de 5000 euros & plus"),
) -> dict[str, str]:
    """The parts of a letter written with Word."""
    text = "".join(
        f'<w:p w:rsidR="00A1B2C3"><w:r><w:t xml:space="preserve">{one.replace("&", "&amp;")}</w:t></w:r></w:p>'
        for one in words
    )
    return {
        "[Content_Types].xml": f'{_TOP}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": f"{_TOP}<Relationships/>",
        "word/document.xml": f"{_TOP}<w:document {_W}><w:body>{text}</w:body></w:document>",
        "word/settings.xml": f'{_TOP}<w:settings {_W}><w:rsids><w:rsidRoot w:val="00A1B2C3"/>'
        f'<w:rsid w:val="00A1B2C3"/><w:rsid w:val="00D4E5F6"/></w:rsids><w:themeFontLang w:val="{language}"/>'
        "</w:settings>",
        "word/fontTable.xml": f'{_TOP}<w:fonts {_W}><w:font w:name="Calibri"/><w:font w:name="Times New Roman"/>'
        "</w:fonts>",
        "docProps/core.xml": f"{_TOP}<cp:coreProperties {_CORE}><dc:creator>{author}</dc:creator>"
        f"<cp:lastModifiedBy>{editor}</cp:lastModifiedBy><cp:revision>7</cp:revision>"
        f"<dcterms:created {_W3CDTF}>{created}</dcterms:created>"
        f"<dcterms:modified {_W3CDTF}>{modified}</dcterms:modified></cp:coreProperties>",
        "docProps/app.xml": f"{_TOP}<Properties><Template>Normal.dotm</Template><TotalTime>42</TotalTime>"
        f"<Application>Microsoft Office Word</Application><Company>Horizon commun</Company>"
        f"<AppVersion>{version}</AppVersion></Properties>",
        "docProps/custom.xml": f'{_TOP}<Properties><property fmtid="{{D5CDD505}}" pid="2" name="Registre">'
        "<vt:lpwstr xmlns:vt='v'>A-17</vt:lpwstr></property></Properties>",
    }


def docx(**facts: str) -> bytes:
    return zipped(docx_parts(**facts))  # type: ignore[arg-type]


def odt(modified: str = "2017-03-27T10:22:00.123000000", editor: str = "Bruno Léger") -> bytes:
    """A letter written with LibreOffice."""
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": '<office:document-content xmlns:office="o" xmlns:style="s" xmlns:text="t">'
            '<office:font-face-decls><style:font-face style:name="Carlito"/></office:font-face-decls><office:body>'
            "<text:p>Budget de <text:span>cam</text:span>pagne</text:p><text:p>5000 euros &amp; plus</text:p>"
            "</office:body></office:document-content>",
            "meta.xml": f'{_TOP}<office:document-meta xmlns:office="o" xmlns:meta="m" xmlns:dc="d" xmlns:xlink="x">'
            "<office:meta><meta:initial-creator>Anaïs Ferrand</meta:initial-creator>"
            f"<meta:creation-date>2016-05-05T10:00:00</meta:creation-date><dc:creator>{editor}</dc:creator>"
            f"<dc:date>{modified}</dc:date><dc:language>fr-FR</dc:language><meta:editing-cycles>3</meta:editing-cycles>"
            "<meta:editing-duration>P1DT2H5M9S</meta:editing-duration>"
            "<meta:generator>LibreOffice/5.2.3.3$Linux_X86_64</meta:generator>"
            '<meta:template xlink:href="../lettre.ott" meta:date="2015-01-01T00:00:00"/>'
            '<meta:user-defined meta:name="Registre">A-17</meta:user-defined></office:meta></office:document-meta>',
            "META-INF/manifest.xml": "<manifest/>",
        },
        stamp=(2017, 3, 27, 10, 22, 0),
    )


# ---- what is no zip ---------------------------------------------------------------------------


def property_stream(*sets: Mapping[int, tuple[int, bytes]]) -> bytes:
    """A stream of property sets: identifier -> (type, octets of the value)."""
    offset = 28 + 20 * len(sets)
    heads, bodies = b"", b""
    for one in sets:
        values, places = b"", b""
        for identifier, (kind, value) in one.items():
            places += struct.pack("<LL", identifier, 8 + 8 * len(one) + len(values))
            values += struct.pack("<L", kind) + value.ljust(-(-len(value) // 4) * 4, b"\0")
        body = struct.pack("<LL", 8 + len(places) + len(values), len(one)) + places + values
        heads += b"\0" * 16 + struct.pack("<L", offset + len(bodies))
        bodies += body
    return struct.pack("<HHL16xL", 0xFFFE, 0, 0x20005, len(sets)) + heads + bodies


def string(text: str, charset: str = "cp1252") -> tuple[int, bytes]:
    octets = text.encode(charset) + b"\0"
    return 30, struct.pack("<L", len(octets)) + octets


def filetime(*moment: int) -> tuple[int, bytes]:
    ticks = int((datetime(*moment, tzinfo=UTC) - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10**7  # type: ignore
    return 64, struct.pack("<Q", ticks)


def doc(code_page: int = 1251, editor: str = "Иван Петров", charset: str = "cp1251", language: int = 0x0419) -> bytes:
    """A letter written with Word 2003."""
    summary = property_stream(
        {
            1: (2, struct.pack("<h", code_page - (code_page >> 15) * 0x10000)),
            4: string("Anais Ferrand", charset), 7: string("Normal.dot", charset), 8: string(editor, charset),
            9: string("7"), 10: (64, struct.pack("<Q", 42 * 600_000_000)), 12: filetime(2016, 5, 5, 8, 0),
            13: filetime(2017, 3, 27, 10, 22), 18: string("Microsoft Office Word"),
        }
    )  # fmt: skip
    more = property_stream({15: string("Horizon commun"), 23: (3, struct.pack("<L", 11 << 16 | 8107))})
    fib = struct.pack("<HHHHHH", 0xA5EC, 0xC1, 0, language, 0, 0)
    return compound(
        {"\x05SummaryInformation": summary, "\x05DocumentSummaryInformation": more, "WordDocument": fib + b"\0" * 5_000}
    )


_PDF_INFO = (
    "/Author (Ana\\357s \\(AF\\)) /Creator (Writer) /Producer (LibreOffice 5.2) /CreationDate (D:20160505100000+02'00')"
)


def pdf(info: str = _PDF_INFO, more: str = "/ModDate (D:20170327102200Z)", trailer: str = "") -> bytes:
    """A page saved once."""
    return (
        "%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R /Lang (fr-FR) >>\nendobj\n"
        "2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n"
        "3 0 obj\n<< /Type /FontDescriptor /FontName /ABCDEF+Carlito >>\nendobj\n"
        f"12 0 obj\n<< /Title (12 0 obj) {info} {more} >>\nendobj\n"
        f"xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 13 /Root 1 0 R /Info 12 0 R {trailer}"
        "/ID [<00aa> <00BB>] >>\nstartxref\n9\n%%EOF\n"
    ).encode("latin-1")


def saved_again(octets: bytes, info: str) -> bytes:
    """A PDF with one more revision behind it, which replaces its information."""
    return (
        octets + f"12 0 obj\n<< {info} >>\nendobj\ntrailer\n<< /Info 12 0 R /Prev 9 >>\nstartxref\n9\n%%EOF\n".encode()
    )


def signed(octets: bytes) -> bytes:
    """A PDF with a signature that covers all of it but its own value."""
    value = b"<" + b"00" * 64 + b">"
    tail = b" >>\nendobj\ntrailer\n<< /Info 12 0 R >>\nstartxref\n9\n%%EOF\n"

    def head(*numbers: int) -> bytes:
        return octets + b"20 0 obj\n<< /Type /Sig /ByteRange [0 %010d %010d %010d] /Contents " % numbers

    start = len(head(0, 0, 0))
    return head(start, start + len(value), len(tail)) + value + tail


def pdf_of_streams(info: str = _PDF_INFO) -> bytes:
    """A PDF whose information lies in a compressed object stream, as programs write since PDF 1.5."""
    objects = f"<< /Type /Catalog >> << {info} >>".encode()
    index = f"1 0 12 {objects.index(b'<< /Author')} ".encode()
    data = zlib.compress(index + objects)
    return (
        b"%%PDF-1.5\n5 0 obj\n<< /Type /ObjStm /N 2 /First %d /Filter /FlateDecode /Length %d >>\nstream\n"
        % (len(index), len(data))
        + data
        + b"\nendstream\nendobj\n6 0 obj\n<< /Type /XRef /Info 12 0 R >>\nstream\n\nendstream\nendobj\n"
        + b"startxref\n9\n%%EOF\n"
    )


def xmp(attributes: str = "", elements: str = "") -> bytes:
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="r"><rdf:Description xmlns:xmp="u" xmlns:pdf="p" '
        f'xmlns:dc="d" xmlns:xmpMM="m" {attributes}>{elements}</rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()


RTF = (
    rb"{\rtf1\ansi\ansicpg1252\deff0\deflang1036{\fonttbl{\f0\fswiss\fcharset0 Calibri;}{\f1\froman Cambria;}}"
    rb"{\*\rsidtbl \rsid4801\rsid9999}{\*\generator Riched20 10.0.14393;}"
    rb"{\info{\author Ana\'efs Ferrand}{\operator Bruno L\u233?ger}{\*\company Horizon commun}"
    rb"{\creatim\yr2016\mo5\dy5\hr10\min0}{\revtim\yr2017\mo3\dy27\hr12\min22}{\version7}{\edmins42}}"
    rb"\pard Budget de campagne\par Le total est de 5000 euros\par}"
)
HTML = (
    '<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8"><title>Budget</title>'
    '<meta name="generator" content="LibreOffice 5.2.3.3 (Linux)"/><meta content="Ana&iuml;s Ferrand" name="author"/>'
    '<meta name="created" content="2016-05-05T10:00:00"/><meta name=changedby content="Bruno Léger"/>'
    '<meta name="changed" content="2017-03-27T12:22:00.123"/></head>'
    "<body><p>Le total est de <b>5000</b> €</body></html>"
).encode()
ICS = (
    b"BEGIN:VCALENDAR\r\nPRODID:-//Horizon//Agenda 2.1//FR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n"
    b'ORGANIZER;CN="Ferrand, Ana\xc3\xafs";SENT-BY="mailto:bureau@horizon.example":'
    b"\r\n mailto:anais@horizon.example\r\n"
    b"DTSTAMP:20170327T102200Z\r\nCREATED:20160505T080000Z\r\nLAST-MODIFIED:20170327T102200Z\r\n"
    b"DTSTART;TZID=Europe/Paris:20170406T190000\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nCREATED:20190101T000000Z\r\n"
    b"END:VEVENT\r\nEND:VCALENDAR\r\n"
)
VCF = (
    b"BEGIN:VCARD\r\nVERSION:3.0\r\nPRODID:-//Carnet//3.0//FR\r\nFN:Claire Petit\r\nREV:2017-03-27T10:22:00\r\n"
    b"END:VCARD\r\n"
)


def exif(order: str = "<", offset: str = "", taken: str = "2017:03:27 12:22:00") -> bytes:
    """An Exif block of a camera; offset from UTC as newer ones write it."""
    first = {0x010F: "Appareil", 0x0110: "AB-100", 0x0131: "Retouche 3.1", 0x0132: "2017:03:28 09:00:00",
             0x013B: "Bruno Léger"}  # fmt: skip
    inner = {0x9003: taken, **({0x9011: offset} if offset else {})}
    mark = b"II*\0" if order == "<" else b"MM\0*"
    start = 8 + 2 + 12 * (len(first) + 1) + 4
    entries, values = _ifd(first, order, start)
    exif_at = start + len(values)
    entries += struct.pack(f"{order}HHLL", 0x8769, 4, 1, exif_at)
    inner_entries, inner_values = _ifd(inner, order, exif_at + 2 + 12 * len(inner) + 4)
    return (
        mark + struct.pack(f"{order}LH", 8, len(first) + 1) + entries + b"\0" * 4 + values
        + struct.pack(f"{order}H", len(inner)) + inner_entries + b"\0" * 4 + inner_values
    )  # fmt: skip


def _ifd(texts: Mapping[int, str], order: str, at: int) -> tuple[bytes, bytes]:
    entries = values = b""
    for tag, text in texts.items():
        octets = text.encode() + b"\0"
        entries += struct.pack(f"{order}HHLL", tag, 2, len(octets), at + len(values))
        values += octets
    return entries, values


def jpeg(*segments: bytes) -> bytes:
    """A picture's beginning: APP1 segments, then a scan."""
    held = b"".join(b"\xff\xe1" + struct.pack(">H", len(one) + 2) + one for one in segments)
    return b"\xff\xd8\xff\xe0\0\4\1\1" + held + b"\xff\xda\0\2\x11\x22\xff\xd9"


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    all_of_them = ((b"IHDR", struct.pack(">LLBBBBB", 1, 1, 8, 0, 0, 0, 0)), *chunks, (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))
        for kind, data in all_of_them
    )
