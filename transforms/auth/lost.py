"""Which names have lost their key, and what is there to compute it from (VERDICT §4).

Arrow tables of one unit in, tables and specimens out; the mails of a dump are never held together.
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from transforms.auth.coverage import BLOCKING
from transforms.auth.recover import Specimen
from transforms.limits import LIMITS
from transforms.shard import Shard

Name = tuple[str, str]  # (domain, selector)
Ranked = tuple[int, int, str]  # minus senders, minus mails, name

_DKIM = "dkim"
_MARK = 16  # octets of a signature that tell it from others, for counting
_TALLIES = pa.schema(  # octets 0: of any length
    [("name", pa.string()), ("octets", pa.int64()), ("signatures", pa.int64()), ("senders", pa.int64())]
)
_COUNTED = pa.schema(
    [("name", pa.string()), ("octets", pa.int64()), ("mark", pa.binary()), ("from_email", pa.string())]
)


def signatures_without_key(shard: Shard, known: Collection[Name]) -> pa.Table:
    """What is counted of one unit: the signatures that no known name could have made.

    from_email only where the key would decide the mail: the body is intact, nothing else objects.
    """
    rows = _recoverable(shard)
    if len(rows) and known:
        rows = rows.filter(pc.invert(pc.is_in(rows["name"], value_set=pa.array(sorted(map(_joined, known))))))
    if not len(rows):
        return _COUNTED.empty_table()
    decided = pc.and_(pc.fill_null(rows["body_ok"], False), pc.invert(_blocked(rows["objections"].combine_chunks())))
    senders = shard.items["from_email"].take(rows["row"])
    columns = (
        rows["name"],
        pc.cast(pc.binary_length(rows["signature"]), pa.int64()),
        pc.binary_slice(rows["signature"], 0, _MARK),
        pc.if_else(decided, senders, None),
    )
    counted = pa.table([_chunk(column) for column in columns], schema=_COUNTED)
    return counted.group_by(_COUNTED.names).aggregate([]).select(_COUNTED.names)


def apart(counted: Sequence[pa.Table], of: int) -> Iterator[tuple[str, pa.Table]]:
    """Signatures, then senders, each in so many parts: what is equal comes into one part, so that counts add up.

    A name that has most of a dump's signatures is spread over all parts.
    """
    if not counted:
        return
    rows = pa.concat_tables(counted)
    yield from _by_part("signatures", rows.group_by(["name", "octets", "mark"]).aggregate([]), "mark", of)
    senders = rows.filter(rows["from_email"].is_valid()).group_by(["name", "from_email"]).aggregate([])
    yield from _by_part("senders", senders, "from_email", of)


def tallied(rows: Sequence[pa.Table], of: int) -> Iterator[tuple[str, pa.Table]]:
    """One part counted; equal names come into one of so many parts."""
    table = pa.concat_tables(rows)
    table = table.group_by(table.column_names).aggregate([])
    if "mark" in table.column_names:
        lengths = table.group_by(["name", "octets"]).aggregate([("mark", "count_distinct")])
        names = table.group_by("name").aggregate([("mark", "count_distinct")])
        counts = [
            _tally(lengths["name"], lengths["octets"], lengths["mark_count_distinct"], None),
            _tally(names["name"], None, names["mark_count_distinct"], None),
        ]
    else:
        names = table.group_by("name").aggregate([("from_email", "count_distinct")])
        counts = [_tally(names["name"], None, None, names["from_email_count_distinct"])]
    yield from _by_part("names", pa.concat_tables(counts), "name", of)


def foremost(tallies: Sequence[pa.Table]) -> list[Ranked]:
    """Names worth the effort, of those counted here: at most LIMITS.recover_names, in the order of ranked().

    Each has three signatures of one length or more, and a sender whose mail its key would decide.
    """
    sums = pa.concat_tables(tallies).group_by(["name", "octets"]).aggregate([("signatures", "sum"), ("senders", "sum")])
    enough = sums.filter(pc.and_(pc.greater(sums["octets"], 0), pc.greater_equal(sums["signatures_sum"], 3)))["name"]
    is_whole = pc.and_(pc.equal(sums["octets"], 0), pc.greater(sums["senders_sum"], 0))
    names = sums.filter(pc.and_(is_whole, pc.is_in(sums["name"], value_set=enough.combine_chunks())))
    columns = (names[column].to_pylist() for column in ("senders_sum", "signatures_sum", "name"))
    return sorted(((-senders, -mails, name) for senders, mails, name in zip(*columns, strict=True)))[
        : LIMITS.recover_names
    ]


def ranked(found: Iterable[Ranked]) -> list[Name]:
    """Names worth the effort: by how many senders their key would decide, then mails, then by name."""
    return [_parted(name) for _, _, name in sorted(found)[: LIMITS.recover_names]]


def specimens(shard: Shard, names: Collection[Name]) -> Iterator[tuple[Name, Specimen]]:
    """The signatures of these names in one unit."""
    rows = _recoverable(shard)
    if len(rows):
        rows = rows.filter(pc.is_in(rows["name"], value_set=pa.array(sorted(map(_joined, names)), pa.string())))
    if not len(rows):
        return
    ids = shard.items["item_id"].take(rows["row"]).to_pylist()
    dates = shard.items["date_utc"].take(rows["row"]).to_pylist()
    for row, item_id, date in zip(rows.to_pylist(), ids, dates, strict=True):
        written = int(date.timestamp()) if date is not None else 0
        yield (
            (row["domain"], row["selector"]),
            Specimen(
                row["algorithm"],
                row["signature"],
                row["data_hash"],
                bool(row["body_ok"]),
                row["canonicalization"],
                row["signed_at"] or written,
                item_id,
            ),
        )


def _recoverable(shard: Shard) -> pa.Table:
    """DKIM signatures that an RSA key within the limits could have made, each with its name."""
    rows = shard.signatures
    if not len(rows):
        return rows
    octets = pc.binary_length(rows["signature"])
    masks = (
        pc.equal(rows["type"], _DKIM),
        pc.is_null(rows["invalid"]),
        pc.starts_with(rows["algorithm"], "rsa-"),
        pc.greater_equal(octets, LIMITS.key_bits_min // 8),
        pc.less_equal(octets, LIMITS.recover_bits // 8),
    )
    rows = rows.filter(functools.reduce(pc.and_, masks))
    return rows.append_column("name", pc.binary_join_element_wise(rows["domain"], rows["selector"], " "))


def _blocked(objections: pa.ListArray) -> pa.Array:
    """Whether some objection of each row keeps any key from deciding the mail."""
    blocking = pc.is_in(objections.flatten(), value_set=pa.array(sorted(BLOCKING)))
    rows = pc.list_parent_indices(objections).filter(blocking)
    return pc.is_in(pa.array(range(len(objections)), rows.type), value_set=rows)


def _tally(
    name: pa.ChunkedArray, octets: pa.ChunkedArray | None, signatures: pa.ChunkedArray | None, senders: Any
) -> pa.Table:
    none = pa.array([0] * len(name), pa.int64())
    counts = (
        none if column is None else pc.cast(_chunk(column), pa.int64()) for column in (octets, signatures, senders)
    )
    return pa.table([_chunk(name), *counts], _TALLIES)


def _by_part(kind: str, rows: pa.Table, column: str, of: int) -> Iterator[tuple[str, pa.Table]]:
    """Rows by what a column holds, in so many parts."""
    if of == 1 and len(rows):
        yield kind, rows
        return
    parts: dict[int, list[int]] = {}
    for row, value in enumerate(rows[column].to_pylist()):
        octets = value.encode() if isinstance(value, str) else value
        parts.setdefault(zlib.crc32(octets) % of, []).append(row)
    for part, some in sorted(parts.items()):
        yield f"{kind} {part}", rows.take(pa.array(some))


def _joined(name: Name) -> str:
    return " ".join(name)


def _parted(name: str) -> Name:
    domain, _, selector = name.partition(" ")
    return domain, selector


def _chunk(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
