"""Which item with the same octets comes first in walk order? (items.dup_of)"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.shard import ProvenShard

RULES = ()


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


def join(table: pa.Table) -> pa.Table:
    """For each item but the first of its octets: the first one's item_id."""
    table = table.sort_by([("key", "ascending"), ("sequence", "ascending"), ("row", "ascending")])
    if len(table) == 0:
        return _answer(table, pa.array([], pa.string()))
    codes = table["key"].combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
    index = np.arange(len(codes))
    starts = np.concatenate(([True], codes[1:] != codes[:-1]))
    first = np.maximum.accumulate(np.where(starts, index, 0))
    later = pa.array(first != index)
    originals = table["item_id"].take(pa.array(first))
    return _answer(table.filter(later), originals.filter(later))


def _answer(table: pa.Table, originals: pa.Array) -> pa.Table:
    return pa.table({"unit_id": table["unit_id"], "row": table["row"], "dup_of": originals})
