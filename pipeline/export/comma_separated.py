"""csv: the items for a spreadsheet, in UTF-8 with a byte order mark; no cell is a formula (OWASP ASVS 1.2.10)."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from pipeline import tables
from pipeline.export.rows import as_cell, rows
from pipeline.whole_file import write_whole

# What a spreadsheet calculates, at the start of a cell; or behind a semicolon, which is where a spreadsheet of
# another country starts the next cell.
_FORMULA = re.compile("(^|;)(?=[=+\\-@\t\r\0＝＋－＠])")


def write(out: Path, path: Path) -> int:
    """One line per item, one column per column of items.parquet."""
    names = [name for name, _, _ in tables.ITEMS]
    count = 0

    def fill(file: io.BufferedWriter) -> None:
        nonlocal count
        text = io.TextIOWrapper(file, "utf-8-sig", newline="")
        lines = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC)
        lines.writerow(names)
        for row in rows(out, "items"):
            lines.writerow([safe(as_cell(row[name])) for name in names])
            count += 1
        text.flush()
        text.detach()

    write_whole(path, fill)  # type: ignore[arg-type]
    return count


def safe(cell: str | int | float | None) -> str | int | float:
    """A cell that no spreadsheet calculates: an apostrophe stands before what would make it a formula."""
    if isinstance(cell, str):
        return _FORMULA.sub(r"\1'", cell)
    return "" if cell is None else cell
