"""Calibrate: what the dump teaches, to what its signals are worth in each container (Beam)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import apache_beam as beam
import pyarrow as pa

from transforms.arrow_bytes import from_bytes, gathered, to_bytes
from transforms.calibration import Calibration, Habits, settle
from transforms.joins import correspondents
from transforms.joins.correspondents import Learned
from transforms.judge import gathered_answers
from transforms.prove import buckets

TallyUnit = Callable[[str, pa.Table, dict[str, pa.Table], Learned], pa.Table]


class Learn(beam.PTransform):  # type: ignore[misc]
    """Rows of the join `correspondents` -> Learned, one for the whole dump."""

    def __init__(self, protected: frozenset[str]) -> None:
        super().__init__()
        self.protected = protected

    def expand(self, rows: beam.PCollection) -> beam.PCollection:
        protected = self.protected
        return (
            rows
            | "GatherDomains" >> beam.GroupByKey()
            | "CountDomains" >> beam.Map(lambda group: to_bytes(correspondents.join(gathered(group[1]))))
            | "AllDomains" >> beam.CombineGlobally(beam.combiners.ToListCombineFn())
            | "TakeThose" >> beam.Map(lambda counts: correspondents.learn(map(from_bytes, counts), protected))
        )


class Calibrate(beam.PTransform):  # type: ignore[misc]
    """(results by unit, answers by unit), and what was learned -> Calibration, one for the whole dump.

    No more than counts leaves a unit, and no more than what is unusual leaves a container.
    """

    def __init__(self, tally_unit: TallyUnit, learned: beam.PCollection, hashed: int) -> None:
        super().__init__()
        self.tally_unit = tally_unit
        self.learned = learned
        self.hashed = hashed

    def expand(self, by_unit: beam.PCollection) -> beam.PCollection:
        tally_unit, hashed = self.tally_unit, self.hashed
        learned = beam.pvalue.AsSingleton(self.learned)
        return (
            by_unit
            | "TallyUnits" >> beam.FlatMap(lambda group, taught: _tally(tally_unit, group, taught, hashed), learned)
            | "GatherContainers" >> beam.GroupByKey()
            | "SettleContainers" >> beam.FlatMap(lambda group: settle(gathered(group[1])))
            | "AllContainers" >> beam.CombineGlobally(beam.combiners.ToListCombineFn())
            | "Calibration" >> beam.Map(_calibration, learned)
        )


def _tally(
    tally_unit: TallyUnit, group: tuple[str, Iterable[tuple[str, bytes]]], learned: Learned, hashed: int
) -> Iterable[tuple[str, bytes]]:
    unit_id, batches = group
    results, answers = gathered_answers(batches)
    for bucket, rows in buckets(tally_unit(unit_id, results, answers, learned), hashed):
        yield bucket, to_bytes(rows)


def _calibration(habits: Iterable[Habits], learned: Learned) -> Calibration:
    return Calibration(learned, {one.container: one for one in sorted(habits)})
