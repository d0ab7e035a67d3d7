"""Evidence on disk: what one work unit said, in one file, written whole or not at all.

A shard is five Arrow IPC streams one after the other (sources, items, signatures, fields, texts);
the first carries the unit in its metadata. It holds nothing that depends on keys, so a judgement
needs the shards alone, and a killed run resumes with the shards that are there.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from transforms.model import (
    SCHEMA_VERSION,
    FileEntry,
    Item,
    KeptField,
    PreparedSignature,
    Source,
    Text,
    UnitEvidence,
    WorkUnit,
)
from transforms.shard import Shard

UTC = pa.timestamp("us", tz="UTC")
NAMES = pa.list_(pa.string())

# Arrow types by annotation; model.py holds the meaning of each field.
_TYPES: dict[str, pa.DataType] = {
    "int": pa.int64(),
    "int | None": pa.int64(),
    "bool": pa.bool_(),
    "bool | None": pa.bool_(),
    "str": pa.string(),
    "str | None": pa.string(),
    "bytes": pa.binary(),
    "bytes | None": pa.binary(),
    "datetime | None": UTC,
    "tuple[str, ...]": NAMES,
    "Kind": pa.string(),
    "Status": pa.string(),
}


def _schema(noun: type, *more: pa.Field) -> pa.Schema:
    fields = [pa.field(f.name, _TYPES[str(f.type)]) for f in dataclasses.fields(noun)]
    return pa.schema([*more, *fields])


ITEMS = _schema(Item)
SIGNATURES = _schema(PreparedSignature, pa.field("row", pa.int64()))
FIELDS = _schema(KeptField)
TEXTS = _schema(Text)
SOURCES = _schema(Source)


_SCHEMAS = {"sources": SOURCES, "items": ITEMS, "signatures": SIGNATURES, "fields": FIELDS, "texts": TEXTS}
_ORDER = tuple(_SCHEMAS)  # of the streams of a shard: what is read most comes first


def shard_path(out: Path, unit_id: str) -> Path:
    return out / "evidence" / unit_id[:2] / f"{unit_id}.arrow"


def to_shard(evidence: UnitEvidence) -> Shard:
    """Rows to tables."""
    signatures = _table(SIGNATURES, (signature for _, signature in evidence.signatures), skip=1)
    rows = pa.array([row for row, _ in evidence.signatures], pa.int64())
    return Shard(
        evidence.unit,
        _table(ITEMS, evidence.items),
        signatures.add_column(0, SIGNATURES.field("row"), rows),
        _table(FIELDS, evidence.fields),
        _table(TEXTS, evidence.texts),
        _table(SOURCES, evidence.sources),
    )


def write_shard(out: Path, shard: Shard) -> None:
    """Write a unit's evidence whole: temporary name, fsync, rename. OSError if the disk is full."""
    path = shard_path(out, shard.unit.unit_id)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    meta = {b"unit": json.dumps(unit_to_json(shard.unit)).encode(), b"schema_version": b"%d" % SCHEMA_VERSION}
    options = pa.ipc.IpcWriteOptions(compression=pa.Codec("zstd", compression_level=1))

    def fill(file: BinaryIO) -> None:
        for table in (shard.sources.replace_schema_metadata(meta), *(getattr(shard, name) for name in _ORDER[1:])):
            with pa.ipc.new_stream(file, table.schema, options=options) as writer:
                writer.write_table(table)

    write_whole(path, fill)


def read_shard(out: Path, unit_id: str, last: str = "signatures") -> Shard:
    """Evidence of one unit, up to the table named last; those behind it are left empty.

    OSError or pa.ArrowInvalid if it is missing or damaged.
    """
    tables = {name: _SCHEMAS[name].empty_table() for name in _ORDER}
    with pa.memory_map(str(shard_path(out, unit_id))) as file:
        for name in _ORDER[: _ORDER.index(last) + 1]:
            tables[name] = pa.ipc.open_stream(file).read_all()
    unit = unit_from_json(json.loads(tables["sources"].schema.metadata[b"unit"]))
    return Shard(unit, **tables)


def write_whole(path: Path, fill: Callable[[BinaryIO], object]) -> None:
    """Call fill(file) on a temporary file beside path, then put it there in one step (mode 0600)."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "wb") as file:
            fill(file)
            file.flush()
            os.fsync(fd)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def unit_to_json(unit: WorkUnit) -> dict[str, Any]:
    record = dataclasses.asdict(unit)
    record["entries"] = [
        {**dataclasses.asdict(entry), "name": base64.b64encode(entry.name).decode()} for entry in unit.entries
    ]
    return record


def unit_from_json(record: dict[str, Any]) -> WorkUnit:
    entries = (FileEntry(**{**e, "name": base64.b64decode(e["name"])}) for e in record["entries"])
    return WorkUnit(**{**record, "entries": tuple(entries)})


def prepared(table: pa.Table) -> Iterator[tuple[int, PreparedSignature]]:
    """Rows of a signatures table as (row of the message, signature)."""
    for record in table.to_pylist():
        row = record.pop("row")
        for name in ("signed_fields", "unsigned_fields", "objections"):
            record[name] = tuple(record[name])
        yield row, PreparedSignature(**record)


def _table(schema: pa.Schema, rows: Iterable[Any], skip: int = 0) -> pa.Table:
    fields = [schema.field(i) for i in range(skip, len(schema))]
    rows = list(rows)
    columns = [pa.array([getattr(row, f.name) for row in rows], f.type) for f in fields]
    return pa.Table.from_arrays(columns, schema=pa.schema(fields))
