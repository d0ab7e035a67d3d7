"""Judge: evidence, results and answers of the joins to final rows, unit by unit (Beam).

What is usual in a container is known once all its units are judged. Then those are judged again in which
something is weighed by it; the others are final.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import apache_beam as beam
import pyarrow as pa

from transforms.arrow_bytes import from_bytes, to_bytes
from transforms.calibration import Calibration
from transforms.joins.correspondents import Learned
from transforms.prove import RESULTS, buckets

TALLIES, OPEN = "tallies", "open"

Answers = dict[str, pa.Table]
FirstUnit = Callable[[str, pa.Table, Answers, Learned], tuple[pa.Table, bool]]  # to its tally, and whether it is open
AgainUnit = Callable[[str, pa.Table, Answers, Calibration], None]


class Judge(beam.PTransform):  # type: ignore[misc]
    """(results by unit, answers by unit) -> under TALLIES rows by bucket, under OPEN the units to be judged again.

    The rows of the others are stored.
    """

    def __init__(self, judge_first: FirstUnit, learned: beam.PCollection, hashed: int) -> None:
        super().__init__()
        self.do = _JudgeFirst(judge_first, hashed)
        self.learned = learned

    def expand(self, inputs: Any) -> Any:
        return (
            inputs
            | "Both" >> beam.Flatten()
            | "ByUnit" >> beam.GroupByKey()
            | "JudgeUnits"
            >> beam.ParDo(self.do, beam.pvalue.AsSingleton(self.learned))
            .with_output_types(Any)
            .with_outputs(TALLIES, OPEN)
        )


class _JudgeFirst(beam.DoFn):  # type: ignore[misc]
    def __init__(self, judge_first: FirstUnit, hashed: int) -> None:
        self.judge_first = judge_first
        self.hashed = hashed

    def process(
        self, group: tuple[str, Iterable[tuple[str, bytes]]], learned: Learned
    ) -> Iterator[beam.pvalue.TaggedOutput]:
        unit_id, batches = group[0], sorted(group[1])  # groups arrive in any order
        tally, is_open = self.judge_first(unit_id, *_gathered(batches), learned)
        for bucket, rows in buckets(tally, self.hashed):
            yield beam.pvalue.TaggedOutput(TALLIES, (bucket, to_bytes(rows)))
        if is_open:
            yield beam.pvalue.TaggedOutput(OPEN, (unit_id, batches))


class JudgeAgain(beam.PTransform):  # type: ignore[misc]
    """Open units, as Judge gives them; now their rows are stored."""

    def __init__(self, judge_again: AgainUnit, calibration: beam.PCollection) -> None:
        super().__init__()
        self.judge_again = judge_again
        self.calibration = calibration

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        judge_again = self.judge_again
        return units | "OpenUnits" >> beam.Map(
            lambda unit, calibration: judge_again(unit[0], *_gathered(unit[1]), calibration),
            beam.pvalue.AsSingleton(self.calibration),
        ).with_output_types(Any)


def _gathered(batches: Iterable[tuple[str, bytes]]) -> tuple[pa.Table, Answers]:
    """The results of a unit, and its answers by the name of the join."""
    by_name: dict[str, list[pa.Table]] = {}
    for name, octets in batches:
        by_name.setdefault(name, []).append(from_bytes(octets))
    joined = {name: pa.concat_tables(parts) for name, parts in by_name.items()}
    return joined.pop(RESULTS), joined
