"""The ledger: does the output account for every entry, item and octet? (DESIGN §6)

Asserted at the end of each run; `triage verify` repeats it from the tables alone.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.out_tables import read_table
from pipeline.places import followed
from transforms.path_spec import file_path
from transforms.plan import folder, single_file, walk


def problems(out: Path, entries: int | None = None) -> list[str]:
    """What does not add up, in plain sentences; [] if all does.

    entries: how many directory entries the plan saw, where it is at hand.
    """
    found: list[str] = []
    items = read_table(
        out, "items", ["item_id", "parent_id", "source_path", "path", "verdict", "status", "kind", "size"]
    )
    sources = read_table(
        out, "sources", ["source_path", "size", "n_items", "n_errors", "bytes_in_items", "bytes_outside", "status"]
    )
    ids = items["item_id"].combine_chunks()
    if pc.count_distinct(ids).as_py() != len(items):
        found.append("items: two rows have the same item_id")
    parents = items["parent_id"].combine_chunks().drop_null()
    orphans = pc.sum(pc.invert(pc.is_in(parents, value_set=ids))).as_py() or 0
    if orphans:
        found.append(f"items: the parent of {orphans} rows is missing")
    if items["verdict"].null_count:
        found.append("items: a row has no verdict")
    if entries is not None and entries != len(sources):
        found.append(f"sources: {entries} directory entries were walked, {len(sources)} rows were written")
    if pc.count_distinct(sources["source_path"]).as_py() != len(sources):
        found.append("sources: two rows have the same source_path")
    found += _counts(items, sources)
    found += _octets(sources)
    for name in ("findings", "signatures"):
        rows = read_table(out, name, ["item_id"])["item_id"].combine_chunks()
        strangers = pc.sum(pc.invert(pc.is_in(rows, value_set=ids))).as_py() or 0
        if strangers:
            found.append(f"{name}: {strangers} rows are about no item")
    return found


def _counts(items: pa.Table, sources: pa.Table) -> list[str]:
    counted = Counter(items["source_path"].to_pylist())
    wrong = [
        path
        for path, claimed in zip(sources["source_path"].to_pylist(), sources["n_items"].to_pylist(), strict=True)
        if counted.pop(path, 0) != claimed
    ]
    found = [f"sources: {len(wrong)} rows count other items than items.parquet, first {wrong[0]}"] if wrong else []
    if counted:
        found.append(f"items: {len(counted)} source files have no row in sources, first {min(counted)}")
    return found


def _octets(sources: pa.Table) -> list[str]:
    """size = octets in items + octets outside, wherever octets are accounted at all."""
    read = sources.filter(pc.and_(pc.is_valid(sources["bytes_in_items"]), pc.not_equal(sources["status"], "error")))
    total = pc.add(read["bytes_in_items"], read["bytes_outside"])
    wrong = read.filter(pc.not_equal(total, read["size"]))
    if not len(wrong):
        return []
    return [f"sources: the octets of {len(wrong)} files are not all accounted for, first {wrong['source_path'][0]}"]


def differences(out: Path, dump: Path) -> list[str]:
    """Files of the dump whose octets are no longer those that were read."""
    sources = read_table(out, "sources", ["source_path", "sha256"])
    known = dict(zip(sources["source_path"].to_pylist(), sources["sha256"].to_pylist(), strict=True))
    found = []
    root = os.fsencode(followed(dump))
    base = folder(root)
    for entry in walk(root) if dump.is_dir() else (single_file(root),):
        path = file_path(entry.name)
        if path not in known:
            found.append(f"{path}: was not there when the dump was read")
            continue
        digest = known.pop(path)
        if digest is not None and digest != _sha256(os.path.join(base, entry.name)):
            found.append(f"{path}: its octets have changed since it was read")
    return found + [f"{path}: is no longer there" for path in known]


def _sha256(path: bytes) -> str | None:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
