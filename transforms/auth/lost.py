"""Which names have lost their key, and what is there to compute it from (VERDICT §4).

Arrow tables of one unit in, tables and specimens out; the mails of a dump are never held together.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from transforms.auth.coverage import BLOCKING
from transforms.auth.recover import Specimen
from transforms.limits import LIMITS
from transforms.shard import Shard

Name = tuple[str, str]  # (domain, selector)

_DKIM = "dkim"
_MARK = 16  # octets of a signature that tell it from others, for counting
_COUNTED = pa.schema(
    [("name", pa.string()), ("octets", pa.int64()), ("mark", pa.binary()), ("from_email", pa.string())]
)


def signatures_without_key(shard: Shard, known: Collection[Name]) -> pa.Table:
    """What ranked() counts of one unit: the signatures that no known name could have made.

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


def ranked(counted: Sequence[pa.Table]) -> list[Name]:
    """Names worth the effort: by how many senders their key would decide, then mails, then by name.

    At most LIMITS.recover_names, each with three signatures of one length or more.
    """
    if not counted:
        return []
    rows = pa.concat_tables(counted).group_by(_COUNTED.names).aggregate([])
    of_length = rows.group_by(["name", "octets"]).aggregate([("mark", "count_distinct")])
    enough = of_length.filter(pc.greater_equal(of_length["mark_count_distinct"], 3))["name"].combine_chunks()
    rows = rows.filter(pc.is_in(rows["name"], value_set=enough))
    only_valid = pc.CountOptions(mode="only_valid")
    names = rows.group_by("name").aggregate([("from_email", "count_distinct", only_valid), ("mark", "count_distinct")])
    found = zip(*(names[column].to_pylist() for column in names.column_names), strict=True)
    counts = [dict(zip(names.column_names, values, strict=True)) for values in found]
    decisive = [one for one in counts if one["from_email_count_distinct"]]
    decisive.sort(key=lambda one: (-one["from_email_count_distinct"], -one["mark_count_distinct"], one["name"]))
    return [_parted(one["name"]) for one in decisive[: LIMITS.recover_names]]


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


def _joined(name: Name) -> str:
    return " ".join(name)


def _parted(name: str) -> Name:
    domain, _, selector = name.partition(" ")
    return domain, selector


def _chunk(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
