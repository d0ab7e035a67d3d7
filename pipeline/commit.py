"""Judged rows to the final tables: sorted by verdict, then walk order; deterministic to the byte.

A final table is a concatenation of the units' sorted runs. run.json is written last and holds the
tables' SHA-256; without it OUT is incomplete.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline import judging, key_store, recovered, stretches, tables
from pipeline.job import Job
from pipeline.out_tables import RUN, file_sha256, read_rows
from pipeline.whole_file import write_whole
from transforms.auth.key import KeyRecord, parse_record
from transforms.auth.openpgp import PGP
from transforms.auth.openpgp_key import OPENPGP
from transforms.auth.openpgp_key import key_id as openpgp_key_id
from transforms.auth.weakness import is_prime
from transforms.model import SCHEMA_VERSION, VERDICTS, PublicKey, Source, Status

_MAX_SQL_YEAR_NS = 253_402_300_799 * 10**9  # 9999-12-31, the last time that readers accept


def commit(job: Job) -> dict[str, str]:
    """Write the tables of a judged run; answers file name -> sha256."""
    (job.out / RUN).unlink(missing_ok=True)
    bases = dict(_ordinal_bases(job))
    written = []
    for name in judging.RUN_TABLES:
        rows = _run_rows(job, name, bases)
        written += write_table(job.out, name, rows)
    written += write_table(job.out, "keys", [keys_table(job.out)])
    written += write_table(job.out, "sources", _sources(job))
    _remove_others(job.out, written)
    return {name: file_sha256(job.out / name) for name in written}


def write_run(out: Path, record: dict[str, Any]) -> None:
    """run.json, the last thing written."""
    text = json.dumps(record, indent=1, sort_keys=True)  # in ASCII: a path may hold any octets
    write_whole(out / RUN, lambda file: file.write(text.encode() + b"\n"))


def write_table(out: Path, name: str, batches: Iterable[pa.RecordBatch | pa.Table]) -> list[str]:
    """Write a table in row groups of a fixed size; answers the file names.

    One file up to tables.FILE_ROWS rows, numbered files above.
    """
    schema = tables.schema(name).with_metadata({"schema_version": str(SCHEMA_VERSION)})
    parts = 0
    groups = _row_groups(batches, schema)
    group = next(groups)
    temporary: list[Path] = []
    while group is not None:
        parts += 1
        path = out / f".{name}-{parts:05d}.parquet.part"
        temporary.append(path)
        rows = 0
        options = {"compression": "zstd", "use_dictionary": True, "write_statistics": True}

        def fill(file: Any, options: dict[str, Any] = options) -> None:
            nonlocal group, rows
            with pq.ParquetWriter(file, schema, **options) as writer:
                while group is not None and (rows == 0 or rows + len(group) <= tables.FILE_ROWS):
                    writer.write_table(group, row_group_size=tables.ROW_GROUP)
                    rows += max(len(group), 1)
                    group = next(groups, None)

        write_whole(path, fill)
    names = (
        [f"{name}.parquet"] if parts == 1 else [f"{name}-{n:05d}-of-{parts:05d}.parquet" for n in range(1, parts + 1)]
    )
    for path, final in zip(temporary, names, strict=True):
        path.replace(out / final)
    return names


def _row_groups(batches: Iterable[pa.RecordBatch | pa.Table], schema: pa.Schema) -> Iterator[pa.Table | None]:
    """Tables of exactly ROW_GROUP rows, the last one shorter; one empty table if there are no rows."""
    held: list[pa.Table] = []
    count = 0
    given = False
    for batch in batches:
        table = pa.Table.from_batches([batch]) if isinstance(batch, pa.RecordBatch) else batch
        held.append(table)
        count += len(table)
        while count >= tables.ROW_GROUP:
            whole = pa.concat_tables(held)
            yield _enums(whole.slice(0, tables.ROW_GROUP), schema)
            given = True
            held = [whole.slice(tables.ROW_GROUP)]
            count -= tables.ROW_GROUP
    if count or not given:
        whole = pa.concat_tables(held) if held else schema.empty_table()
        yield _enums(whole, schema)


def _enums(table: pa.Table, schema: pa.Schema) -> pa.Table:
    columns = []
    for field in schema:
        column = table[field.name].combine_chunks()
        if pa.types.is_dictionary(field.type) and not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        columns.append(column)
    return pa.Table.from_arrays(columns, schema=schema)


def _run_rows(job: Job, name: str, bases: dict[str, tuple[str, int]]) -> Iterator[pa.RecordBatch]:
    for verdict in range(len(VERDICTS)):
        for unit_id in judging.unit_ids(job):
            batch = judging.read_run(job.out, unit_id, name, verdict)
            if name == "items" and unit_id in bases:
                source, base = bases[unit_id]
                at = batch.schema.get_field_index("ordinal")
                moved = pc.add(batch.column(at), base)
                ordinal = pc.if_else(pc.equal(batch["source_path"], source), moved, batch.column(at))
                batch = batch.set_column(at, batch.schema.field(at), ordinal)
            yield batch


def _ordinal_bases(job: Job) -> Iterator[tuple[str, tuple[str, int]]]:
    """Judgements that begin within a file, that file, and how many items of it the earlier ones gave."""
    source, count = "", 0
    for one in stretches.all_of(job):
        if not one.is_split:
            continue
        rows = stretches.read(job, one.stretch_id, last="sources").sources
        parts = list(zip(rows["source_path"].to_pylist(), rows["n_items"].to_pylist(), strict=True))
        if parts[0][0] == source:
            yield one.stretch_id, (source, count)
        else:
            count = 0
        for path, items in parts:
            source, count = path, items + (count if path == source else 0)


def _sources(job: Job) -> Iterator[pa.Table]:
    """One row per directory entry; the ranges of a split file, which follow one another, are added up."""
    held: Source | None = None
    for one in stretches.all_of(job):
        found = stretches.read(job, one.stretch_id, last="sources").sources
        if not one.is_split:
            yield _sources_table([held] if held is not None else [])
            held = None
            yield _sources_table(list(_rows(found)))
            continue
        whole = []
        for part in _rows(found):
            if held is not None and held.source_path == part.source_path:
                held = _added(held, part)
                continue
            whole += [held] if held is not None else []
            held = part
        yield _sources_table(whole)
    yield _sources_table([held] if held is not None else [])


def _rows(sources: pa.Table) -> Iterator[Source]:
    return map(Source, *(column.to_pylist() for column in sources.columns))


def _sources_table(sources: Sequence[Source]) -> pa.Table:
    columns = zip(*sources, strict=True) if sources else [()] * len(Source._fields)
    made: dict[str, Sequence[Any]] = dict(zip(Source._fields, columns, strict=True))
    made["mtime_utc"] = [row.mtime_ns // 1000 if abs(row.mtime_ns) < _MAX_SQL_YEAR_NS else None for row in sources]
    made["bytes_in_items"] = [None if row.counts_members else row.octets_in_items for row in sources]
    made["bytes_outside"] = [None if row.counts_members else row.octets_outside for row in sources]
    return _table("sources", made)


def _added(known: Source, part: Source) -> Source:
    """One file, whose rows so far and those of one more range are known."""
    worse = part if known.status == Status.OK else known
    return known._replace(
        status=worse.status,
        error_code=worse.error_code,
        n_items=known.n_items + part.n_items,
        n_errors=known.n_errors + part.n_errors,
        octets_in_items=known.octets_in_items + part.octets_in_items,
        octets_outside=known.octets_outside + part.octets_outside,
    )


def keys_table(out: Path) -> pa.Table:
    """The keys kept in OUT, with what became of the signatures of their names."""
    confirmed: dict[tuple[str, str, str], int] = {}  # by domain, selector and key: others may have published it too
    tried: dict[tuple[str, str], int] = {}
    columns = ["type", "domain", "selector", "header_ok", "key_id", "key_status", "result"]
    for row in read_rows(out, "signatures", columns):
        if row["type"] == PGP:  # its key decides over the whole
            row |= {"domain": OPENPGP, "selector": openpgp_key_id(row["selector"] or ""), "key_id": ""}
            row["header_ok"] = row["result"] == "pass" if row["key_status"] == "ok" else None
        # What an unanchored recovered key does not confirm counts as if there were none.
        if row["header_ok"] is None and row["key_status"] != "missing":
            continue
        name = (row["domain"], row["selector"])
        tried[name] = tried.get(name, 0) + 1
        if row["header_ok"]:
            key_of_name = (*name, row["key_id"])
            confirmed[key_of_name] = confirmed.get(key_of_name, 0) + 1
    records = []
    keys = key_store.known(out)
    rivals = _rivals(keys)
    for key in keys:
        read = parse_record(key.record)
        n_verified = confirmed.get((key.domain, key.selector, key.key_id), 0)
        records.append(
            {
                "key_id": key.key_id,
                "domain": key.domain,
                "selector": key.selector,
                "record": key.record,
                "bits": read.bits or None,
                "source": key.source,
                "source_ref": key.source_ref,
                "anchored_by": key.anchored_by,
                "first_seen": key.first_seen,
                "last_seen": key.last_seen,
                "not_before": key.not_before,
                "not_after": key.not_after,
                "n_verified": n_verified,
                "n_failed": max(0, tried.get((key.domain, key.selector), 0) - n_verified),
                "weakness": _weakness(key, read, n_verified) or _doubt(key, rivals),
            }
        )
    records.sort(key=lambda r: (r["domain"], r["selector"], r["key_id"], r["source_ref"]))
    return _table("keys", {name: [record[name] for record in records] for name in tables.schema("keys").names})


def _rivals(keys: Iterable[PublicKey]) -> set[tuple[str, str]]:
    """Names under which two different keys were recovered and neither is anchored: an alarm."""
    ids: dict[tuple[str, str], set[str]] = {}
    for key in keys:
        if key.source == recovered.SOURCE and key.anchored_by is None:
            ids.setdefault((key.domain, key.selector), set()).add(key.key_id)
    return {name for name, different in ids.items() if len(different) > 1}


def _doubt(key: PublicKey, rivals: set[tuple[str, str]]) -> str | None:
    """Why a key whose numbers are sound proves nothing: nobody says whose it is."""
    if key.source != recovered.SOURCE or key.anchored_by is not None:
        return None
    return "two_recovered" if (key.domain, key.selector) in rivals else "unanchored"


def _weakness(key: PublicKey, read: KeyRecord, n_verified: int) -> str | None:
    """A code of wording.KEY_WEAKNESS: what its numbers show tells more than that it is short."""
    if key.weakness is None and read.n and (n_verified or read.status == "weak") and is_prime(read.n):
        return "prime_modulus"
    if key.domain == OPENPGP:  # of another kind than the records that were read here
        return None
    return key.weakness or (None if read.status == "ok" else read.status)


def _table(name: str, columns: Mapping[str, Sequence[Any]]) -> pa.Table:
    arrays = []
    for field in tables.schema(name):
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        arrays.append(pa.array(columns[field.name], kind))
    return pa.table(arrays, names=[field.name for field in tables.schema(name)])


def _remove_others(out: Path, written: list[str]) -> None:
    """Files of an earlier judgement whose numbering differs."""
    for name in tables.TABLES:
        for path in (out / f"{name}.parquet", *out.glob(f"{name}-*-of-*.parquet")):
            if path.name not in written:
                path.unlink(missing_ok=True)
