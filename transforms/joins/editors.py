"""Is the last editor's name in a script that nobody uses in the organisation's own documents?

In 2017 nine documents named a last editor in Cyrillic letters. It says who had the file in hands, or whose computer,
and not that it was changed: a collector who opens a file and saves it leaves his name as well.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pyarrow as pa

from transforms.arrow_bytes import to_table
from transforms.inheritance import carriers
from transforms.joins.bodies import Load
from transforms.joins.correspondents import teacher
from transforms.joins.sent import is_protected
from transforms.model import Direction, Kind, Rule, Strength, Told
from transforms.shard import ProvenShard

FOREIGN = Rule(
    "document.editor_in_another_script",
    Direction.NEUTRAL,
    Strength.WEAK,
    "document",
    "Its last editor's name is in a script that no verified document of the organisation has a name in",
    "Translators, contractors and guests; whoever collected the file and saved it once. It accuses nobody: a name is "
    "set with one click.",
    "9 documents of the 2017 dump, in files that its treasurer had made: a note whatever the count",
)

RULES = (FOREIGN,)

FEWEST = 5  # verified documents that name somebody: fewer say nothing about who is known

_ROWS = pa.schema(
    [
        ("key", pa.string()),  # one for all: who is known, the whole dump tells
        ("unit_id", pa.string()),
        ("row", pa.int64()),
        ("sha256", pa.string()),
        ("known", pa.bool_()),  # covered by a verified mail of the organisation
        ("author", pa.string()),
        ("editor", pa.string()),
        ("languages", pa.list_(pa.string())),
        ("saved", pa.timestamp("us", tz="UTC")),
        ("saved_local", pa.string()),
    ]
)


def rows(proven: ProvenShard, protected: frozenset[str]) -> pa.Table:
    """Documents that name a person or a language; the organisation is who was named, or whoever signs if nobody was."""
    shard = proven.shard
    documents = shard.documents_by_row()
    if not documents:
        return _ROWS.empty_table()
    kinds, hashes, domains = shard.column("kind"), shard.column("sha256"), shard.column("from_domain")
    carried = carriers(proven)
    found: list[tuple[Any, ...]] = []
    for row, facts in sorted(documents.items()):
        if kinds[row] != Kind.DOCUMENT or not (facts.author or facts.last_modified_by or facts.languages):
            continue
        carrier = carried[row]
        known = (
            carrier is not None
            and teacher(proven.signed[carrier]) is not None
            and (not protected or is_protected(domains[carrier], protected))
        )
        found.append(
            ("", shard.unit.unit_id, row, hashes[row], known, facts.author, facts.last_modified_by,
             facts.languages, facts.modified_utc, facts.modified_local)
        )  # fmt: skip
    return to_table(_ROWS, found)


def join(table: pa.Table) -> list[Told]:
    """A word on each document whose last editor's script is in no verified one."""
    documents = table.to_pylist()
    known = [one for one in documents if one["known"] and (one["author"] or one["editor"])]
    if len({one["sha256"] for one in known}) < FEWEST:
        return []
    usual = {script for one in known for script in scripts((one["author"] or "") + (one["editor"] or ""))}
    told = []
    for one in documents:
        foreign = () if one["known"] else sorted(scripts(one["editor"] or "") - usual)
        if foreign:
            told.append(Told(one["unit_id"], one["row"], FOREIGN.code, f"{one['editor']} ({', '.join(foreign)})"))
    return told


def compare(one: Told, load: Load) -> Iterator[Told]:
    """Nothing is left to compare: names are told by the documents alone."""
    yield one


@lru_cache(maxsize=4096)
def scripts(name: str) -> frozenset[str]:
    """Scripts of the letters of a name, as the names of the characters begin: LATIN, CYRILLIC ..."""
    return frozenset(unicodedata.name(char, "").partition(" ")[0] for char in name if char.isalpha()) - {""}
