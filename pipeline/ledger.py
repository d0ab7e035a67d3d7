"""The ledger: does the output account for every entry, item and octet? (DESIGN §6)

Asserted at the end of each run; `triage verify` repeats it from the tables alone.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.out_tables import read_batches, read_table
from pipeline.places import followed
from transforms.dump import Open, opener
from transforms.path_spec import file_path
from transforms.plan import entries

_AT_ONCE = 2_000_000  # values of a column that are held together; beyond, the tables are read once for each range

Range = tuple[str | None, str | None]  # from, and below; None: no bound


def problems(out: Path, entries: int | None = None) -> list[str]:
    """What does not add up, in plain sentences; [] if all does.

    entries: how many directory entries the plan saw, where it is at hand.
    """
    found = _identities(out)
    if any(batch["verdict"].null_count for batch in read_batches(out, "items", ["verdict"])):
        found.append("items: a row has no verdict")
    rows = sum(map(len, read_batches(out, "sources", ["n_items"])))
    if entries is not None and entries != rows:
        found.append(f"sources: {entries} directory entries were walked, {rows} rows were written")
    return found + _counts(out) + _octets(out)


def _identities(out: Path) -> list[str]:
    """Each item has a name of its own, and whatever names an item names one that is there."""
    twice = orphans = 0
    strangers = {"findings": 0, "signatures": 0}
    for one in _ranges(out, "items", "item_id"):
        ids = _within(out, "items", "item_id", one).combine_chunks()
        twice += len(ids) - pc.count_distinct(ids, mode="all").as_py()
        orphans += _missing(_within(out, "items", "parent_id", one), ids)
        for name in strangers:
            strangers[name] += _missing(_within(out, name, "item_id", one), ids)
    found = ["items: two rows have the same item_id"] if twice else []
    if orphans:
        found.append(f"items: the parent of {orphans} rows is missing")
    return found + [f"{name}: {rows} rows are about no item" for name, rows in strangers.items() if rows]


def _missing(names: pa.ChunkedArray, ids: pa.Array) -> int:
    return pc.sum(pc.invert(pc.is_in(names.drop_null(), value_set=ids))).as_py() or 0


def _counts(out: Path) -> list[str]:
    twice = False
    wrong: list[str] = []
    unknown: list[str] = []
    for one in _ranges(out, "sources", "source_path"):
        counted: Counter[str] = Counter()
        for batch in read_batches(out, "items", ["source_path"]):
            for path in pc.value_counts(_of(batch["source_path"], one)).to_pylist():
                counted[path["values"]] += path["counts"]
        seen = 0
        claims: dict[str, int] = {}
        for batch in read_batches(out, "sources", ["source_path", "n_items"]):
            mine = batch.filter(_mask(batch["source_path"], one))
            seen += len(mine)
            claims.update(zip(*(column.to_pylist() for column in mine.columns), strict=True))
        twice |= len(claims) != seen
        wrong += [path for path, claimed in claims.items() if counted.pop(path, 0) != claimed]
        unknown += counted
    found = ["sources: two rows have the same source_path"] if twice else []
    if wrong:
        found.append(f"sources: {len(wrong)} rows count other items than items.parquet, first {wrong[0]}")
    if unknown:
        found.append(f"items: {len(unknown)} source files have no row in sources, first {min(unknown)}")
    return found


def _octets(out: Path) -> list[str]:
    """size = octets in items + octets outside, wherever octets are accounted at all."""
    wrong: list[str] = []
    for batch in read_batches(out, "sources", ["source_path", "size", "bytes_in_items", "bytes_outside", "status"]):
        total = pc.add(batch["bytes_in_items"], batch["bytes_outside"])
        read = pc.and_(pc.is_valid(batch["bytes_in_items"]), pc.not_equal(batch["status"], "error"))
        wrong += batch.filter(pc.and_(read, pc.not_equal(total, batch["size"])))["source_path"].to_pylist()
    if not wrong:
        return []
    return [f"sources: the octets of {len(wrong)} files are not all accounted for, first {wrong[0]}"]


def _ranges(out: Path, name: str, column: str) -> list[Range]:
    """Ranges of a column's values, none with many more than are held together: as a sample of it tells."""
    rows = sum(map(len, read_batches(out, name, [column])))
    passes = -(-rows // _AT_ONCE)
    if passes <= 1:
        return [(None, None)]
    step = 1 + rows // (1_000 * passes)
    sample: list[str] = []
    for batch in read_batches(out, name, [column]):
        sample += batch[column].take(pa.array(range(0, len(batch), step))).drop_null().to_pylist()
    sample.sort()
    bounds = sorted({sample[len(sample) * at // passes] for at in range(1, passes)})
    return list(zip([None, *bounds], [*bounds, None], strict=True))


def _within(out: Path, name: str, column: str, one: Range) -> pa.ChunkedArray:
    """The values of a column in a range."""
    return pa.chunked_array([_of(batch[column], one) for batch in read_batches(out, name, [column])], pa.string())


def _of(values: pa.Array, one: Range) -> pa.Array:
    return values if one == (None, None) else values.filter(_mask(values, one))


def _mask(values: pa.Array, one: Range) -> pa.Array:
    """Which values lie in a range; those that are null lie in the first."""
    low, high = one
    above = pc.is_valid(values) if low is None else pc.greater_equal(values, low)
    below = pc.is_valid(values) if high is None else pc.less(values, high)
    return pc.fill_null(pc.and_(above, below), low is None)


def differences(out: Path, dump: Path) -> list[str]:
    """Files of the dump whose octets are no longer those that were read."""
    sources = read_table(out, "sources", ["source_path", "sha256"])
    known = dict(zip(sources["source_path"].to_pylist(), sources["sha256"].to_pylist(), strict=True))
    found = []
    root = bytes(followed(dump))
    open_file = opener(root)
    for entry in entries(root):
        path = file_path(entry.name)
        if path not in known:
            found.append(f"{path}: was not there when the dump was read")
            continue
        digest = known.pop(path)
        if digest is not None and digest != _sha256(open_file, entry.name):
            found.append(f"{path}: its octets have changed since it was read")
    return found + [f"{path}: is no longer there" for path in known]


def _sha256(open_file: Open, name: bytes) -> str | None:
    digest = hashlib.sha256()
    try:
        with open_file(name) as file:
            for chunk in file.span.chunks():
                digest.update(chunk)
    except OSError:
        return None
    return digest.hexdigest()
