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

from pipeline import commit
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
    exact = item_id(wanted)

    def by_id(keys: pa.Table) -> pa.ChunkedArray:
        found = pc.equal(keys["item_id"], exact)
        return pc.or_(found, pc.starts_with(keys["item_id"], wanted)) if _START.fullmatch(wanted) else found

    found = rows(out, "items", ["item_id"], by_id, columns)
    if not found and _SHA256.fullmatch(wanted):
        found = rows(out, "items", ["sha256"], lambda keys: pc.equal(keys["sha256"], wanted), columns)
    plain = wanted.strip("<>")
    return found or rows(out, "items", ["message_id"], lambda keys: pc.equal(keys["message_id"], plain), columns)


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
) -> list[Record]:
    """Rows whose key columns match; of the columns only the row groups that hold such rows are read."""
    found: list[Record] = []
    for path in commit.table_files(out, table):
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                # In one piece: of a column without any, pyarrow 25 crashes the process.
                places = pc.indices_nonzero(match(file.read_row_group(group, keys)).combine_chunks())
                if len(places):
                    found += file.read_row_group(group).take(places).to_pylist()
    return found
