"""triage query: SQL over the tables of OUT, by DuckDB, which gets those tables and nothing else.

The tables are handed over as Arrow: DuckDB opens no file, loads no extension and reaches no network.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import json
import sys
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from pipeline import arrow_file, out_tables, tables
from pipeline.export.comma_separated import safe
from pipeline.export.rows import as_cell
from pipeline.options import EXIT_OK, EXIT_USAGE
from pipeline.questions import QUESTIONS
from pipeline.refused import Refused
from transforms.text import clean_text

_WIDEST = 60  # characters of a cell on a terminal
_BEFORE = {  # none of it can be set again once lock_configuration is
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "python_enable_replacements": False,  # no variable of this program is a table
    "enable_external_access": False,  # no file is read or written, no extension loaded
    "temp_directory": "",
}


def run(parsed: argparse.Namespace) -> int:
    """Answer a question by name or in SQL; without one, list the names."""
    if parsed.question is None:
        for name, question in QUESTIONS.items():
            print(f"{name:<16}{question.asks}")
        return EXIT_OK
    named = QUESTIONS.get(parsed.question)
    if named is None and not parsed.question.strip().count(" "):
        raise Refused(
            f"{parsed.question}: no question of that name, and no SQL. The names: {', '.join(QUESTIONS)}.", EXIT_USAGE
        )
    answer = ask(parsed.out, named.sql if named is not None else parsed.question)
    if parsed.json:
        for row in _rows(answer):
            print(json.dumps(dict(zip(answer.column_names, row, strict=True)), default=_plain, ensure_ascii=False))
    elif parsed.csv:
        lines = csv.writer(sys.stdout, lineterminator="\n")
        lines.writerow(map(safe, answer.column_names))
        lines.writerows([safe(_cell(value)) for value in row] for row in _rows(answer))
    else:
        for line in as_text(answer):
            print(line)
    return EXIT_OK


def ask(out: Path, sql: str) -> pa.Table:
    """The answer to a statement over items, findings, signatures, keys and sources."""
    duckdb = _duckdb()
    database = duckdb.connect(":memory:", config=_BEFORE)
    copies = contextlib.ExitStack()  # of tables in a store
    try:
        for name in tables.TABLES:
            files = [str(copies.enter_context(arrow_file.local(path))) for path in out_tables.table_files(out, name)]
            database.register(name, ds.dataset(files, format="parquet"))
        database.execute("SET TimeZone = 'UTC'")
        database.execute("SET lock_configuration = true")
        answer = database.sql(sql)
        if answer is None:
            raise Refused("The statement gives no table. Ask with SELECT or FROM.", EXIT_USAGE)
        return answer.to_arrow_table()
    except duckdb.Error as error:
        raise Refused(
            f"DuckDB cannot answer this: {' '.join(str(error).split())[:600]} The columns stand in docs/columns.md; "
            "only the tables of OUT can be asked.",
            EXIT_USAGE,
        ) from None
    finally:
        database.close()
        copies.close()


def as_text(answer: pa.Table) -> Iterator[str]:
    """A table for a terminal: numbers to the right, long texts cut."""
    rows = [[_shown(value) for value in row] for row in _rows(answer)]
    names = [clean_text(name, _WIDEST) for name in answer.column_names]
    widths = [max(map(len, column)) for column in zip(names, *rows, strict=True)]
    numbers = [pa.types.is_integer(kind) or pa.types.is_floating(kind) for kind in answer.schema.types]
    for row in (names, ["-" * width for width in widths], *rows):
        cells = zip(row, widths, numbers, strict=True)
        yield "  ".join(f"{cell:>{width}}" if right else f"{cell:<{width}}" for cell, width, right in cells).rstrip()
    yield f"({len(rows)} {'row' if len(rows) == 1 else 'rows'})"


def _rows(answer: pa.Table) -> Iterator[tuple[Any, ...]]:
    """Rows by position: two columns may have one name."""
    return zip(*(column.to_pylist() for column in answer.columns), strict=True)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, (date, datetime)) else str(_cell(value))


def _shown(value: Any) -> str:
    cell = _cell(value)
    return "" if cell is None else clean_text(str(cell), _WIDEST)


def _cell(value: Any) -> str | int | float | None:
    """As in an export; what only SQL makes, such as a struct, a date or a decimal, as text."""
    if isinstance(value, (list, dict)):
        return json.dumps(value, default=str, ensure_ascii=False)
    if value is None or isinstance(value, (str, int, bytes, datetime)):
        return as_cell(value)
    return value if isinstance(value, float) else str(value)


def _duckdb() -> Any:
    try:
        import duckdb
    except ModuleNotFoundError:
        raise Refused(
            "triage query needs DuckDB, which is not installed. Install it: pip install 'leak-triage[query]'. The "
            "tables are plain Parquet, so any other program reads them as well."
        ) from None
    return duckdb
