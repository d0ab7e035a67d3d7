"""dup_of names the first item in walk order with the same octets, whatever the order of evidence."""

from __future__ import annotations

import itertools
import random

import pyarrow as pa

from transforms.joins import duplicates
from transforms.model import Kind
from transforms.path_spec import item_id


def joined(*units) -> dict[tuple[int, int], str]:
    """(sequence of the unit, row) -> item_id of the first one, the same however many units are held together"""
    parts = [duplicates.rows(unit, frozenset()) for unit in units]
    found, together = (
        {
            (int(row["unit_id"], 16), row["row"]): row["dup_of"]
            for part in duplicates.join(some)
            for row in part.to_pylist()
        }
        for some in (parts, [pa.concat_tables(parts)])
    )
    assert found == together
    return found


def test_each_item_but_the_first_names_the_first(make_proven) -> None:
    same = {"sha256": "5" * 64}
    one = make_proven(("a", Kind.TEXT, same), ("b", Kind.TEXT, {}), ("c", Kind.TEXT, same), sequence=0)
    two = make_proven(("d.zip", Kind.ARCHIVE, {}), ("d.zip!e", Kind.OTHER, same), sequence=1)
    assert joined(one, two) == {(0, 2): item_id("a"), (1, 1): item_id("a")}


def test_items_without_octets_are_no_duplicates(make_proven) -> None:
    none = {"sha256": None, "size": None}
    assert joined(make_proven(("a", Kind.LINK, none), ("b", Kind.LINK, none))) == {}


def test_distinct_octets_and_nothing_at_all(make_proven) -> None:
    assert joined(make_proven(("a", Kind.TEXT, {}), ("b", Kind.TEXT, {}))) == {}
    assert joined(make_proven()) == {}


def test_the_answer_does_not_depend_on_the_order_of_units(make_proven) -> None:
    dice = random.Random(7)
    units = [
        make_proven(
            *((f"{n}/{row}", Kind.TEXT, {"sha256": f"{dice.randrange(5)}" * 64}) for row in range(6)), sequence=n
        )
        for n in range(4)
    ]
    answers = [joined(*order) for order in itertools.permutations(units)]
    assert all(answer == answers[0] for answer in answers)
    first: dict[str, str] = {}
    for n, unit in enumerate(units):
        for row, digest in enumerate(unit.shard.column("sha256")):
            original = first.setdefault(digest, item_id(f"{n}/{row}"))
            assert answers[0].get((n, row), item_id(f"{n}/{row}")) == original
