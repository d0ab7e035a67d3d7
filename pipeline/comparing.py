"""triage diff: what is different between two runs, or one run under two sets of keys: by verdict and reason."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from pipeline import out_tables
from pipeline.lookup import Record
from pipeline.options import EXIT_OK
from transforms.text import clean_text

# What an item is compared by, besides being there.
JUDGED = ("verdict", "basis", "subtype", "confidence", "reason_code", "status", "sha256", "headline")
_TELLS = ("verdict", "reason_code", "subtype", "basis", "confidence", "status", "sha256")  # the headline follows
_ARGUMENTS = ("dump", "protect", "trusted_sealer", "also_hash")
_SHOWN = 5  # paths of one kind of change
_PATH = 1_000  # letters of each


class Comparison(NamedTuple):
    before: int  # items
    after: int
    items: list[Record]  # path, before and after; one of the two is None where the item is in one run only
    keys: list[Record]  # name, key_id, and `in` before or after
    arguments: list[Record]  # name, before, after


def run(before: Path, after: Path, as_json: bool) -> int:
    """Print what changed from one OUT to the other, both finished."""
    found = compare(before, after)
    for line in _json_lines(found) if as_json else _text(found):
        print(line)
    return EXIT_OK


def compare(before: Path, after: Path) -> Comparison:
    """Items are the same where their path is; of those only the ones that differ leave Arrow."""
    old, new = _items(before, "before"), _items(after, "after")
    joined = old.join(new, "path", join_type="full outer")
    changed = pc.or_(pc.is_null(joined["verdict before"]), pc.is_null(joined["verdict after"]))
    for name in _TELLS:
        one, other = joined[f"{name} before"], joined[f"{name} after"]
        same = pc.or_(pc.fill_null(pc.equal(one, other), False), pc.and_(pc.is_null(one), pc.is_null(other)))
        changed = pc.or_(changed, pc.invert(same))
    rows = joined.filter(changed).sort_by("path").to_pylist()
    items = [{"path": row["path"], "before": _side(row, "before"), "after": _side(row, "after")} for row in rows]
    return Comparison(len(old), len(new), items, list(_keys(before, after)), list(_arguments(before, after)))


def _items(out: Path, side: str) -> pa.Table:
    table = out_tables.read_table(out, "items", ["path", *JUDGED])
    columns = [column.cast(pa.string()) for column in table.columns]  # the dictionaries of two files differ
    return pa.table(columns, names=["path", *(f"{name} {side}" for name in JUDGED)])


def _side(row: Record, side: str) -> Record | None:
    found = {name: row[f"{name} {side}"] for name in JUDGED}
    return found if found["verdict"] is not None else None


def _keys(before: Path, after: Path) -> Iterator[Record]:
    sides: dict[tuple[str, str, str], set[str]] = {}
    for side, out in (("before", before), ("after", after)):
        for key in out_tables.read_table(out, "keys", ["domain", "selector", "key_id", "source"]).to_pylist():
            name = f"{key['selector']}._domainkey.{key['domain']}"
            sides.setdefault((name, key["key_id"], key["source"]), set()).add(side)
    for (name, key_id, source), found in sorted(sides.items()):
        if len(found) == 1:
            yield {"key": name, "key_id": key_id, "source": source, "in": found.pop()}


def _arguments(before: Path, after: Path) -> Iterator[Record]:
    one, other = (out_tables.read_run(out) or {} for out in (before, after))
    for name in _ARGUMENTS:
        values = [record["arguments"].get(name) for record in (one, other)]
        if values[0] != values[1]:
            yield {"argument": name, "before": values[0], "after": values[1]}
    versions = [record.get("versions", {}) for record in (one, other)]
    for name in sorted(versions[0].keys() | versions[1].keys()):
        if versions[0].get(name) != versions[1].get(name):
            yield {"version": name, "before": versions[0].get(name), "after": versions[1].get(name)}


# ---- in words -----------------------------------------------------------------------------------


def _text(found: Comparison) -> Iterator[str]:
    for one in found.arguments:
        name = next(iter(one))
        yield clean_text(f"{name} {one[name]}: {_value(one['before'])} -> {_value(one['after'])}")
    for key in found.keys:
        sign = "+" if key["in"] == "after" else "-"
        yield clean_text(f"{sign} key {key['key']} ({key['source']}, {key['key_id'][:16] or 'revoked'})")
    kinds: dict[str, list[str]] = {}
    for item in found.items:
        kinds.setdefault(_kind(item), []).append(item["path"])
    counted = Counter({kind: len(paths) for kind, paths in kinds.items()})
    for kind, count in sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])):
        yield f"{count:>8}  {kind}"
        yield from (f"{'':10}{clean_text(path, _PATH)}" for path in kinds[kind][:_SHOWN])
        if count > _SHOWN:
            yield f"{'':10}... and {count - _SHOWN} more; --json names all"
    yield f"{len(found.items)} items differ, of {found.before} before and {found.after} after."


def _kind(item: Record) -> str:
    """What became of an item, in the words of its columns."""
    old, new = item["before"], item["after"]
    if old is None or new is None:
        only = "after" if old is None else "before"
        return f"only {only}: {_verdict(item[only])}"
    if _verdict(old) != _verdict(new):
        return f"{_verdict(old)} -> {_verdict(new)}"
    names = ", ".join(name for name in _TELLS if old[name] != new[name])
    return f"{_verdict(old)}, with another {names}"


def _verdict(side: Record) -> str:
    return f"{side['verdict']} ({side['subtype'] or side['reason_code'] or side['basis']})"


def _value(value: Any) -> str:
    return (", ".join(map(str, value)) or "none") if isinstance(value, list) else str(value)


def _json_lines(found: Comparison) -> Iterator[str]:
    """Arguments, keys, then items: one object a line, told apart by the name of the first entry."""
    for one in (*found.arguments, *found.keys, *found.items):
        yield json.dumps(one, ensure_ascii=False)
