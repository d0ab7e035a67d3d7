"""Arrow tables of the whole dump to findings; one question per file. A folder scan finds them.

A join module declares RULES, `rows(proven, protected) -> Table` with a string column `key`, and
`join(table)` over all rows whose keys share a bucket. relate.py wires them.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING

import pyarrow as pa

from transforms.model import Told
from transforms.shard import Content

if TYPE_CHECKING:
    from transforms.joins.correspondents import Learned

# Joins that do no more than tell: `compare(pair, load)` gives what is said of items.
TELLING = (
    "answers",
    "batches",
    "custody",
    "editors",
    "habits",
    "misquotes",
    "namesakes",
    "near_duplicates",
    "quotes",
    "selectors",
    "twins",
    "waiting",
)
TRUSTING = ("answers", "misquotes", "quotes")  # those of them that also ask whose mailboxes these are,
KNOWING = ("batches", "editors")  # and those that ask who its documents name
IN_PARTS = ("duplicates", "sent")  # `join(parts)`: any number of items may share a key, a part of them is held
TEACHING = ("correspondents", "papers")  # what they come to is told to the others


def names() -> tuple[str, ...]:
    """Names of the joins, in order."""
    return tuple(sorted(found.name for found in pkgutil.iter_modules(__path__)))


@cache
def by_name() -> dict[str, ModuleType]:
    """Every join, by name."""
    return {name: importlib.import_module(f"{__name__}.{name}") for name in names()}


def told(name: str, table: pa.Table, load: Callable[[str, int], Content], learned: Learned) -> Iterator[Told]:
    """What a join says, once the contents of its pairs are compared."""
    join = by_name()[name]
    asked = (learned.home,) if name in TRUSTING else (learned,) if name in KNOWING else ()
    for pair in join.join(table, *asked):
        yield from join.compare(pair, load)
