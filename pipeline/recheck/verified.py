"""The verified items of a finished OUT, with what each rests on."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from pipeline import out_tables
from pipeline.lookup import Record
from pipeline.shown_signature import rests_on
from transforms.auth.chain import default_sealers

COLUMNS = ["item_id", "parent_id", "source_path", "path", "depth", "byte_start", "byte_len", "sha256", "kind",
           "verdict", "basis", "repairs", "inherits_from", "dkim_domain", "dkim_selector", "date_utc"]  # fmt: skip


class Verified(NamedTuple):
    own: list[tuple[Record, list[Record]]]  # messages and the signatures that they rest on
    inherited: dict[str, list[Record]]  # by the item_id of the message that carries them
    around: dict[str, Record]  # items and all that they lie in, by item_id
    keys: dict[tuple[str, str, str], Record]  # by key_id, domain and selector

    def chain(self, item: Record) -> list[Record]:
        """An item and all that it lies in, the outermost first."""
        found = [item]
        while found[0]["parent_id"] is not None:
            found.insert(0, self.around[found[0]["parent_id"]])
        return found


def of(out: Path, record: dict[str, Any]) -> Verified:
    """All that is verified there; record is run.json."""
    items = out_tables.read_table(out, "items", COLUMNS)
    found = items.filter(pc.equal(items["verdict"], "verified"))
    ids = pc.unique(found["item_id"])
    while True:  # as often as items lie in one another
        more = items.filter(pc.is_in(items["item_id"], value_set=ids))["parent_id"].drop_null()
        more = pc.unique(more.filter(pc.invert(pc.is_in(more, value_set=ids))))
        if not len(more):
            break
        ids = pa.concat_arrays([ids, more])
    around = {row["item_id"]: row for row in items.filter(pc.is_in(items["item_id"], value_set=ids)).to_pylist()}
    signatures = out_tables.read_table(out, "signatures")
    signatures = signatures.filter(pc.is_in(signatures["item_id"], value_set=found["item_id"].combine_chunks()))
    by_item: dict[str, list[Record]] = {}
    for row in signatures.to_pylist():
        by_item.setdefault(row["item_id"], []).append(row)
    sealers = default_sealers() | frozenset(record["arguments"]["trusted_sealer"])
    own: list[tuple[Record, list[Record]]] = []
    inherited: dict[str, list[Record]] = {}
    for item in found.to_pylist():
        if item["inherits_from"] is not None:
            inherited.setdefault(item["inherits_from"], []).append(item)
        else:
            own.append((item, rests_on(item, by_item.get(item["item_id"], []), sealers)))
    keys = out_tables.read_table(out, "keys")
    used = keys.filter(pc.is_in(keys["key_id"], value_set=signatures["key_id"].combine_chunks()))
    by_name = {(key["key_id"], key["domain"], key["selector"]): key for key in used.to_pylist()}
    return Verified(own, inherited, around, by_name)


def key_of(verified: Verified, signature: Record) -> Record | None:
    """The key that decided a signature."""
    return verified.keys.get((signature["key_id"], signature["domain"], signature["selector"]))
