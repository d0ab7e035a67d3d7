"""triage check: single messages, judged by themselves; nothing is written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pyarrow as pa

from pipeline import evidence, key_store, tables
from pipeline.lookup import Record
from pipeline.places import followed
from transforms.auth.repair.header import prove_all
from transforms.joined import Joined
from transforms.judgement import judge_unit
from transforms.limits import LIMITS
from transforms.model import Kind, WorkUnit
from transforms.plan import single_file
from transforms.shard import fields_of, proven, with_given_keys
from transforms.text import clean_text
from transforms.unit import examine_unit
from transforms.unpack.rows import Settings
from transforms.watch import UNWATCHED


def check(
    message: Path, ring: key_store.Keyring, protected: frozenset[str], sealers: frozenset[str] = frozenset()
) -> Iterator[Record]:
    """Each message of one file, judged by itself; the file itself where it holds none."""
    message = followed(message)
    entry = single_file(os.fsencode(message))
    unit = WorkUnit("0" * 32, 0, "files", (entry,))
    settings = Settings(LIMITS)
    found = examine_unit(unit, os.fsencode(message), settings, tempfile.TemporaryFile, UNWATCHED)
    shard = with_given_keys(evidence.to_shard(found), ring)
    dates = shard.column("date_utc")
    signed = list(evidence.prepared(shard.signatures))
    pairs, results = prove_all(signed, ring, dates, partial(fields_of, shard))
    types = {name: tables.schema(name) for name in ("items", "findings", "signatures")}
    judged = judge_unit(proven(shard, pairs, results, sealers), Joined({}, {}, {}), types, protected)
    items = pa.concat_tables(judged.items).sort_by("ordinal").to_pylist()
    by_item: dict[str, dict[str, list[Record]]] = {}
    for name, parts in (("signatures", judged.signatures), ("findings", judged.findings)):
        for row in pa.concat_tables(parts).to_pylist():
            by_item.setdefault(row["item_id"], {}).setdefault(name, []).append(row)
    messages = [item for item in items if item["kind"] == Kind.EMAIL and item["depth"] <= 1]
    for item in messages or items[:1]:
        rows = by_item.get(item["item_id"], {})
        item["signatures"], item["findings"] = rows.get("signatures", []), rows.get("findings", [])
        item["path"] = os.path.join(clean_text(os.path.dirname(message)), item["path"])
        yield item
