"""Does a stranger bear the name of somebody of a protected domain? (signals: display names)

Who belongs to the domain, its own verified mail says: names and addresses that its signatures cover. A name
is the set of its words, so that `Aubry, Claire` is `Claire Aubry`; one word is no name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from transforms.arrow_bytes import to_table
from transforms.difference import word_set
from transforms.joins.bodies import Load
from transforms.joins.correspondents import teacher
from transforms.joins.sent import is_protected
from transforms.model import Direction, Kind, Rule, Strength, Told
from transforms.shard import ProvenShard

KNOWN_NAME = Rule(
    "identity.name_of_another",
    Direction.CONTRADICTS,
    Strength.WEAK,
    "identity",
    "The sender bears the name of somebody who writes from a domain that you named, and has an address elsewhere",
    "A private address of the same person, a list or service that puts his name before its own address, a namesake.",
    "not measured on honest mail of an organisation; weak whatever the count",
)

RULES = (KNOWN_NAME,)

_ROWS = pa.schema(
    [
        ("key", pa.string()),  # words of the name, in order
        ("unit_id", pa.string()),
        ("row", pa.int64()),
        ("known", pa.bool_()),  # verified mail of a protected domain; else mail from elsewhere
        ("address", pa.string()),
    ]
)


def rows(proven: ProvenShard, protected: frozenset[str]) -> pa.Table:
    """Names in verified mail of protected domains, and in all mail from elsewhere; none if no domain was named."""
    return to_table(_ROWS, list(_rows(proven, protected)) if protected else [])


def _rows(proven: ProvenShard, protected: frozenset[str]) -> Iterator[tuple[Any, ...]]:
    shard = proven.shard
    columns = (shard.column(name) for name in ("kind", "from_name", "from_email", "from_domain"))
    for row, (kind, name, address, domain) in enumerate(zip(*columns, strict=True)):
        words = word_set((name or "").casefold()) if kind == Kind.EMAIL and address else frozenset()
        if len(words) < 2:
            continue
        known = is_protected(domain, protected)
        signed = proven.signed.get(row)
        if not known or (signed is not None and teacher(signed) is not None):
            yield " ".join(sorted(words)), shard.unit.unit_id, row, known, address.lower()


def join(table: pa.Table) -> list[Told]:
    """Mail from elsewhere under a known name, with the first of the addresses that are known for it."""
    known: dict[str, str] = {}
    for one in table.filter(table["known"]).to_pylist():
        known[one["key"]] = min(one["address"], known.get(one["key"], one["address"]))
    others = table.filter(pc.and_(pc.invert(table["known"]), pc.is_in(table["key"], pa.array(known, pa.string()))))
    return [
        Told(one["unit_id"], one["row"], KNOWN_NAME.code, expected=known[one["key"]], actual=one["address"])
        for one in others.to_pylist()
    ]


def compare(told: Told, load: Load) -> Iterator[Told]:
    """Nothing more is to be compared."""
    yield told
