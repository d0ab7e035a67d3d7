"""Calibrate: what the dump teaches, to what its signals are worth in each container (Beam)."""

from __future__ import annotations

from collections.abc import Iterable

import apache_beam as beam

from transforms.arrow_bytes import from_bytes, gathered, to_bytes
from transforms.calibration import Calibration, Habits, settle
from transforms.joins import correspondents
from transforms.joins.correspondents import Learned


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
    """Tallies of units by bucket, and what was learned -> Calibration, one for the whole dump.

    No more than counts leaves a unit, and no more than what is unusual leaves a container.
    """

    def __init__(self, learned: beam.PCollection) -> None:
        super().__init__()
        self.learned = learned

    def expand(self, tallies: beam.PCollection) -> beam.PCollection:
        return (
            tallies
            | "GatherContainers" >> beam.GroupByKey()
            | "SettleContainers" >> beam.FlatMap(lambda group: settle(gathered(group[1])))
            | "AllContainers" >> beam.CombineGlobally(beam.combiners.ToListCombineFn())
            | "Calibration" >> beam.Map(_calibration, beam.pvalue.AsSingleton(self.learned))
        )


def _calibration(habits: Iterable[Habits], learned: Learned) -> Calibration:
    return Calibration(learned, {one.container: one for one in sorted(habits)})
