"""Prove: prepared signatures and keys to results, and the rows that the joins need (Beam)."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Any

import apache_beam as beam
import pyarrow as pa

from transforms import joins
from transforms.arrow_bytes import to_bytes
from transforms.marking import Mark
from transforms.shard import ProvenShard

RESULTS, TEACHING, ROWS = "results", "teaching", "rows"


class Prove(beam.PTransform):  # type: ignore[misc]
    """Units by unit_id -> results, by unit; rows of the joins, by join and bucket, those that teach apart.

    Batches of rows cross a shuffle, never single rows; answers do not depend on the number of buckets.
    """

    def __init__(
        self,
        prove_unit: Callable[[str], ProvenShard],
        results_table: Callable[[ProvenShard], pa.Table],
        protected: frozenset[str],
        buckets: int,
        marked: Mark,
    ) -> None:
        super().__init__()
        self.do = _Prove(prove_unit, results_table, protected, buckets, marked)

    def expand(self, unit_ids: beam.PCollection) -> Any:
        return unit_ids | beam.ParDo(self.do).with_output_types(Any).with_outputs(RESULTS, TEACHING, ROWS)


class _Prove(beam.DoFn):  # type: ignore[misc]
    def __init__(
        self,
        prove_unit: Callable[[str], ProvenShard],
        results_table: Callable[[ProvenShard], pa.Table],
        protected: frozenset[str],
        buckets: int,
        marked: Mark,
    ) -> None:
        self.prove_unit = prove_unit
        self.results_table = results_table
        self.protected = protected
        self.buckets = buckets
        self.marked = marked

    def process(self, unit: tuple[str, Any]) -> Iterator[beam.pvalue.TaggedOutput]:
        with self.marked(f"prove {unit[0]}"):
            yield from self._proven(unit[0])

    def _proven(self, unit_id: str) -> Iterator[beam.pvalue.TaggedOutput]:
        proven = self.prove_unit(unit_id)
        yield beam.pvalue.TaggedOutput(RESULTS, (unit_id, (RESULTS, to_bytes(self.results_table(proven)))))
        for name, join in joins.by_name().items():
            tag = TEACHING if name in joins.TEACHING else ROWS
            for bucket, rows in buckets(join.rows(proven, self.protected), self.buckets):
                yield beam.pvalue.TaggedOutput(tag, ((name, bucket), to_bytes(rows)))


def buckets(table: pa.Table, count: int) -> Iterator[tuple[str, pa.Table]]:
    """Rows by the bucket of their key, of so many; equal keys share one."""
    if len(table) == 0:
        return
    if count == 1:
        yield "00", table
        return
    bucket = [zlib.crc32(key.encode()) % count for key in table["key"].to_pylist()]
    rows: dict[int, list[int]] = {}
    for row, one in enumerate(bucket):
        rows.setdefault(one, []).append(row)
    for one in sorted(rows):
        yield f"{one:02d}", table.take(pa.array(rows[one]))
