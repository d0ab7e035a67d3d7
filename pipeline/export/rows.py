"""Rows of a table one by one, and a value as the text of one cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from pipeline import arrow_file, out_tables
from pipeline.lookup import Record

_BATCH = 8_192  # rows in memory at a time


def rows(out: Path, table: str, columns: Sequence[str] | None = None) -> Iterator[Record]:
    """All rows of a table in its order."""
    for path in out_tables.table_files(out, table):
        with pq.ParquetFile(arrow_file.parquet(path)) as file:
            for batch in file.iter_batches(_BATCH, columns=columns):
                yield from batch.to_pylist()


def as_cell(value: Any) -> str | int | None:
    """A value without an inside: lists joined by blanks and bars, times in ISO 8601, octets as hex; numbers stay."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S") if value.year >= 1000 else value.isoformat(" ")
    if isinstance(value, bytes):
        return value.hex()
    return " | ".join(map(_inside, value))


def _inside(value: Any) -> str:
    """An element of a list: a name, or a finding of items.evidence."""
    if isinstance(value, dict):
        return f"{value['direction']}, {value['strength']} [{value['code']}]: {value['summary']}"
    return str(value)
