"""Judge: evidence, results and answers of the joins to final rows, unit by unit (Beam)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import apache_beam as beam
import pyarrow as pa

from transforms.arrow_bytes import from_bytes
from transforms.prove import RESULTS

JudgeUnit = Callable[[str, pa.Table, dict[str, pa.Table]], dict[str, int]]


class Judge(beam.PTransform):  # type: ignore[misc]
    """(results by unit, answers by unit) -> (unit_id, number of items by verdict); rows are stored."""

    def __init__(self, judge_unit: JudgeUnit) -> None:
        super().__init__()
        self.judge_unit = judge_unit

    def expand(self, inputs: Any) -> beam.PCollection:
        judge_unit = self.judge_unit
        return (
            inputs
            | "Both" >> beam.Flatten()
            | "ByUnit" >> beam.GroupByKey()
            | "JudgeUnits" >> beam.Map(lambda group: (group[0], _judge(judge_unit, *group)))
        )


def _judge(judge_unit: JudgeUnit, unit_id: str, batches: Iterable[tuple[str, bytes]]) -> dict[str, int]:
    by_name: dict[str, list[pa.Table]] = {}
    for name, octets in sorted(batches):  # groups arrive in any order
        by_name.setdefault(name, []).append(from_bytes(octets))
    joined = {name: pa.concat_tables(parts) for name, parts in by_name.items()}
    return judge_unit(unit_id, joined.pop(RESULTS), joined)
