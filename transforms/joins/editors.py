"""Is the last editor's name in a script that nobody uses in the organisation's own documents?

In 2017 nine documents named a last editor in Cyrillic letters. It says who had the file in hands, or whose computer,
and not that it was changed: a collector who opens a file and saves it leaves his name as well.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from transforms.arrow_bytes import to_table
from transforms.joins.bodies import Load
from transforms.joins.correspondents import Learned
from transforms.joins.papers import papers, scripts
from transforms.model import Direction, Rule, Strength, Told
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

_ROWS = pa.schema(
    [
        ("key", pa.string()),  # its SHA-256: each document is asked about by itself
        ("unit_id", pa.string()),
        ("row", pa.int64()),
        ("editor", pa.string()),
    ]
)


def rows(proven: ProvenShard, protected: frozenset[str]) -> pa.Table:
    """Documents that name a last editor, but for the organisation's own."""
    unit_id = proven.shard.unit.unit_id
    found = [
        (one.sha256 or "", unit_id, one.row, one.facts.last_modified_by)
        for one in papers(proven, protected)
        if one.facts.last_modified_by and not one.is_known
    ]
    return to_table(_ROWS, found)


def join(table: pa.Table, learned: Learned) -> list[Told]:
    """A word on each document whose last editor's script is in no verified one."""
    if not learned.knows_names:
        return []
    told = []
    for one in table.to_pylist():
        foreign = sorted(scripts(one["editor"]).difference(learned.scripts))
        if foreign:
            told.append(Told(one["unit_id"], one["row"], FOREIGN.code, f"{one['editor']} ({', '.join(foreign)})"))
    return told


def compare(one: Told, load: Load) -> Iterator[Told]:
    """Nothing is left to compare: names are told by the documents alone."""
    yield one
