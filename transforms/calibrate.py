"""Calibrate: what the dump teaches, to what its signals are worth in each container (Beam)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import apache_beam as beam
import pyarrow as pa

from transforms import joins
from transforms.arrow_bytes import from_bytes, gathered, to_bytes
from transforms.calibration import Calibration, Habits, settle
from transforms.joins import correspondents, papers
from transforms.joins.correspondents import Learned
from transforms.marking import Mark, within


class Learn(beam.PTransform):  # type: ignore[misc]
    """Rows of the joins that teach -> Learned, one for the whole dump."""

    def __init__(self, protected: frozenset[str], mark: Mark) -> None:
        super().__init__()
        self.protected = protected
        self.mark = mark

    def expand(self, rows: beam.PCollection) -> beam.PCollection:
        protected, mark = self.protected, self.mark
        counts = (
            rows
            | "GatherDomains" >> beam.GroupByKey()
            | "CountDomains" >> _marked(mark, lambda group: f"count {' '.join(group[0])}", _counted)
        )
        return _one_of_all(counts, mark, "Learned", lambda found: _learned(found, protected))


class Calibrate(beam.PTransform):  # type: ignore[misc]
    """Tallies of units by bucket, and what was learned -> Calibration, one for the whole dump.

    No more than counts leaves a unit, and no more than what is unusual leaves a container.
    """

    def __init__(self, learned: beam.PCollection, mark: Mark) -> None:
        super().__init__()
        self.learned = learned
        self.mark = mark

    def expand(self, tallies: beam.PCollection) -> beam.PCollection:
        habits = (
            tallies
            | "GatherContainers" >> beam.GroupByKey()
            | "SettleContainers" >> _marked(self.mark, lambda group: f"weigh {group[0]}", _settled)
        )
        return _one_of_all(habits, self.mark, "Calibration", _calibration, beam.pvalue.AsSingleton(self.learned))


def _marked(mark: Mark, name: Callable[[Any], str], fn: Callable[[Any], Iterable[Any]]) -> Any:
    """Groups, each of them marked as long as it takes."""
    return beam.FlatMap(lambda group: within(mark, name(group), fn, group)).with_output_types(Any)


def _counted(group: tuple[tuple[str, str], Iterable[bytes]]) -> Iterator[tuple[str, bytes]]:
    """What one bucket of a join that teaches comes to."""
    (name, _), batches = group
    yield name, to_bytes(joins.by_name()[name].join(gathered(batches)))


def _settled(group: tuple[str, Iterable[bytes]]) -> Iterable[Habits]:
    """What is unusual in the containers of one bucket."""
    return settle(gathered(group[1]))


def _learned(found: Iterable[tuple[str, bytes]], protected: frozenset[str]) -> Learned:
    counts: dict[str, list[pa.Table]] = {"correspondents": [], "papers": []}
    for name, octets in found:
        counts[name].append(from_bytes(octets))
    return papers.learned(correspondents.learn(counts["correspondents"], protected), counts["papers"])


def _one_of_all(
    parts: beam.PCollection, mark: Mark, label: str, fn: Callable[..., Any], *more: Any
) -> beam.PCollection:
    """What fn makes of all parts, in any order; a combiner would add eight steps, and each costs a small dump."""
    return (
        parts.pipeline
        | f"Once{label}" >> beam.Impulse()
        | label
        >> beam.Map(
            lambda _, found, *rest: _done(mark, label, fn, found, *rest), beam.pvalue.AsIter(parts), *more
        ).with_output_types(Any)
    )


def _done(mark: Mark, label: str, fn: Callable[..., Any], *given: Any) -> Any:
    with mark(label.lower()):
        return fn(*given)


def _calibration(habits: Iterable[Habits], learned: Learned) -> Calibration:
    return Calibration(learned, {one.container: one for one in sorted(habits)})
