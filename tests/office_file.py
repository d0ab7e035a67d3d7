"""Writes office files, PDFs and pictures for the tests, as small as their programs' forms allow."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

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
