"""Calibrate: what the dump teaches, to what its signals are worth in each container (Beam)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import apache_beam as beam
import pyarrow as pa

from transforms import joins
from transforms.arrow_bytes import from_bytes, gathered, to_bytes
from transforms.calibration import Calibration, Habits, settle
from transforms.joins import correspondents, papers
from transforms.joins.correspondents import Learned


class Learn(beam.PTransform):  # type: ignore[misc]
    """Rows of the joins that teach -> Learned, one for the whole dump."""

    def __init__(self, protected: frozenset[str]) -> None:
        super().__init__()
        self.protected = protected

    def expand(self, rows: beam.PCollection) -> beam.PCollection:
        protected = self.protected
        counts = (
            rows | "GatherDomains" >> beam.GroupByKey() | "CountDomains" >> beam.Map(_counted).with_output_types(Any)
        )
        return _one_of_all(counts, "Learned", lambda found: _learned(found, protected))


class Calibrate(beam.PTransform):  # type: ignore[misc]
    """Tallies of units by bucket, and what was learned -> Calibration, one for the whole dump.

    No more than counts leaves a unit, and no more than what is unusual leaves a container.
    """

    def __init__(self, learned: beam.PCollection) -> None:
        super().__init__()
        self.learned = learned

    def expand(self, tallies: beam.PCollection) -> beam.PCollection:
        habits = (
            tallies
            | "GatherContainers" >> beam.GroupByKey()
            | "SettleContainers" >> beam.FlatMap(lambda group: settle(gathered(group[1]))).with_output_types(Any)
        )
        return _one_of_all(habits, "Calibration", _calibration, beam.pvalue.AsSingleton(self.learned))


def _counted(group: tuple[tuple[str, str], Iterable[bytes]]) -> tuple[str, bytes]:
    """What one bucket of a join that teaches comes to."""
    (name, _), batches = group
    return name, to_bytes(joins.by_name()[name].join(gathered(batches)))


def _learned(found: Iterable[tuple[str, bytes]], protected: frozenset[str]) -> Learned:
    counts: dict[str, list[pa.Table]] = {"correspondents": [], "papers": []}
    for name, octets in found:
        counts[name].append(from_bytes(octets))
    return papers.learned(correspondents.learn(counts["correspondents"], protected), counts["papers"])


def _one_of_all(parts: beam.PCollection, label: str, fn: Callable[..., Any], *more: Any) -> beam.PCollection:
    """What fn makes of all parts, in any order; a combiner would add eight steps, and each costs a small dump."""
    return (
        parts.pipeline
        | f"Once{label}" >> beam.Impulse()
        | label
        >> beam.Map(lambda _, found, *rest: fn(found, *rest), beam.pvalue.AsIter(parts), *more).with_output_types(Any)
    )


def _calibration(habits: Iterable[Habits], learned: Learned) -> Calibration:
    return Calibration(learned, {one.container: one for one in sorted(habits)})
