"""Relate: the rows of the whole dump to findings, one join after the other (Beam)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import apache_beam as beam
import pyarrow as pa

from transforms.arrow_bytes import by_unit, gathered, to_bytes
from transforms.joins import copies, duplicates, sent

Answer = tuple[str, tuple[str, bytes]]  # unit_id, (name of the join, rows as Arrow octets)


class Relate(beam.PTransform):  # type: ignore[misc]
    """Rows of each join, as Prove gives them, to answers by unit."""

    def __init__(self, load_text: Callable[[str, int], tuple[str, str]]) -> None:
        super().__init__()
        self.load_text = load_text

    def expand(self, rows: Any) -> beam.PCollection:
        load = self.load_text
        same_octets = (
            rows["duplicates"]
            | "GatherOctets" >> beam.GroupByKey()
            | "JoinOctets" >> beam.FlatMap(lambda group: _answers("duplicates", duplicates.join(gathered(group[1]))))
        )
        sent_files = (
            rows["sent"]
            | "GatherFiles" >> beam.GroupByKey()
            | "JoinFiles" >> beam.FlatMap(lambda group: _answers("sent", sent.join(gathered(group[1]))))
        )
        compared = (
            rows["copies"]
            | "GatherCopies" >> beam.GroupByKey()
            | "JoinCopies" >> beam.FlatMap(lambda group: copies.join(gathered(group[1])))
            | "CompareWords" >> beam.Map(lambda pair: _by_kind(copies.compare(pair, load)))
            | "GatherKinds" >> beam.GroupByKey()
            | "SettleHabits" >> beam.FlatMap(lambda group: _compared(copies.settle(list(group[1]))))
        )
        return (same_octets, sent_files, compared) | beam.Flatten()


def _by_kind(one: copies.Compared) -> tuple[str, copies.Compared]:
    """Changes are grouped by kind; a comparison without one stands alone."""
    return one.kind or f"{one.unit_id} {one.row}", one


def _answers(name: str, table: pa.Table) -> Iterator[Answer]:
    for unit_id, rows in by_unit(table):
        yield unit_id, (name, to_bytes(rows))


def _compared(found: Iterable[copies.Compared]) -> Iterator[Answer]:
    for one in found:
        yield one.unit_id, ("copies", to_bytes(pa.Table.from_pylist([dataclasses.asdict(one)])))
