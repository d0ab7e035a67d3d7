"""Rows of a finished OUT by what they are called, without reading whole tables."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline import arrow_file, out_tables
from transforms.path_spec import file_path, item_id

Record = dict[str, Any]

_START = re.compile("[0-9a-f]{8,32}")  # of an item_id
_SHA256 = re.compile("[0-9a-f]{64}")


def find(out: Path, wanted: str, columns: Sequence[str] | None = None) -> list[Record]:
    """Items by path, start of item_id (8 characters or more), sha256 or Message-ID; in the order of the table.

    columns are those asked for, None for all. The first of these names that fits counts: one column at a time is read.
    """
    if any("\ud800" <= char <= "\udfff" for char in wanted):  # not UTF-8: a name as it lies in the dump
        wanted = file_path(os.fsencode(wanted))
    found = _equal(out, "path", wanted, columns)
    if not found and _START.fullmatch(wanted):
        found = rows(out, "items", ["item_id"], lambda keys: pc.starts_with(keys["item_id"], wanted), columns)
    if not found and _SHA256.fullmatch(wanted):
        found = _equal(out, "sha256", wanted, columns)
    return found or _equal(out, "message_id", wanted.strip("<>"), columns)


def _equal(out: Path, column: str, value: str, columns: Sequence[str] | None) -> list[Record]:
    """Items with this value in a column."""
    return rows(out, "items", [column], lambda keys: pc.equal(keys[column], value), columns, value)


def of_items(out: Path, table: str, ids: Iterable[str]) -> list[Record]:
    """The rows of a table that are about these items, in its order."""
    wanted = pa.array(list(ids), pa.string())
    return rows(out, table, ["item_id"], lambda keys: pc.is_in(keys["item_id"], value_set=wanted))


def around(out: Path, path: str) -> list[Record]:
    """The item at a path and all that it lies in, the outermost first."""
    # IMAP numbers count on in one step (2, 2.1): each dot may end the path of an item, too.
    ends = [at for at, char in enumerate(path) if char in "!."]
    found = {row["item_id"]: row for row in of_items(out, "items", [item_id(path[:at]) for at in [*ends, len(path)]])}
    chain: list[Record] = []
    at = found.get(item_id(path))
    while at is not None:
        chain.append(at)
        at = found.get(at["parent_id"])
    return chain[::-1]


def rows(
    out: Path,
    table: str,
    keys: list[str],
    match: Callable[[pa.Table], pa.ChunkedArray],
    columns: Sequence[str] | None = None,
    value: str | None = None,
) -> list[Record]:
    """Rows whose key columns match; of the columns only the row groups that hold such rows are read.

    value: what the first key column must hold; row groups between whose lowest and highest it does not lie are left.
    """
    found: list[Record] = []
    for path in out_tables.table_files(out, table):
        with pq.ParquetFile(arrow_file.parquet(path)) as file:
            for group in range(file.num_row_groups):
                if value is not None and not _may_hold(file.metadata.row_group(group), keys[0], value):
                    continue
                # In one piece: of a column without any, pyarrow 25 crashes the process.
                places = pc.indices_nonzero(match(file.read_row_group(group, keys)).combine_chunks())
                if len(places):
                    found += file.read_row_group(group, columns).take(places).to_pylist()
    return found


def _may_hold(group: pq.RowGroupMetaData, name: str, value: str) -> bool:
    """Whether a text can stand in a column of a row group: texts are ordered there as UTF-8, as they are here."""
    columns = (group.column(at) for at in range(group.num_columns))
    known = next(column.statistics for column in columns if column.path_in_schema == name)
    return known is None or not known.has_min_max or known.min <= value <= known.max
