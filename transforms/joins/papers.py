"""Whose names are on the organisation's own documents, and in which scripts?

Documents that a verified mail of the organisation covers say who works there. What they teach is the same for the
whole dump and fits into a few words, so that editors.py and batches.py ask about each document where it lies.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from transforms.arrow_bytes import to_table
from transforms.inheritance import carriers
from transforms.joins.correspondents import Learned, teacher
from transforms.joins.sent import is_protected
from transforms.model import DocumentFacts, Kind
from transforms.shard import ProvenShard

RULES = ()

FEWEST = 5  # verified documents that name somebody: fewer say nothing about who is known

_ROWS = pa.schema(
    [
        ("key", pa.string()),  # SHA-256
        ("named", pa.bool_()),  # an author or a last editor
        ("worded", pa.bool_()),  # an author or a language
        ("scripts", pa.list_(pa.string())),  # of these names
    ]
)
_COUNTS = pa.schema([("named", pa.int64()), ("worded", pa.int64()), ("scripts", pa.list_(pa.string()))])


class Paper(NamedTuple):
    """A document that names a person or a language."""

    row: int
    sha256: str | None
    is_known: bool  # covered by a verified mail of the organisation
    facts: DocumentFacts


def papers(proven: ProvenShard, protected: frozenset[str]) -> Iterator[Paper]:
    """Documents in their order; the organisation is who was named, or whoever signs if nobody was."""
    shard = proven.shard
    documents = shard.documents_by_row()
    if not documents:
        return
    kinds, hashes, domains = shard.column("kind"), shard.column("sha256"), shard.column("from_domain")
    carried = carriers(proven)
    for row, facts in sorted(documents.items()):
        if kinds[row] != Kind.DOCUMENT or not (facts.author or facts.last_modified_by or facts.languages):
            continue
        carrier = carried[row]
        is_known = (
            carrier is not None
            and teacher(proven.signed[carrier]) is not None
            and (not protected or is_protected(domains[carrier], protected))
        )
        yield Paper(row, hashes[row], is_known, facts)


def rows(proven: ProvenShard, protected: frozenset[str]) -> pa.Table:
    """One row per known document."""
    return to_table(_ROWS, [_row(one.sha256, one.facts) for one in papers(proven, protected) if one.is_known])


def _row(sha256: str | None, facts: DocumentFacts) -> tuple[Any, ...]:
    names = [name for name in (facts.author, facts.last_modified_by) if name]
    found = sorted(script for name in names for script in scripts(name))
    return sha256 or "", bool(names), bool(facts.author or facts.languages), found


def join(table: pa.Table) -> pa.Table:
    """How many different documents of this bucket name somebody, or a language, and all scripts of their names."""
    found = pc.unique(pc.list_flatten(table["scripts"]))
    counts = [pc.count_distinct(table.filter(table[name])["key"]).as_py() for name in ("named", "worded")]
    return to_table(_COUNTS, [(*counts, found.to_pylist())])


def learned(before: Learned, counts: Iterable[pa.Table]) -> Learned:
    """What the counts of all buckets add to what the correspondence taught."""
    table = pa.concat_tables([_COUNTS.empty_table(), *counts])
    named, worded = (sum(table[name].to_pylist()) for name in ("named", "worded"))
    found = tuple(sorted(set(pc.list_flatten(table["scripts"]).to_pylist())))
    return before._replace(scripts=found, knows_names=named >= FEWEST, knows_languages=worded >= FEWEST)


@lru_cache(maxsize=4096)
def scripts(name: str) -> frozenset[str]:
    """Scripts of the letters of a name, as the names of the characters begin: LATIN, CYRILLIC ..."""
    return frozenset(unicodedata.name(char, "").partition(" ")[0] for char in name if char.isalpha()) - {""}
