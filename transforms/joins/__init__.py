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

import pyarrow as pa

from transforms.model import Told
from transforms.shard import Content

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
TRUSTING = ("answers", "misquotes", "quotes")  # those of them that also ask whose mailboxes these are


def names() -> tuple[str, ...]:
    """Names of the joins, in order."""
    return tuple(sorted(found.name for found in pkgutil.iter_modules(__path__)))


@cache
def by_name() -> dict[str, ModuleType]:
    """Every join, by name."""
    return {name: importlib.import_module(f"{__name__}.{name}") for name in names()}


def told(name: str, table: pa.Table, load: Callable[[str, int], Content], home: str | None) -> Iterator[Told]:
    """What a join says, once the contents of its pairs are compared; home is the domain whose mailboxes these are."""
    join = by_name()[name]
    for pair in join.join(table, home) if name in TRUSTING else join.join(table):
        yield from join.compare(pair, load)
