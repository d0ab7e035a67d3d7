"""Judge: evidence, results and answers of the joins to final rows, unit by unit (Beam)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import apache_beam as beam
import pyarrow as pa

from transforms.arrow_bytes import from_bytes
from transforms.calibration import Calibration
from transforms.prove import RESULTS

JudgeUnit = Callable[[str, pa.Table, dict[str, pa.Table], Calibration], dict[str, int]]


class ByUnit(beam.PTransform):  # type: ignore[misc]
    """(results by unit, answers by unit) -> (unit_id, batches of both)."""

    def expand(self, inputs: Any) -> beam.PCollection:
        return inputs | "Both" >> beam.Flatten() | "GatherUnits" >> beam.GroupByKey()


class Judge(beam.PTransform):  # type: ignore[misc]
    """Units as ByUnit gives them -> (unit_id, number of items by verdict); rows are stored."""

    def __init__(self, judge_unit: JudgeUnit, calibration: beam.PCollection) -> None:
        super().__init__()
        self.judge_unit = judge_unit
        self.calibration = calibration

    def expand(self, by_unit: beam.PCollection) -> beam.PCollection:
        judge_unit = self.judge_unit
        return by_unit | "JudgeUnits" >> beam.Map(
            lambda group, calibration: (group[0], judge_unit(group[0], *gathered_answers(group[1]), calibration)),
            beam.pvalue.AsSingleton(self.calibration),
        )


def gathered_answers(batches: Iterable[tuple[str, bytes]]) -> tuple[pa.Table, dict[str, pa.Table]]:
    """The results of a unit, and its answers by the name of the join."""
    by_name: dict[str, list[pa.Table]] = {}
    for name, octets in sorted(batches):  # groups arrive in any order
        by_name.setdefault(name, []).append(from_bytes(octets))
    joined = {name: pa.concat_tables(parts) for name, parts in by_name.items()}
    return joined.pop(RESULTS), joined
