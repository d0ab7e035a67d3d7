"""run.json and the tables of a finished OUT, read: all that most commands need."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import arrow_file
from pipeline.places import must_be_utf8
from pipeline.refused import Refused
from transforms.model import SCHEMA_VERSION

RUN = "run.json"

# Entries of run.json that commands read, and what they are.
_RECORD = {"schema_version": int, "arguments": dict, "tables": dict, "counts": dict, "timings": dict, "octets": int}


def read_run(out: Path) -> dict[str, Any] | None:
    """run.json of a complete OUT; None if there is none, or one that was cut, emptied or written by others."""
    try:
        record = json.loads((out / RUN).read_bytes())
    except (FileNotFoundError, ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or not all(isinstance(record.get(name), kind) for name, kind in _RECORD.items()):
        return None
    return record if isinstance(record["arguments"].get("dump"), str) else None


def finished(out: Path) -> dict[str, Any]:
    """run.json of an OUT that can be read; Refused says why another cannot."""
    must_be_utf8(out)
    record = read_run(out) if out.is_dir() else None
    if record is None and (out / RUN).is_file():
        raise Refused(
            f"{out}: run.json is damaged, so the tables beside it cannot be relied on. Complete the run again: "
            f"triage run DUMP -o {quote(str(out))} --resume"
        )
    if record is None:
        raise Refused(
            f"{out}: holds no finished run. Start one, or go on with it: triage run DUMP -o {quote(str(out))} --resume"
        )
    if record["schema_version"] != SCHEMA_VERSION:
        raise Refused(
            f"{out}: written with schema version {record['schema_version']}, this program has {SCHEMA_VERSION}. "
            "Read it with the program that wrote it, or run again into another folder."
        )
    return record


def unreadable(out: Path, record: dict[str, Any]) -> str | None:
    """The first table of a finished run that is missing or no Parquet file."""
    for name in sorted(record["tables"]):
        try:
            pq.read_metadata(arrow_file.parquet(out / name))
        except (OSError, pa.ArrowException):
            return str(name)
    return None


def table_files(out: Path, name: str) -> list[Path]:
    """The files of one table, in order."""
    one = out / f"{name}.parquet"
    return [one] if one.exists() else sorted(out.glob(f"{name}-*-of-*.parquet"))


def read_table(out: Path, name: str, columns: list[str] | None = None) -> pa.Table:
    """A whole table, or some of its columns."""
    parts = [pq.read_table(arrow_file.parquet(path), columns=columns) for path in table_files(out, name)]
    if not parts:
        raise FileNotFoundError(out / f"{name}.parquet")
    return pa.concat_tables(parts, promote_options="permissive")


def read_rows(out: Path, name: str, columns: list[str]) -> Iterator[dict[str, Any]]:
    """Some columns of a table, row by row; a batch of them is in memory."""
    for batch in read_batches(out, name, columns):
        yield from batch.to_pylist()


def read_batches(out: Path, name: str, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Some columns of a table, batch by batch."""
    paths = table_files(out, name)
    if not paths:
        raise FileNotFoundError(out / f"{name}.parquet")
    for path in paths:
        yield from pq.ParquetFile(arrow_file.parquet(path)).iter_batches(columns=columns)


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
