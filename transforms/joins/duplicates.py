"""Which item with the same octets comes first in walk order? (items.dup_of)"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.shard import ProvenShard

RULES = ()


_ROWS = pa.schema(
    [
        ("key", pa.string()),  # 128 bits of the SHA-256
        ("unit_id", pa.string()),
        ("sequence", pa.int64()),
        ("row", pa.int64()),
        ("item_id", pa.string()),
    ]
)


def rows(proven: ProvenShard, protected: frozenset[str]) -> pa.Table:
    """One row per item whose octets are known, by 128 bits of their digest."""
    items = proven.shard.items
    known = items.select(["sha256", "row", "item_id"]).filter(pc.is_valid(items["sha256"]))
    unit = proven.shard.unit
    return pa.table(
        {
            "key": pc.utf8_slice_codeunits(known["sha256"], 0, 32),
            "unit_id": pa.array([unit.unit_id] * len(known), pa.string()),
            "sequence": pa.array(np.full(len(known), unit.sequence), pa.int64()),
            "row": known["row"],
            "item_id": known["item_id"],
        }
    )


def join(parts: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """For each item but the first of its octets: the first one's item_id, part by part.

    What is held is the first of each octets and one part, twice over: a logo lies in every mail of a dump.
    """
    first = _ROWS.empty_table()
    for part in parts:
        first = _firsts(pa.concat_tables([first, part]))
    for part in parts:
        originals = first["item_id"].take(pc.index_in(part["key"], value_set=first["key"].combine_chunks()))
        later = pc.not_equal(part["item_id"], originals)
        found = pa.table({"unit_id": part["unit_id"], "row": part["row"], "dup_of": originals})
        yield found.filter(later)


def _firsts(table: pa.Table) -> pa.Table:
    """The first row of each key."""
    table = table.sort_by([("key", "ascending"), ("sequence", "ascending"), ("row", "ascending")])
    codes = table["key"].combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
    starts = np.ones(len(codes), bool)
    starts[1:] = codes[1:] != codes[:-1]
    return table.filter(pa.array(starts))
