"""xlsx: the items as a workbook in which every text is a text: no formula, no link, nothing that asks a server.

Written here as the few parts of ECMA-376 that a table needs: texts stand inline (§18.3.1.53), so nothing in them is
ever calculated or followed, and a row leaves memory when it is written.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO
from xml.sax.saxutils import escape

from pipeline import tables
from pipeline.export.rows import as_cell, rows
from pipeline.lookup import Record
from pipeline.whole_file import write_whole

SHEET_ROWS = 1_000_000  # Excel ends at 1,048,576
_CELL = 32_767  # UTF-16 units of one text (Excel's limit)
_DAY_0 = datetime(1899, 12, 30, tzinfo=UTC)
_FIRST = datetime(1901, 1, 1, tzinfo=UTC)  # before it, programs count days differently
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # XML 1.0 §2.2
_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")  # programs read _x000D_ as a control character (§22.9.2.19)

_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_STYLES = (
    f'{_XML}<styleSheet xmlns="{_SHEET}"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ '
    'hh:mm:ss"/></numFmts><fonts count="2"><font/><font><b/></font></fonts><fills count="2"><fill><patternFill '
    'patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/>'
    '</borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3"><xf/><xf numFmtId="164" '
    'applyNumberFormat="1"/><xf fontId="1" applyFont="1"/></cellXfs><cellStyles count="1">'
    '<cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
_DATE_STYLE, _HEAD_STYLE = 1, 2  # places in cellXfs


def write(out: Path, path: Path) -> int:
    """Sheets of SHEET_ROWS items, each under the names of the columns."""
    count = 0

    def fill(file: BinaryIO) -> None:
        nonlocal count
        found = map(_row, rows(out, "items"))
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            sheets = 0
            while not sheets or count == sheets * SHEET_ROWS:  # a full last sheet is followed by an empty one
                sheets += 1
                with archive.open(f"xl/worksheets/sheet{sheets}.xml", "w", force_zip64=True) as sheet:
                    sheet.write(_HEAD.encode())
                    for row in islice(found, SHEET_ROWS):
                        sheet.write(row.encode())
                        count += 1
                    sheet.write(b"</sheetData></worksheet>")
            for name, text in _frame(sheets):
                archive.writestr(name, text)

    write_whole(path, fill)
    return count


def _row(record: Record) -> str:
    return f"<row>{''.join(_cell(record[name]) for name in _NAMES)}</row>"


def _cell(value: Any) -> str:
    if value is None or value == []:
        return "<c/>"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"<c><v>{value}</v></c>"
    if isinstance(value, datetime) and value >= _FIRST:
        return f'<c s="{_DATE_STYLE}"><v>{(value - _DAY_0).total_seconds() / 86_400:.10f}</v></c>'
    return _text(str(as_cell(value)))


def _text(value: str, style: int = 0) -> str:
    units = value.encode("utf-16-le")
    if len(units) > 2 * _CELL:
        value = units[: 2 * (_CELL - 1)].decode("utf-16-le", "ignore") + "…"
    clean = escape(_ESCAPED.sub("_x005F_", _NO_XML.sub("\ufffd", value)))
    styled = f' s="{style}"' if style else ""
    return f'<c{styled} t="inlineStr"><is><t xml:space="preserve">{clean}</t></is></c>'


_NAMES = [name for name, _, _ in tables.ITEMS]
_HEAD = (
    f'{_XML}<worksheet xmlns="{_SHEET}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" '
    'activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>'
    f"<row>{''.join(_text(name, _HEAD_STYLE) for name in _NAMES)}</row>"
)


def _frame(sheets: int) -> Iterator[tuple[str, str]]:
    """The other parts of the package (ECMA-376 part 2 §10, part 1 §12)."""
    numbers = range(1, sheets + 1)
    listed = "".join(
        f'<sheet name="items{"" if sheets == 1 else f" {n}"}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers
    )
    yield (
        "xl/workbook.xml",
        f'{_XML}<workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>',
    )
    targets = [(f"rId{n}", "worksheet", f"worksheets/sheet{n}.xml") for n in numbers]
    yield "xl/_rels/workbook.xml.rels", _relations([*targets, ("rIdS", "styles", "styles.xml")])
    yield "_rels/.rels", _relations([("rId1", "officeDocument", "xl/workbook.xml")])
    yield "xl/styles.xml", _STYLES
    parts = [("xl/workbook.xml", "sheet.main"), ("xl/styles.xml", "styles")]
    parts += [(f"xl/worksheets/sheet{n}.xml", "worksheet") for n in numbers]
    named = "".join(f'<Override PartName="/{name}" ContentType="{_TYPES}.{kind}+xml"/>' for name, kind in parts)
    yield (
        "[Content_Types].xml",
        (
            f'{_XML}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType="application/'
            f'vnd.openxmlformats-package.relationships+xml"/>{named}</Types>'
        ),
    )


def _relations(targets: list[tuple[str, str, str]]) -> str:
    listed = "".join(f'<Relationship Id="{i}" Type="{_OFFICE}/{kind}" Target="{to}"/>' for i, kind, to in targets)
    return f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{listed}</Relationships>'
