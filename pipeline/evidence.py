"""Evidence on disk: what one work unit said, in one file, written whole or not at all.

A shard is nine Arrow IPC streams one after the other (sources, orders, items, documents, document_signatures,
signatures, clocks, fields, texts), compressed as one; the first carries the unit in its metadata. Where a unit has
many rows, what is complete goes into shards of its own while the rest is read. It holds nothing that
depends on keys, so a judgement needs the shards alone, and a killed run resumes with the shards that are there. What
the second round of Examine made of a unit's orders lies beside its shard, bound to the files that it was made from.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, get_type_hints

import pyarrow as pa

from pipeline import arrow_file
from pipeline.whole_file import write_whole
from transforms.arrow_bytes import to_table as to_table
from transforms.arrow_values import values
from transforms.model import (
    SCHEMA_VERSION,
    Clock,
    DocumentFacts,
    DocumentSignature,
    FileEntry,
    Item,
    KeptField,
    Kind,
    Order,
    PreparedSignature,
    SignatureResult,
    Source,
    Status,
    Text,
    UnitEvidence,
    WorkUnit,
)
from transforms.shard import Shard

UTC = pa.timestamp("us", tz="UTC")
NAMES = pa.list_(pa.string())

# Arrow types by annotation; model.py holds the meaning of each field.
_TYPES: dict[Any, pa.DataType] = {
    int: pa.int64(),
    int | None: pa.int64(),
    bool: pa.bool_(),
    bool | None: pa.bool_(),
    str: pa.string(),
    str | None: pa.string(),
    bytes: pa.binary(),
    bytes | None: pa.binary(),
    datetime | None: UTC,
    tuple[str, ...]: NAMES,
    Kind: pa.string(),
    Status: pa.string(),
}


def schema_of(noun: type, *more: pa.Field) -> pa.Schema:
    """Arrow schema of one of the nouns that are rows."""
    return pa.schema([*more, *((name, _TYPES[kind]) for name, kind in get_type_hints(noun).items())])


ITEMS = schema_of(Item)
SIGNATURES = schema_of(PreparedSignature, pa.field("row", pa.int64()))
FIELDS = schema_of(KeptField)
CLOCKS = schema_of(Clock, pa.field("row", pa.int64()))
TEXTS = schema_of(Text)
SOURCES = schema_of(Source)
ORDERS = schema_of(Order)
DOCUMENTS = schema_of(DocumentFacts, pa.field("row", pa.int64()))
DOCUMENT_SIGNATURES = schema_of(DocumentSignature, pa.field("row", pa.int64()))


_SCHEMAS = {
    "sources": SOURCES,
    "orders": ORDERS,
    "items": ITEMS,
    "documents": DOCUMENTS,
    "document_signatures": DOCUMENT_SIGNATURES,
    "signatures": SIGNATURES,
    "clocks": CLOCKS,
    "fields": FIELDS,
    "texts": TEXTS,
}
PLAN = "plan.jsonl"  # in OUT/evidence: every unit of the run in walk order, written when planning ends
_COMPRESSION = "zstd"
_ORDER = tuple(_SCHEMAS)  # of the streams of a shard: what is read most comes first
_SEAL = b"\x50\x2a\x4d\x18\x20\0\0\0"  # a frame that zstd passes over (RFC 8878 §3.1.2): SHA-256 of all before it


class EvidenceDamaged(Exception):
    """A shard cannot be read; the message names the file and says what to do."""


def shard_path(out: Path, unit_id: str) -> Path:
    return out / "evidence" / unit_id[:2] / f"{unit_id}.arrow"


def planned(out: Path) -> Iterator[dict[str, object]]:
    """The plan as written: unit_id, octets, entries and form of each unit, in walk order."""
    path = out / "evidence" / PLAN
    with path.open(encoding="ascii") as file:
        try:
            for line in file:
                yield json.loads(line)
        except ValueError:
            raise EvidenceDamaged(f"{path}: damaged. --resume plans again.") from None


def to_shard(evidence: UnitEvidence) -> Shard:
    """Rows to tables."""
    return Shard(
        evidence.unit,
        to_table(ITEMS, evidence.items),
        to_table(SIGNATURES, [(row, *signature) for row, signature in evidence.signatures]),
        to_table(FIELDS, evidence.fields),
        to_table(CLOCKS, [(row, *clock) for row, clock in evidence.clocks]),
        to_table(TEXTS, evidence.texts),
        to_table(SOURCES, evidence.sources),
        to_table(ORDERS, evidence.orders),
        to_table(DOCUMENTS, [(row, *facts) for row, facts in evidence.documents]),
        to_table(DOCUMENT_SIGNATURES, [(row, *signature) for row, signature in evidence.document_signatures]),
    )


def part_id(unit_id: str, number: int) -> str:
    """The name of one part of a unit, counted from 1."""
    return f"{unit_id}.{number:05d}"


def write_part(out: Path, shard: Shard, number: int) -> None:
    """Write one part of a unit's evidence, as write_shard() does, which comes last."""
    part = dataclasses.replace(shard.unit, unit_id=part_id(shard.unit.unit_id, number))
    write_shard(out, dataclasses.replace(shard, unit=part))


def write_shard(out: Path, shard: Shard, parts: int = 0) -> None:
    """Write a unit's evidence whole: temporary name, fsync, rename. OSError if the disk is full.

    parts: how many more shards hold what comes before it in the dump; they are written before it.
    """
    path = shard_path(out, shard.unit.unit_id)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    meta = {
        b"unit": json.dumps(unit_to_json(shard.unit)).encode(),
        b"schema_version": b"%d" % SCHEMA_VERSION,
        b"parts": b"%d" % parts,
    }
    _write_sealed(path, (shard.sources.replace_schema_metadata(meta), *(getattr(shard, name) for name in _ORDER[1:])))


def _write_sealed(path: Path, tables: Iterable[pa.Table]) -> None:
    sink = pa.BufferOutputStream()
    # As one stream: buffer by buffer, the many small columns take five times as long.
    with pa.CompressedOutputStream(sink, _COMPRESSION) as stream:
        for table in tables:
            with pa.ipc.new_stream(stream, table.schema) as writer:
                writer.write_table(table)
    octets = sink.getvalue()
    write_whole(path, lambda file: file.writelines((octets, _SEAL, hashlib.sha256(octets).digest())))


def shard_ids(out: Path) -> Iterator[str]:
    """Names of all shards in walk order: of each unit those of its parts, then its own.

    EvidenceDamaged if that of a unit is missing or damaged.
    """
    for unit in planned(out):
        yield from shards_of(out, unit)


def shards_of(out: Path, unit: Mapping[str, object]) -> list[str]:
    """The same of one planned unit. One that only hashes a file has no parts."""
    unit_id = str(unit["unit_id"])
    parts = 0 if unit["form"] == "whole" else _parts(out, unit_id)
    return [*(part_id(unit_id, number) for number in range(1, parts + 1)), unit_id]


def _parts(out: Path, unit_id: str) -> int:
    path = shard_path(out, unit_id)
    try:
        with pa.CompressedInputStream(arrow_file.source(path), _COMPRESSION) as stream:
            return int(pa.ipc.open_stream(stream).schema.metadata[b"parts"])
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError):
        raise _damaged(path) from None


def is_whole(out: Path, unit_id: str) -> bool:
    """Whether a unit's evidence is there, as it was written."""
    if not _is_sealed(shard_path(out, unit_id)):
        return False
    parts = range(1, _parts(out, unit_id) + 1)
    return all(_is_sealed(shard_path(out, part_id(unit_id, number))) for number in parts)


def must_be_whole(out: Path) -> None:
    """EvidenceDamaged if the evidence of some unit is not as it was written: most damage can still be read."""
    for shard_id in shard_ids(out):
        if not _is_sealed(shard_path(out, shard_id)):
            raise _damaged(shard_path(out, shard_id))
        path = put_back_path(out, shard_id)
        if path.exists() and not _is_sealed(path):
            raise _damaged(path)


def _damaged(path: Path) -> EvidenceDamaged:
    return EvidenceDamaged(f"{path}: damaged evidence. --resume makes it again.")


def _is_sealed(path: Path) -> bool:
    try:
        octets = path.read_bytes()
    except OSError:
        return False
    end = len(octets) - hashlib.sha256().digest_size
    body = memoryview(octets)[: max(0, end - len(_SEAL))]
    return octets[len(body) :] == _SEAL + hashlib.sha256(body).digest()


@cache
def _empty() -> dict[str, pa.Table]:
    return {name: schema.empty_table() for name, schema in _SCHEMAS.items()}


def read_shard(out: Path, unit_id: str, last: str = "signatures") -> Shard:
    """Evidence of one unit, up to the table named last; those behind it are left empty.

    EvidenceDamaged if it is missing or damaged.
    """
    path = shard_path(out, unit_id)
    tables = dict(_empty())
    try:
        with pa.CompressedInputStream(arrow_file.source(path), _COMPRESSION) as stream:
            for name in _ORDER[: _ORDER.index(last) + 1]:
                tables[name] = pa.ipc.open_stream(stream).read_all()
        unit = unit_from_json(json.loads(tables["sources"].schema.metadata[b"unit"]))
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError):
        raise _damaged(path) from None
    if len(tables["orders"]) and len(tables["signatures"]):
        made = _read_put_back(out, unit_id)
        tables["signatures"] = _replaced(tables["signatures"], made.signatures if made is not None else [])
    return Shard(unit, **tables)


# ---- the second round of Examine ----------------------------------------------------------------


class PutBack(NamedTuple):
    """What became of the orders of one unit, once the files were looked for."""

    inputs: str  # digest of the files that were tried
    outcomes: dict[str, int]  # how many messages, by outcome
    signatures: list[tuple[int, PreparedSignature]]  # those that match now, in place of those of the shard


def put_back_path(out: Path, unit_id: str) -> Path:
    return out / "evidence" / unit_id[:2] / f"{unit_id}.put_back"


def write_put_back(out: Path, unit_id: str, made: PutBack) -> None:
    """Beside the unit's shard, whole or not at all."""
    told = json.dumps({"inputs": made.inputs, "outcomes": made.outcomes}, sort_keys=True).encode()
    table = to_table(SIGNATURES, [(row, *one) for row, one in made.signatures])
    _write_sealed(put_back_path(out, unit_id), [table.replace_schema_metadata({b"made": told})])


def put_back_whole(out: Path, unit_id: str) -> PutBack | None:
    """What a second round left for a unit; None if there is nothing, or not as it was written."""
    return _read_put_back(out, unit_id) if _is_sealed(put_back_path(out, unit_id)) else None


def _read_put_back(out: Path, unit_id: str) -> PutBack | None:
    path = put_back_path(out, unit_id)
    try:
        with pa.CompressedInputStream(arrow_file.source(path), _COMPRESSION) as stream:
            table = pa.ipc.open_stream(stream).read_all()
        told = json.loads(table.schema.metadata[b"made"])
        return PutBack(told["inputs"], told["outcomes"], list(prepared(table)))
    except FileNotFoundError:
        return None
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError):
        raise _damaged(path) from None


def _replaced(signatures: pa.Table, made: Iterable[tuple[int, PreparedSignature]]) -> pa.Table:
    """A unit's signatures with some in another form, in their order."""
    new = {(row, one.seq): one for row, one in made}
    if not new:
        return signatures
    rows = ((row, new.get((row, one.seq), one)) for row, one in prepared(signatures))
    return to_table(SIGNATURES, [(row, *one) for row, one in rows])


def unit_to_json(unit: WorkUnit) -> dict[str, Any]:
    record = {field.name: getattr(unit, field.name) for field in dataclasses.fields(unit)}
    names = [field.name for field in dataclasses.fields(FileEntry)]
    record["entries"] = [
        {name: getattr(entry, name) for name in names} | {"name": b2a_base64(entry.name, newline=False).decode()}
        for entry in unit.entries
    ]
    return record


def unit_from_json(record: dict[str, Any]) -> WorkUnit:
    entries = (FileEntry(a2b_base64(e["name"]), e["size"], e["mtime_ns"], e["form"]) for e in record["entries"])
    return WorkUnit(**{**record, "entries": tuple(entries)})


def prepared(table: pa.Table) -> Iterator[tuple[int, PreparedSignature]]:
    """Rows of a signatures table as (row of the message, signature)."""
    for row, *said in _rows(table):
        yield row, PreparedSignature(*said)


def results(table: pa.Table) -> Iterator[SignatureResult]:
    """Rows of a table of results."""
    return (SignatureResult(*said) for said in _rows(table))


def _rows(table: pa.Table) -> Iterable[tuple[Any, ...]]:
    return zip(*map(values, table.columns), strict=True)
